/** What is left of a shape by a fold, as types: over all axes, over one, or over several in ascending order. */
import type { Dim, Shape } from '../../core/Shape.ts'
import type { Replaced } from './axes.ts'
import type { Keep, Over } from './reductions.ts'

type Ones<S extends Shape> = { readonly [I in keyof S]: 1 }

/** What is left of one axis. */
type Left<K extends Keep> = K extends 'kept' ? readonly [1] : readonly []

/** By axes, what is left of a shape, with `L` for each of them. The compiler writes out only what is asked for. */
// prettier-ignore
interface Several<S extends Shape, L extends Shape> {
  readonly '0,1': S extends readonly [Dim, Dim, ...infer Z extends Shape] ? readonly [...L, ...L, ...Z] : Shape
  readonly '0,2': S extends readonly [Dim, infer B extends Dim, Dim, ...infer Z extends Shape] ? readonly [...L, B, ...L, ...Z] : Shape
  readonly '1,2': S extends readonly [infer A extends Dim, Dim, Dim, ...infer Z extends Shape] ? readonly [A, ...L, ...L, ...Z] : Shape
  readonly '1,3': S extends readonly [infer A extends Dim, Dim, infer C extends Dim, Dim, ...infer Z extends Shape] ? readonly [A, ...L, C, ...L, ...Z] : Shape
  readonly '2,3': S extends readonly [infer A extends Dim, infer B extends Dim, Dim, Dim, ...infer Z extends Shape] ? readonly [A, B, ...L, ...L, ...Z] : Shape
  readonly '0,1,2': S extends readonly [Dim, Dim, Dim, ...infer Z extends Shape] ? readonly [...L, ...L, ...L, ...Z] : Shape
  readonly '0,2,3': S extends readonly [Dim, infer B extends Dim, Dim, Dim, ...infer Z extends Shape] ? readonly [...L, B, ...L, ...L, ...Z] : Shape
  readonly '1,2,3': S extends readonly [infer A extends Dim, Dim, Dim, Dim, ...infer Z extends Shape] ? readonly [A, ...L, ...L, ...L, ...Z] : Shape
  readonly '-2,-1': S extends readonly [...infer A extends Shape, Dim, Dim] ? readonly [...A, ...L, ...L] : Shape
}

type Named<O extends Over> = O extends readonly [infer A extends number, infer B extends number]
  ? `${A},${B}`
  : O extends readonly [infer A extends number, infer B extends number, infer C extends number]
    ? `${A},${B},${C}`
    : 'others'

/** The shape of `S` folded over some of its axes, which disappear or stay with size 1. */
export type Reduced<S extends Shape, O extends Over, K extends Keep> = [O] extends ['all']
  ? K extends 'kept'
    ? Ones<S>
    : readonly []
  : number extends S['length']
    ? Shape
    : O extends readonly [infer Axis extends number]
      ? Replaced<S, Axis, Left<K>>
      : Named<O> extends infer N extends keyof Several<S, Left<K>>
        ? Several<S, Left<K>>[N]
        : Shape

/**
 * What is left of a shape, as types: after a fold over all axes, or over one of the first four or the last two. Over
 * others the shape is any, and is checked when the graph is built.
 */
import type { Dim, Shape } from '../../core/Shape.ts'
import type { Keep, Over } from './reductions.ts'

/** What lies before an axis, and what behind it. Each case is one match: a recursion would cost several times as much. */
type Around<S extends Shape, Axis extends number> = Axis extends 0
  ? S extends readonly [Dim, ...infer Z extends Shape]
    ? readonly [readonly [], Z]
    : never
  : Axis extends 1
    ? S extends readonly [infer A extends Dim, Dim, ...infer Z extends Shape]
      ? readonly [readonly [A], Z]
      : never
    : Axis extends 2
      ? S extends readonly [infer A extends Dim, infer B extends Dim, Dim, ...infer Z extends Shape]
        ? readonly [readonly [A, B], Z]
        : never
      : Axis extends 3
        ? S extends readonly [
            infer A extends Dim,
            infer B extends Dim,
            infer C extends Dim,
            Dim,
            ...infer Z extends Shape
          ]
          ? readonly [readonly [A, B, C], Z]
          : never
        : Axis extends -1
          ? S extends readonly [...infer A extends Shape, Dim]
            ? readonly [A, readonly []]
            : never
          : Axis extends -2
            ? S extends readonly [...infer A extends Shape, Dim, infer Z extends Dim]
              ? readonly [A, readonly [Z]]
              : never
            : never

type Ones<S extends Shape> = { readonly [I in keyof S]: 1 }

type WithoutOne<S extends Shape, Axis extends number, K extends Keep> =
  Around<S, Axis> extends readonly [infer Before extends Shape, infer Behind extends Shape]
    ? K extends 'kept'
      ? readonly [...Before, 1, ...Behind]
      : readonly [...Before, ...Behind]
    : Shape

/** The shape of `S` folded over some of its axes, which disappear or stay with size 1. */
export type Reduced<S extends Shape, O extends Over, K extends Keep> = [O] extends ['all']
  ? K extends 'kept'
    ? Ones<S>
    : readonly []
  : number extends S['length']
    ? Shape
    : O extends readonly [infer Axis extends number]
      ? number extends Axis
        ? Shape
        : WithoutOne<S, Axis, K>
      : Shape

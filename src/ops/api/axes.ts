/**
 * Shapes around an axis, as types: one of the first four, or of the last two. Around others the shape is any, and is
 * checked when the graph is built. Each case is one match: a recursion would cost several times as much.
 */
import type { DType } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import type { Dim, Shape } from '../../core/Shape.ts'

/** What lies before an axis, and what behind it. */
// prettier-ignore
type Around<S extends Shape, Axis extends number> =
  Axis extends 0 ? S extends readonly [Dim, ...infer Z extends Shape] ? readonly [readonly [], Z] : never
  : Axis extends 1 ? S extends readonly [infer A extends Dim, Dim, ...infer Z extends Shape] ? readonly [readonly [A], Z] : never
  : Axis extends 2 ? S extends readonly [infer A extends Dim, infer B extends Dim, Dim, ...infer Z extends Shape] ? readonly [readonly [A, B], Z] : never
  : Axis extends 3 ? S extends readonly [infer A extends Dim, infer B extends Dim, infer C extends Dim, Dim, ...infer Z extends Shape] ? readonly [readonly [A, B, C], Z] : never
  : Axis extends -1 ? S extends readonly [...infer A extends Shape, Dim] ? readonly [A, readonly []] : never
  : Axis extends -2 ? S extends readonly [...infer A extends Shape, Dim, infer Z extends Dim] ? readonly [A, readonly [Z]] : never
  : never

/** The shape with others in the place of one axis. */
export type Replaced<S extends Shape, Axis extends number, By extends Shape> = number extends Axis | S['length']
  ? Shape
  : Around<S, Axis> extends readonly [infer Before extends Shape, infer Behind extends Shape]
    ? readonly [...Before, ...By, ...Behind]
    : Shape

/** The shape without an axis. */
export type Without<S extends Shape, Axis extends number> = Replaced<S, Axis, readonly []>

/** The shape whose size along an axis is known when the graph is built. */
export type Resized<S extends Shape, Axis extends number> = Replaced<S, Axis, readonly [number]>

/** The shape with an axis more, counted in the result. */
// prettier-ignore
export type Inserted<S extends Shape, Axis extends number, Size extends Dim> =
  number extends Axis | S['length'] ? Shape
  : Axis extends 0 ? readonly [Size, ...S]
  : Axis extends 1 ? S extends readonly [infer A extends Dim, ...infer Z extends Shape] ? readonly [A, Size, ...Z] : Shape
  : Axis extends 2 ? S extends readonly [infer A extends Dim, infer B extends Dim, ...infer Z extends Shape] ? readonly [A, B, Size, ...Z] : Shape
  : Axis extends 3 ? S extends readonly [infer A extends Dim, infer B extends Dim, infer C extends Dim, ...infer Z extends Shape] ? readonly [A, B, C, Size, ...Z] : Shape
  : Axis extends -1 ? readonly [...S, Size]
  : Axis extends -2 ? S extends readonly [...infer A extends Shape, infer Z extends Dim] ? readonly [...A, Size, Z] : Shape
  : Shape

/** A value whose shape the types have worked out by themselves; `test/types/places.test.ts` holds both to one. */
export const shaped = <D extends DType, S extends Shape>(x: Expr<D>): Expr<D, S> => x as Expr<D, S>

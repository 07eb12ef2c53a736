/** The same elements elsewhere: shapes, orders and parts. */
import type { DType } from '../../core/DType.ts'
import { apply, type Expr } from '../../core/Expr.ts'
import { composite, type Op } from '../../core/Op.ts'
import { axisOf, drop, equal, isAxis, range, size, type Dim, type Shape } from '../../core/Shape.ts'
import { $ } from '../registry.ts'
import { shaped, type Inserted, type Resized, type Without } from './axes.ts'
import { inNameOf, instead, outOfRange, sound, tooFewAxes } from './instead.ts'
import { stretch } from './stretch.ts'

const hole = (from: Shape, to: Shape): Shape => {
  const known = to.reduce((n, d) => (d === -1 ? n : n * d), 1)
  return to.map((d) => (d === -1 ? size(from) / known : d))
}

/** A shape with `-1` for what is known only when the graph is built. */
export type Filled<S extends Shape> = { readonly [K in keyof S]: S[K] extends -1 ? number : S[K] }

/** The same elements in another shape; one axis may be `-1`, which takes what is left. */
export const reshape =
  <const S extends Shape>(shape: S) =>
  <D extends DType>(x: Expr<D>): Expr<D, Filled<S>> =>
    shaped($.reshape(x, { shape: hole(x.shape, shape) }))

/** A size of `S`: known where the axis is counted from the first. */
type SizeOf<S extends Shape, Axis extends number> = `${Axis}` extends keyof S ? S[Axis] & Dim : Dim

/** The shape whose axis `i` is axis `Order[i]` of `S`. */
export type Permuted<S extends Shape, Order extends ReadonlyArray<number>> = number extends
  | S['length']
  | Order['length']
  ? Shape
  : { readonly [I in keyof Order]: SizeOf<S, Order[I]> }

/** Axis `i` of the result is axis `order[i]` of the operand. */
export const transpose =
  <const Order extends ReadonlyArray<number>>(order: Order) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, Permuted<S, Order>> =>
    shaped($.transpose(x, { order: order.map((axis) => axisOf(axis, x.shape.length)) }))

/** The shape with two axes exchanged, where both are counted from the first. */
export type Swapped<S extends Shape, A extends number, B extends number> = [`${A}` | `${B}`] extends [keyof S]
  ? { readonly [I in keyof S]: I extends `${A}` ? S[B] & Dim : I extends `${B}` ? S[A] & Dim : S[I] }
  : Shape

/** Two axes exchanged. */
export const swapAxes =
  <const A extends number, const B extends number>(a: A, b: B) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, Swapped<S, A, B>> => {
    const [first, second] = [axisOf(a, x.shape.length), axisOf(b, x.shape.length)]
    const wrong = [a, b].find((axis) => !isAxis(x.shape, axisOf(axis, x.shape.length)))
    const order = range(x.shape.length).map((i) => (i === first ? second : i === second ? first : i))
    const result =
      wrong === undefined ? inNameOf('swapAxes', [x], $.transpose(x, { order })) : outOfRange('swapAxes', wrong, x)
    return shaped(result)
  }

/** The operand stretched to `shape` by NumPy's rules. */
export const broadcastTo =
  <const S extends Shape>(shape: S) =>
  <D extends DType>(x: Expr<D>): Expr<D, S> =>
    inNameOf('broadcastTo', [x], stretch(x, shape))

/** A new axis of size 1 at `axis` of the result. */
export const expandDims =
  <const Axis extends number>(axis: Axis) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, Inserted<S, Axis, 1>> => {
    const at = axisOf(axis, x.shape.length + 1)
    const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]
    const result =
      at < 0 || at > x.shape.length
        ? outOfRange('expandDims', axis, x)
        : inNameOf('expandDims', [x], $.reshape(x, { shape }))
    return shaped(result)
  }

/** An axis of size 1 taken away. */
export const squeeze =
  <const Axis extends number>(axis: Axis) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, Without<S, Axis>> => {
    const at = axisOf(axis, x.shape.length)
    const length = x.shape[at]
    const why = `axis ${axis} of [${x.shape}] has ${length} elements, not 1`
    const result =
      length === undefined
        ? outOfRange('squeeze', axis, x)
        : length === 1
          ? inNameOf('squeeze', [x], $.reshape(x, { shape: drop(x.shape, [at]) }))
          : instead(x, { _tag: 'Invalid', op: 'squeeze', why })
    return shaped(result)
  }

/** The axes from `start` on as one. */
export const flatten =
  (start = 0) =>
  <D extends DType>(x: Expr<D>): Expr<D> => {
    const at = axisOf(start, x.shape.length)
    return at < 0 || at > Math.max(0, x.shape.length - 1)
      ? outOfRange('flatten', start, x)
      : inNameOf('flatten', [x], $.reshape(x, { shape: [...x.shape.slice(0, at), size(x.shape.slice(at))] }))
  }

/** Elements `start ≤ i < stop` along one axis. */
export const narrow =
  <const Axis extends number>(axis: Axis, start: number, stop: number) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, Resized<S, Axis>> => {
    const at = axisOf(axis, x.shape.length)
    const part = $.slice(x, {
      start: x.shape.map((_, i) => (i === at ? start : 0)),
      stop: x.shape.map((d, i) => (i === at ? stop : d)),
      step: x.shape.map(() => 1)
    })
    const result = isAxis(x.shape, at) ? inNameOf('narrow', [x], part) : outOfRange('narrow', axis, x)
    return shaped(result)
  }

/** `x[start : stop : step]`, one triple per axis. */
export const slice =
  (ranges: ReadonlyArray<readonly [start: number, stop: number, step: number]>) =>
  <D extends DType>(x: Expr<D>): Expr<D> =>
    $.slice(x, {
      start: ranges.map((r) => r[0]),
      stop: ranges.map((r) => r[1]),
      step: ranges.map((r) => r[2])
    })

/** `n` equal parts along an axis. */
export const split =
  <const Axis extends number>(n: number, axis: Axis) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): ReadonlyArray<Expr<D, Resized<S, Axis>>> => {
    const part = (x.shape[axisOf(axis, x.shape.length)] ?? NaN) / n
    const why = `${n} equal parts along axis ${axis} are not in [${x.shape}]`
    const none: Expr<D> = instead<D, Shape>(x, { _tag: 'Invalid', op: 'split', why })
    const at = (i: number): Expr<D> => (Number.isInteger(part) ? narrow(axis, i * part, (i + 1) * part)(x) : none)
    return range(n).map((i) => shaped(at(i)))
  }

type DTypeOf<Xs extends ReadonlyArray<Expr>> = Xs[number]['dtype']
/** The shape of the first of some operands. */
type ShapeOf<Xs extends ReadonlyArray<Expr>> = Xs extends readonly [] ? Shape : Xs[0]['shape']

/** Operands one after another along an axis; their other sizes are equal. */
export const concat =
  <const Axis extends number>(axis: Axis) =>
  <const Xs extends ReadonlyArray<Expr>>(xs: Xs): Expr<DTypeOf<Xs>, Resized<ShapeOf<Xs>, Axis>> =>
    $.concat(xs, { axis: axisOf(axis, xs[0]?.shape.length ?? 0) }) as Expr<DTypeOf<Xs>, Resized<ShapeOf<Xs>, Axis>>

/** Operands of one shape, side by side along a new axis. */
export const stack =
  <const Axis extends number>(axis: Axis) =>
  <const Xs extends ReadonlyArray<Expr>>(xs: Xs): Expr<DTypeOf<Xs>, Inserted<ShapeOf<Xs>, Axis, Xs['length']>> => {
    const [head, ...rest] = xs
    const other = head && rest.find(({ shape }) => !equal(shape, head.shape))
    const result =
      head !== undefined && other !== undefined && sound(...xs)
        ? instead(other, { _tag: 'ShapesDiffer', op: 'stack', left: head.shape, right: other.shape })
        : inNameOf('stack', xs, concat(axis)(xs.map(expandDims(axis))))
    return result as Expr<DTypeOf<Xs>, Inserted<ShapeOf<Xs>, Axis, Xs['length']>>
  }

/** The parts along an axis, which they do not have: the inverse of `stack`. */
export const unstack =
  <const Axis extends number>(axis: Axis) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): ReadonlyArray<Expr<D, Without<S, Axis>>> => {
    const at = axisOf(axis, x.shape.length)
    const length = x.shape[at]
    const part = (i: number): Expr<D> => inNameOf('unstack', [x], squeeze(at)(narrow(at, i, i + 1)(x)))
    const parts = length === undefined ? [outOfRange('unstack', axis, x)] : range(length).map(part)
    return parts.map((found) => shaped(found))
  }

/** `value` added before and after each axis; negative amounts cut. */
export const pad =
  (amounts: ReadonlyArray<readonly [before: number, after: number]>, value = 0) =>
  <D extends DType>(x: Expr<D>): Expr<D> =>
    $.pad(x, {
      low: amounts.map((a) => a[0]),
      high: amounts.map((a) => a[1]),
      interior: amounts.map(() => 0),
      value
    })

export const flip =
  (axes: ReadonlyArray<number>) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> =>
    $.flip(x, { axes: axes.map((axis) => axisOf(axis, x.shape.length)) })

// repetition -----------------------------------------------------------------------------

/** Every element `times` times along an axis, side by side: `[a, b]` becomes `[a, a, b, b]`. */
export const repeat =
  <const Axis extends number>(times: number, axis: Axis) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, Resized<S, Axis>> => {
    const at = axisOf(axis, x.shape.length)
    const result = isAxis(x.shape, at)
      ? inNameOf('repeat', [x], repeated<D>(x, at, at + 1, times))
      : outOfRange<D>('repeat', axis, x)
    return shaped(result)
  }

/** The whole `times[i]` times along each axis `i`, one after another: `[a, b]` becomes `[a, b, a, b]`. */
export const tile =
  (times: ReadonlyArray<number>) =>
  <D extends DType>(x: Expr<D>): Expr<D> =>
    times.length > x.shape.length
      ? tooFewAxes('tile', times.length, x)
      : inNameOf(
          'tile',
          [x],
          times.reduce<Expr<D>>((y, n, axis) => repeated(y, axis, axis, n), x)
        )

/** `axis` as long again `times` times, by a new axis at `place`, just before it or just after. */
const repeated = <D extends DType>(x: Expr<D>, axis: number, place: number, times: number): Expr<D> => {
  if (times === 1) return x
  const shape = [...x.shape.slice(0, place), times, ...x.shape.slice(place)]
  const wide = $.broadcast(x, { shape, axes: range(shape.length).filter((i) => i !== place) })
  return $.reshape(wide, { shape: x.shape.map((d, i) => (i === axis ? d * times : d)) })
}

// refinement -----------------------------------------------------------------------------

const expected: Op = composite<{ readonly shape: Shape }, 1>({
  name: 'expect',
  equation: 'x, whose shape is known to be the given one',
  arity: 1,
  typing: ([x], { shape }) => (equal(x.shape, shape) ? x : { _tag: 'Unexpected', expected: shape, got: x.shape }),
  examples: [],
  define:
    () =>
    ([x]) =>
      x,
  vjp: 'derived',
  jvp: 'derived',
  batch: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

/** A shape of which the types lost sight, checked when the graph is built. */
export const expect =
  <const S extends Shape>(shape: S) =>
  <D extends DType>(x: Expr<D>): Expr<D, S> =>
    (x.faults.length > 0 || equal(x.shape, shape) ? x : apply(expected, [x], { shape })) as Expr<D, S>

/** By index and by position: tables, places of extrema, order, cumulative sums, rotary positions. */
import { isFloat, type DType } from '../../core/DType.ts'
import { misfit, type Expr } from '../../core/Expr.ts'
import { axisOf, isAxis, keep, ofAxis, range, sizeAt, type Shape } from '../../core/Shape.ts'
import { spreadAgain } from '../reduce.ts'
import { floating, type Accepted } from '../kinds.ts'
import { $, type Fold } from '../registry.ts'
import { shaped, type Replaced, type Without } from './axes.ts'
import { inNameOf, outOfRange, sound } from './instead.ts'
import type { Needs } from './needs.ts'
import { modulo, takeAt } from './takeAt.ts'

// reading and writing ----------------------------------------------------------------------

/**
 * Rows of a table along an axis: `take(0)(table, ids)` embeds.
 *
 * - `indices` of any shape, out of range is clipped; their axes take the place of `axis`
 */
export const take =
  <const Axis extends number>(axis: Axis) =>
  <D extends DType, S extends Shape, I extends Shape>(
    table: Expr<D, S>,
    indices: Expr<'i32', I>
  ): Expr<D, Replaced<S, Axis, I>> =>
    shaped($.take(table, indices, { axis: axisOf(axis, table.shape.length) }))

/** The adjoint of `take`: values whose index is equal are added up, along an axis of length `size`. */
export const scatterAdd =
  (axis: number, size: number) =>
  <D extends DType>(values: Expr<D> & Needs<'scatterAdd', 'numbers', D>, indices: Expr<'i32'>): Expr<D> => {
    const rank = values.shape.length - indices.shape.length + 1
    return $.scatterAdd(values, indices, { axis: axisOf(axis, rank), size })
  }

/** `x` as long as `like` on every axis but one: what lies beyond is cut. */
const cutTo = <D extends DType>(x: Expr<D>, like: Shape, axis: number): Expr<D> =>
  x.shape.length !== like.length || x.shape.every((d, i) => i === axis || d <= ofAxis(like, i))
    ? x
    : $.slice(x, {
        start: x.shape.map(() => 0),
        stop: x.shape.map((d, i) => (i === axis ? d : Math.min(d, ofAxis(like, i)))),
        step: x.shape.map(() => 1)
      })

/** Every element by its own index: `y[…, i, …] = x[…, indices[…, i, …], …]`; other axes of `x` may be longer. */
export const takeAlong =
  (axis: number) =>
  <D extends DType>(x: Expr<D>, indices: Expr<'i32'>): Expr<D> => {
    const at = axisOf(axis, x.shape.length)
    return inNameOf('takeAlong', [x, indices], $.takeAlong(cutTo(x, indices.shape, at), indices, { axis: at }))
  }

/** The adjoint of `takeAlong`: `y[…, j, …] = Σ values[…, i, …]` over the `i` with index `j`. */
export const addAlong =
  (axis: number, size: number) =>
  <D extends DType>(values: Expr<D> & Needs<'addAlong', 'numbers', D>, indices: Expr<'i32'>): Expr<D> =>
    $.addAlong(values, indices, { axis: axisOf(axis, values.shape.length), size })

const indexing: Accepted = { what: 'i32 indices', has: (dtype) => dtype === 'i32' }

/** `1` where the index is, else `0`, along a new last axis of length `size`; out of range is all zeros. */
export const oneHot =
  (size: number) =>
  (indices: Expr<'i32'>): Expr<'f32'> => {
    const shape = [...indices.shape, size]
    const spread = $.broadcast(indices, { shape, axes: range(indices.shape.length) })
    const hit = $.equal(spread, $.iota({ shape, axis: shape.length - 1, dtype: 'i32' }))
    return inNameOf('oneHot', [indices], $.cast(hit, { to: 'f32' }), indexing)
  }

/** Each element moved `shift` places along an axis, the last ones to the front. */
export const roll =
  (shift: number, axis: number) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> => {
    const at = axisOf(axis, x.shape.length)
    const length = sizeAt(x.shape, at)
    const moved = takeAt(x, at, (i) => modulo(i - shift, length), length)
    return shaped(inNameOf('roll', [x], moved))
  }

// places of extrema ------------------------------------------------------------------------

/** The place of an element along an axis, which disappears. */
export type Placing<Op extends string> = <const Axis extends number>(
  axis: Axis
) => <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<Op, 'numbers', D>) => Expr<'i32', Without<S, Axis>>

/** Where the extremum of a line is, which is NaN where there is one. */
const attaining = (extremum: Fold, x: Expr, axis: number): Expr<'bool'> => {
  const equals = $.equal(x, spreadAgain($, extremum(x, { axes: [axis] }), x.shape, [axis]))
  return isFloat(x.dtype) ? $.or(equals, $.isNaN(x)) : equals
}

/** The first of the places that are hit. */
const firstPlace = (hit: Expr<'bool'>, shape: Shape, axis: number): Expr<'i32'> => {
  const places = $.iota({ shape, axis, dtype: 'i32' })
  return $.min($.where(hit, places, $.fill(sizeAt(shape, axis) - 1, places)), { axes: [axis] })
}

const place = <Op extends string>(op: Op, extremum: Fold): Placing<Op> => {
  const untyped =
    (axis: number) =>
    (x: Expr): Expr => {
      const at = axisOf(axis, x.shape.length)
      if (!isAxis(x.shape, at)) return outOfRange(op, axis, x)
      return inNameOf(op, [x], firstPlace(attaining(extremum, x, at), x.shape, at))
    }
  return untyped as Placing<Op>
}

/** The place of the largest element along an axis, which disappears; the first of equals, or the first NaN. */
export const argmax: Placing<'argmax'> = place('argmax', $.max)
/** The place of the smallest element along an axis, which disappears; the first of equals, or the first NaN. */
export const argmin: Placing<'argmin'> = place('argmin', $.min)

/** What is wrong with taking `k` elements of a line. */
const untakable = (k: number, axis: number, x: Expr<'f32'>): Expr | undefined => {
  const at = axisOf(axis, x.shape.length)
  const why = `${k} elements along axis ${axis} are not in [${x.shape}]`
  if (!sound(x)) return x
  if (!isAxis(x.shape, at)) return outOfRange('topK', axis, x)
  return k > sizeAt(x.shape, at) ? misfit({ _tag: 'Invalid', op: 'topK', why }) : undefined
}

/**
 * The `k` largest elements along an axis, descending, and their places; `k` is small, since each is found in turn. NaN
 * is larger than any number.
 */
export const topK =
  (k: number, axis: number) =>
  (x: Expr<'f32'>): { readonly values: Expr<'f32'>; readonly indices: Expr<'i32'> } => {
    const at = axisOf(axis, x.shape.length)
    const wrong = untakable(k, axis, x)
    if (wrong !== undefined) return { values: wrong as Expr<'f32'>, indices: wrong as Expr<'i32'> }
    const places = $.iota({ shape: x.shape, axis: at, dtype: 'i32' })
    const found = range(k).reduce<{ readonly taken: Expr<'bool'>; readonly indices: ReadonlyArray<Expr<'i32'>> }>(
      ({ taken, indices }) => {
        // What is taken is no larger than anything, and is not taken again where nothing is larger.
        const rest = $.where(taken, $.fill(-Infinity, x), x)
        const i = firstPlace($.and(attaining($.max, rest, at), $.not(taken)), x.shape, at)
        const hit = $.equal(places, spreadAgain($, i, x.shape, [at]))
        const kept = $.reshape(i, { shape: keep(x.shape, [at]) })
        return { taken: $.or(taken, hit), indices: [...indices, kept] }
      },
      { taken: $.less(places, $.fill(0, places)), indices: [] }
    )
    const indices = inNameOf('topK', [x], $.concat(found.indices, { axis: at }), floating)
    return { values: inNameOf('topK', [x, indices], takeAlong(at)(x, indices)), indices }
  }

// order ----------------------------------------------------------------------------------

export type Direction = 'ascending' | 'descending'

const sorting = (axis: number, direction: Direction, x: Expr) => ({
  axis: axisOf(axis, x.shape.length),
  descending: direction === 'descending'
})

/** How many elements of its line come before each, once sorted; equals in their order, NaN larger than any number. */
export const ranks =
  (axis: number, direction: Direction = 'ascending') =>
  <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<'ranks', 'numbers', D>): Expr<'i32', S> =>
    $.ranks(x, sorting(axis, direction, x))

/** The places of the elements along an axis, sorted; equals in their order, NaN larger than any number. */
export const argsort =
  (axis: number, direction: Direction = 'ascending') =>
  <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<'argsort', 'numbers', D>): Expr<'i32', S> =>
    $.argsort(x, sorting(axis, direction, x))

/** The elements along an axis, sorted; NaN is larger than any number. The gradient of each goes to where it was. */
export const sort =
  (axis: number, direction: Direction = 'ascending') =>
  <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<'sort', 'numbers', D>): Expr<D, S> =>
    inNameOf(
      'sort',
      [x],
      $.takeAlong(x, $.argsort(x, sorting(axis, direction, x)), { axis: axisOf(axis, x.shape.length) })
    )

// accumulation and position ------------------------------------------------------------------

/** `y[i] = x[0] + … + x[i]` along an axis. */
export const cumulativeSum =
  (axis: number) =>
  <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<'cumulativeSum', 'numbers', D>): Expr<D, S> =>
    $.cumulativeSum(x, { axis: axisOf(axis, x.shape.length), reverse: false })

/** `y[i] = x[0] · … · x[i]` along an axis; its gradient is right where factors are 0. */
export const cumulativeProduct =
  (axis: number) =>
  <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<'cumulativeProduct', 'numbers', D>): Expr<D, S> =>
    $.cumulativeProduct(x, { axis: axisOf(axis, x.shape.length), reverse: false })

/**
 * Rotary positions: consecutive pairs `(a, b)` become `(a cos − b sin, a sin + b cos)`.
 *
 * - `x` `[batch, tokens, heads, d]`, `cos`, `sin` `[tokens, d/2]`
 */
export const rope = (x: Expr<'f32'>, cos: Expr<'f32'>, sin: Expr<'f32'>): Expr<'f32'> => $.rope(x, cos, sin)

/** Over space: convolution, pooling, resampling and padding of `[batch, channels, space]`, 1 to 3 axes of space. */
import { literal, type Expr } from '../../core/Expr.ts'
import { equal, ofAxis, range, sizeAt, type Shape } from '../../core/Shape.ts'
import { generate } from '../../core/Tensor.ts'
import { padded } from '../convolution.ts'
import { noPlace, placesOf, type Windows } from '../windows.ts'
import { floating } from '../kinds.ts'
import { $, type Fold } from '../registry.ts'
import { constant } from './constants.ts'
import { add, mul } from './elementwise.ts'
import { shaped } from './axes.ts'
import { inNameOf, instead, tooFewAxes } from './instead.ts'
import { modulo, takeAt } from './takeAt.ts'
import { repeat } from './views.ts'

type F = Expr<'f32'>

/** Zeros, or other elements, before and after an axis. */
export type Amounts = readonly [before: number, after: number]

const befores = (padding: ReadonlyArray<Amounts>): ReadonlyArray<number> => padding.map(([before]) => before)
const afters = (padding: ReadonlyArray<Amounts>): ReadonlyArray<number> => padding.map(([, after]) => after)

// convolution ------------------------------------------------------------------------------

/** One entry for each axis of space. */
export interface Convolution {
  readonly stride: ReadonlyArray<number>
  readonly padding: ReadonlyArray<Amounts>
  readonly dilation: ReadonlyArray<number>
  readonly groups: number
}

/** Steps of 1, no padding, no groups: `{ ...plainly(3), padding: [[2, 0], [1, 1], [1, 1]] }`. */
export const plainly = (rank: number): Convolution => ({
  stride: range(rank).map(() => 1),
  padding: range(rank).map(() => [0, 0]),
  dilation: range(rank).map(() => 1),
  groups: 1
})

const paramsOf = ({ stride, padding, dilation, groups }: Convolution) => ({
  stride,
  low: befores(padding),
  high: afters(padding),
  dilation,
  groups
})

/** The shape of a convolution: its space is known when the graph is built. */
export type Convolved<X extends Shape, W extends Shape> = {
  readonly [I in keyof X]: I extends '0' ? X[I] : I extends '1' ? W[0] : number
}

/** Of a transposed one, whose channels are those of all groups. */
export type Deconvolved<S extends Shape> = { readonly [I in keyof S]: I extends '0' ? S[I] : number }

/** The shape with another space. */
export type Spaced<S extends Shape> = { readonly [I in keyof S]: I extends '0' | '1' ? S[I] : number }

/**
 * Convolution (no kernel is flipped): `y[n, o, p] = Σ w[o, c, k] · x[n, c, p · stride + k · dilation − before]`.
 *
 * - `x` `[batch, channels, space]`, `w` `[features, channels / groups, box]`; result `[batch, features, places]`
 */
export const convolve =
  (settings: Convolution) =>
  <X extends Shape, W extends Shape>(x: Expr<'f32', X>, w: Expr<'f32', W>): Expr<'f32', Convolved<X, W>> =>
    shaped($.convolve(x, w, paramsOf(settings)))

/**
 * Transposed convolution, the adjoint of `convolve` with these settings.
 *
 * - `y` `[batch, features, places]`, `w` `[features, channels / groups, box]`; result `[batch, channels, space]`
 * - `space` where given tells apart the spaces that have as many places; by default the smallest
 */
export const deconvolve =
  (settings: Convolution, space?: ReadonlyArray<number>) =>
  <S extends Shape>(y: Expr<'f32', S>, w: F): Expr<'f32', Deconvolved<S>> => {
    const params = paramsOf(settings)
    const { stride, low, high, dilation } = params
    const smallest = stride.map(
      (step, i) =>
        (sizeAt(y.shape, i + 2) - 1) * step +
        sizeAt(dilation, i) * (sizeAt(w.shape, i + 2) - 1) +
        1 -
        ofAxis(low, i) -
        ofAxis(high, i)
    )
    return shaped($.deconvolve(y, w, { ...params, space: space ?? smallest }))
  }

// pooling --------------------------------------------------------------------------------

/** Boxes that are pooled into one element each. */
export interface Pooling {
  readonly box: ReadonlyArray<number>
  readonly stride: ReadonlyArray<number>
  readonly padding: ReadonlyArray<Amounts>
  /** The step between elements of a box, 1 by default. */
  readonly dilation?: ReadonlyArray<number>
}

/** Boxes side by side. */
export const tiles = (box: ReadonlyArray<number>): Pooling => ({
  box,
  stride: box,
  padding: box.map(() => [0, 0])
})

const spacePad = (x: F, padding: ReadonlyArray<Amounts>, value: number): F =>
  padding.every(([before, after]) => before === 0 && after === 0)
    ? x
    : $.pad(x, {
        low: [0, 0, ...befores(padding)],
        high: [0, 0, ...afters(padding)],
        interior: x.shape.map(() => 0),
        value
      })

const boxes = ({ box, stride, dilation }: Pooling): Windows => ({
  box,
  stride,
  dilation: dilation ?? box.map(() => 1)
})

/** Boxes that do not overlap, as axes of their own: `[…, places and box in turn]`; the rest of the space is cut. */
const cutIntoTiles = (x: F, { box }: Pooling): F => {
  const places = box.map((n, i) => Math.floor(ofAxis(x.shape, i + 2) / n))
  const whole = [...x.shape.slice(0, 2), ...places.map((n, i) => n * sizeAt(box, i))]
  const cut = equal(whole, x.shape)
    ? x
    : $.slice(x, { start: whole.map(() => 0), stop: whole, step: whole.map(() => 1) })
  return $.reshape(cut, { shape: [...x.shape.slice(0, 2), ...places.flatMap((n, i) => [n, sizeAt(box, i)])] })
}

/** What is wrong with boxes that have no place, padding counted. */
const homeless = (op: string, x: F, pooling: Pooling): F | undefined => {
  const windows = boxes(pooling)
  const rank = windows.box.length
  if (x.shape.length < rank + 2) return tooFewAxes(op, rank + 2, x)
  const places = placesOf(widened(x.shape.slice(2), pooling), windows)
  const padding = pooling.padding.some(([before, after]) => before !== 0 || after !== 0) ? ' and its padding' : ''
  const fault = noPlace(op, windows, x.shape)
  return x.shape.length === rank + 2 && places.every((n) => n >= 1)
    ? undefined
    : instead(x, { ...fault, why: `${fault.why}${padding}` })
}

const pooled = (x: F, pooling: Pooling, fold: Fold, value: number): F => {
  const wide = spacePad(x, pooling.padding, value)
  const rank = pooling.box.length
  return equal(pooling.box, pooling.stride) && boxes(pooling).dilation.every((step) => step === 1)
    ? fold(cutIntoTiles(wide, pooling), { axes: range(rank).map((i) => 3 + 2 * i) })
    : fold($.windows(wide, boxes(pooling)), { axes: range(rank).map((i) => 2 + i) })
}

/** The space with what is before and after. */
const widened = (space: Shape, { padding }: Pooling): ReadonlyArray<number> =>
  padded(space, { low: befores(padding), high: afters(padding) })

/** How many elements of each box lie in the space. */
const counts = (space: Shape, pooling: Pooling): ReadonlyArray<ReadonlyArray<number>> => {
  const { box, stride, dilation } = boxes(pooling)
  const before = befores(pooling.padding)
  return placesOf(widened(space, pooling), { box, stride, dilation }).map((n, i) =>
    range(n).map((p) => {
      const start = p * sizeAt(stride, i) - ofAxis(before, i)
      const elements = range(sizeAt(box, i)).map((k) => start + k * sizeAt(dilation, i))
      return elements.filter((at) => at >= 0 && at < ofAxis(space, i)).length
    })
  )
}

/** `1 / count` of every box, over the places. */
const shares = (space: Shape, pooling: Pooling): Expr => {
  const along = counts(space, pooling)
  const shape = along.map((row) => row.length)
  const steps = shape.map((_, i) => shape.slice(i + 1).reduce((n, d) => n * d, 1))
  return literal(
    generate('f32', shape, (i) =>
      along.reduce((share, row, axis) => share / sizeAt(row, Math.floor(i / sizeAt(steps, axis)) % row.length), 1)
    )
  )
}

/** What the mean of a box that reaches into the padding divides by: the size of the box, or what lies in the space. */
export type Divisor = 'box' | 'space'

/** The mean of every box; what lies behind the last whole box is left out. */
export const averagePool =
  (pooling: Pooling, divisor: Divisor = 'box') =>
  <S extends Shape>(x: Expr<'f32', S>): Expr<'f32', Spaced<S>> => {
    const fault = homeless('averagePool', x, pooling)
    if (fault !== undefined) return shaped(fault)
    const total = pooled(x, pooling, $.sum, 0)
    const whole = pooling.box.reduce((n, d) => n * d, 1)
    const share =
      divisor === 'box'
        ? $.fill(1 / whole, total)
        : $.broadcast(shares(x.shape.slice(2), pooling), {
            shape: total.shape,
            axes: pooling.box.map((_, i) => i + 2)
          })
    return shaped(inNameOf('averagePool', [x], $.mul(total, share), floating))
  }

/** The largest element of every box; padding never is. */
export const maxPool =
  (pooling: Pooling) =>
  <S extends Shape>(x: Expr<'f32', S>): Expr<'f32', Spaced<S>> =>
    shaped(homeless('maxPool', x, pooling) ?? inNameOf('maxPool', [x], pooled(x, pooling, $.max, -Infinity), floating))

// resampling and padding -------------------------------------------------------------------

/** Each element repeated along every axis of space. */
export const upsampleNearest =
  (times: ReadonlyArray<number>) =>
  <S extends Shape>(x: Expr<'f32', S>): Expr<'f32', Spaced<S>> => {
    const repeated = (): F => times.reduce<F>((y, n, i) => repeat(n, i + 2)(y), x)
    const least = times.length + 2
    return shaped(
      x.shape.length < least ? tooFewAxes('upsampleNearest', least, x) : inNameOf('upsampleNearest', [x], repeated())
    )
  }

/** What keeps its place when a space gets another size: its end elements, or its ends, half an element beyond them. */
export type Alignment = 'corners' | 'half-pixel'

/** Where element `i` of the new axis lies in the old one, whose elements are at 0, 1, …. */
const sourceOf = (i: number, from: number, to: number, alignment: Alignment): number =>
  alignment === 'half-pixel'
    ? Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
    : to === 1
      ? 0
      : (i * (from - 1)) / (to - 1)

/** One axis: each new element is a mean of two neighbours, weighted by how near they are. */
const resampled = (x: F, axis: number, to: number, alignment: Alignment): F => {
  const from = sizeAt(x.shape, axis)
  const place = (i: number): number => sourceOf(i, from, to, alignment)
  const weights = (weight: (i: number) => number): F =>
    constant([to, ...x.shape.slice(axis + 1).map(() => 1)], range(to).map(weight))
  const below = takeAt(x, axis, (i) => Math.floor(place(i)), to)
  const above = takeAt(x, axis, (i) => Math.min(Math.floor(place(i)) + 1, from - 1), to)
  const share = (i: number): number => place(i) - Math.floor(place(i))
  return add(
    mul(
      below,
      weights((i) => 1 - share(i))
    ),
    mul(above, weights(share))
  )
}

/**
 * The space resampled to `sizes`, linearly along each axis (bilinear, trilinear).
 *
 * - `x` `[batch, channels, space]`, 1 to 3 axes of space; result `[batch, channels, sizes]`
 */
export const interpolateLinear =
  (sizes: ReadonlyArray<number>, alignment: Alignment = 'half-pixel') =>
  <S extends Shape>(x: Expr<'f32', S>): Expr<'f32', Spaced<S>> => {
    const sized = (y: F, to: number, i: number): F => (y.shape[i + 2] === to ? y : resampled(y, i + 2, to, alignment))
    const least = sizes.length + 2
    return shaped(
      x.shape.length < least
        ? tooFewAxes('interpolateLinear', least, x)
        : inNameOf('interpolateLinear', [x], sizes.reduce<F>(sized, x), floating)
    )
  }

/** How a space goes on beyond its ends: the last element, a mirror with the last element on it, or from the start. */
export type Continuation = 'replicate' | 'reflect' | 'circular'

const sources: Readonly<Record<Continuation, (i: number, length: number) => number>> = {
  replicate: (i, length) => Math.min(Math.max(i, 0), length - 1),
  reflect: (i, length) => {
    const period = Math.max(1, 2 * (length - 1))
    return Math.min(modulo(i, period), modulo(-i, period))
  },
  circular: modulo
}

/** Elements added before and after each axis, going on as told. */
export const extend =
  (continuation: Continuation, amounts: ReadonlyArray<Amounts>) =>
  (x: F): F => {
    if (amounts.length > x.shape.length) return tooFewAxes('extend', amounts.length, x)
    const source = sources[continuation]
    const wide = amounts.reduce<F>((y, [before, after], axis) => {
      const length = sizeAt(y.shape, axis)
      return before === 0 && after === 0
        ? y
        : takeAt(y, axis, (i) => source(i - before, length), before + length + after)
    }, x)
    return inNameOf('extend', [x], wide)
  }

// normalisation ----------------------------------------------------------------------------

/** Zero mean and unit variance over space and the channels of each group; `epsilon` is added to the variance. */
export const groupNorm =
  (groups: number, epsilon: number) =>
  <S extends Shape>(x: Expr<'f32', S>): Expr<'f32', S> => {
    const [batch = 0, channels = 0, ...space] = x.shape
    if (x.shape.length < 2) return shaped(tooFewAxes('groupNorm', 2, x))
    const why = `the channels of [${x.shape}] are not in ${groups} equal groups`
    if (channels % groups !== 0) return instead(x, { _tag: 'Invalid', op: 'groupNorm', why })
    const together = [batch, groups, (channels / groups) * space.reduce((n, d) => n * d, 1)]
    const rows = $.normalise($.reshape(x, { shape: together }), { epsilon })
    return inNameOf('groupNorm', [x], $.reshape(rows, { shape: x.shape }), floating)
  }

/**
 * Convolution over 1 to 3 axes of space. The one idea: `T(x, w, y) = Σ y[n, o, p] · w[o, c, k] · x[n, c, p s + k d − low]`
 * is linear in each of the three, so that it is three operations, each of which has the other two for derivatives:
 * `convolve` (what multiplies `y`), `deconvolve` (`x`; transposed convolution) and `correlate` (`w`).
 *
 * Each is a contraction with a view of windows. No kernel is flipped, as in every deep-learning library.
 */
import type { DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { ofAxis, range, type Shape } from '../core/Shape.ts'
import { moreSamples } from './batch.ts'
import {
  convolveTyping,
  correlateTyping,
  deconvolveTyping,
  margins,
  padded,
  plain,
  windowsOf,
  type Convolve,
  type Correlate,
  type Deconvolve
} from './convolution.ts'
import { convolveOnnx, correlateOnnx, deconvolveOnnx } from './convolveOnnx.ts'
import { draw } from './draw.ts'
import { floating, giving } from './kinds.ts'
import { plus } from './tangent.ts'

declare module '../core/Op.ts' {
  interface Builder {
    /** `x` `[batch, channels, space]`, `w` `[features, channels / groups, box]`: `[batch, features, places]`. */
    readonly convolve: <D extends DType>(x: Expr<D>, w: Expr, params: Convolve) => Expr<D>
    /** The adjoint of `convolve` in `x`: `[batch, features, places]`, `w` as there: `[batch, channels, space]`. */
    readonly deconvolve: <D extends DType>(y: Expr<D>, w: Expr, params: Deconvolve) => Expr<D>
    /** The adjoint of `convolve` in `w`: `x` and `y` as there, the result as `w`. */
    readonly correlate: <D extends DType>(x: Expr<D>, y: Expr, params: Correlate) => Expr<D>
  }
}

// definitions ----------------------------------------------------------------------------

const spaceOf = (x: Expr): ReadonlyArray<number> => x.shape.slice(2)

const negated = (values: ReadonlyArray<number>): ReadonlyArray<number> => values.map((n) => 0 - n)

const spacePad = ($: Builder, x: Expr, low: Shape, high: Shape): Expr =>
  [...low, ...high].every((n) => n === 0)
    ? x
    : $.pad(x, { low: [0, 0, ...low], high: [0, 0, ...high], interior: x.shape.map(() => 0), value: 0 })

/** The channels as `[groups, channels of one group]`, at the given axis. */
const grouped = ($: Builder, x: Expr, axis: number, groups: number): Expr =>
  $.reshape(x, {
    shape: [...x.shape.slice(0, axis), groups, ofAxis(x.shape, axis) / groups, ...x.shape.slice(axis + 1)]
  })

/** `[batch, groups, channels, box, places]`. */
const windowsIn = ($: Builder, x: Expr, w: Shape, params: Convolve): Expr =>
  grouped($, $.windows(spacePad($, x, params.low, params.high), windowsOf(w, params)), 1, params.groups)

const defineConvolve = ($: Builder, x: Expr, w: Expr, params: Convolve): Expr => {
  const rank = params.stride.length
  const over = range(rank + 1).map((i) => i + 2)
  // [groups, features, batch, places]
  const y = $.contract(grouped($, w, 0, params.groups), windowsIn($, x, w.shape, params), {
    left: { batch: [0], over },
    right: { batch: [1], over }
  })
  const moved = $.transpose(y, { order: [2, 0, 1, ...range(rank).map((i) => i + 3)] })
  const [batch = 0, , , ...places] = moved.shape
  return $.reshape(moved, { shape: [batch, ofAxis(w.shape, 0), ...places] })
}

/** The weights of the convolution that reads the result of one with weights `w`: channels and features change places. */
const turned = ($: Builder, w: Expr, groups: number): Expr => {
  const [features = 0, channels = 0, ...box] = w.shape
  const space = range(box.length)
  const crossed = $.transpose(grouped($, w, 0, groups), { order: [0, 2, 1, ...space.map((i) => i + 3)] })
  const joined = $.reshape(crossed, { shape: [channels * groups, features / groups, ...box] })
  return $.flip(joined, { axes: space.map((i) => i + 2) })
}

/** By steps of 1: the convolution that reads the places with the weights turned. */
const readBack = ($: Builder, y: Expr, w: Expr, params: Deconvolve): Expr => {
  const { before, after } = margins(w.shape, params, spaceOf(y))
  return $.convolve(y, turned($, w, params.groups), plain(params, before, after))
}

/** By longer steps that would read zeros mostly: the boxes that were read are written, and added up where they meet. */
const writeBoxes = ($: Builder, y: Expr, w: Expr, params: Deconvolve): Expr => {
  const rank = params.space.length
  const { groups } = params
  // [groups, channels, box, batch, places]
  const boxes = $.contract(grouped($, w, 0, groups), grouped($, y, 1, groups), {
    left: { batch: [0], over: [1] },
    right: { batch: [1], over: [2] }
  })
  const space = range(rank)
  const order = [2 + rank, 0, 1, ...space.map((i) => i + 2), ...space.map((i) => i + 3 + rank)]
  const shape = [ofAxis(y.shape, 0), ofAxis(w.shape, 1) * groups, ...spaceOf(w), ...spaceOf(y)]
  const moved = $.reshape($.transpose(boxes, { order }), { shape })
  const added = $.overlap(moved, { ...windowsOf(w.shape, params), space: padded(params.space, params) })
  return spacePad($, added, negated(params.low), negated(params.high))
}

const defineDeconvolve = ($: Builder, y: Expr, w: Expr, params: Deconvolve): Expr =>
  (params.stride.every((s) => s === 1) ? readBack : writeBoxes)($, y, w, params)

/** A product for each of the batch, then their sum: nothing large is rearranged. */
const defineCorrelate = ($: Builder, x: Expr, y: Expr, params: Correlate): Expr => {
  const places = range(params.box.length)
  const w = [ofAxis(y.shape, 1), ofAxis(x.shape, 1) / params.groups, ...params.box]
  const products = $.contract(grouped($, y, 1, params.groups), windowsIn($, x, w, params), {
    left: { batch: [0, 1], over: places.map((i) => i + 3) },
    right: { batch: [0, 1], over: places.map((i) => i + 3 + places.length) }
  })
  return $.reshape($.sum(products, { axes: [0] }), { shape: w })
}

// derivatives ----------------------------------------------------------------------------

const paramsOf = ({ stride, low, high, dilation, groups }: Convolve): Convolve => ({
  stride,
  low,
  high,
  dilation,
  groups
})

// operations -----------------------------------------------------------------------------

const settings = (
  stride: Shape,
  low: Shape,
  high: Shape,
  dilation: Shape = stride.map(() => 1),
  groups = 1
): Convolve => ({ stride, low, high, dilation, groups })

interface Sample {
  readonly x: Shape
  readonly w: Shape
  readonly y: Shape
  readonly params: Convolve
}

const samples: ReadonlyArray<Sample> = [
  { x: [2, 2, 5], w: [3, 2, 3], y: [2, 3, 5], params: settings([1], [1], [1]) },
  { x: [1, 4, 6], w: [2, 2, 2], y: [1, 2, 3], params: settings([2], [1], [0], [2], 2) },
  { x: [2, 2, 4, 5], w: [2, 2, 2, 3], y: [2, 2, 2, 2], params: settings([2, 2], [0, 1], [1, 0]) },
  { x: [1, 1, 4, 4], w: [2, 1, 2, 2], y: [1, 2, 2, 4], params: settings([1, 1], [-1, 1], [0, 0]) },
  {
    x: [1, 2, 3, 3, 2],
    w: [2, 1, 2, 3, 1],
    y: [1, 2, 3, 2, 2],
    params: settings([1, 2, 1], [1, 1, 0], [0, 1, 0], [1, 1, 1], 2)
  },
  { x: [1, 1, 19], w: [1, 1, 2], y: [1, 1, 18], params: settings([1], [0], [0]) },
  { x: [1, 2, 6], w: [2, 2, 1], y: [1, 2, 2], params: settings([3], [0], [0]) }
]

export const convolve: Op = composite<Convolve, 2>({
  name: 'convolve',
  equation: 'y[n, o, p] = Σ w[o, c, k] · x[n, c, p · stride + k · dilation − low]',
  arity: 2,
  typing: giving(floating, 'convolve', convolveTyping),
  examples: samples.map(({ x, w, params }) => ({ params, inputs: [draw(x, 1), draw(w, 1)] })),
  define:
    ($) =>
    ([x, w], params) =>
      defineConvolve($, x, w, params),
  vjp:
    ($) =>
    ({ inputs: [x, w], params, cotangent: g }) => [
      $.deconvolve(g, w, { ...params, space: spaceOf(x) }),
      $.correlate(x, g, { ...params, box: spaceOf(w) })
    ],
  jvp:
    ($) =>
    ({ inputs: [x, w], tangents: [v, u], params }) =>
      plus($, [v && $.convolve(v, w, params), u && $.convolve(x, u, params)]),
  batch: moreSamples,
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x, w], params }) =>
      convolveOnnx(g, g.full(x), g.full(w), params)
})

export const deconvolve: Op = composite<Deconvolve, 2>({
  name: 'deconvolve',
  equation: 'x[n, c, i] = Σ w[o, c, k] · y[n, o, p] over p · stride + k · dilation − low = i',
  arity: 2,
  typing: giving(floating, 'deconvolve', deconvolveTyping),
  examples: samples.map(({ x, y, w, params }) => ({
    params: { ...params, space: x.slice(2) },
    inputs: [draw(y, 1), draw(w, 1)]
  })),
  define:
    ($) =>
    ([y, w], params) =>
      defineDeconvolve($, y, w, params),
  vjp:
    ($) =>
    ({ inputs: [y, w], params, cotangent: g }) => [
      $.convolve(g, w, paramsOf(params)),
      $.correlate(g, y, { ...paramsOf(params), box: spaceOf(w) })
    ],
  jvp:
    ($) =>
    ({ inputs: [y, w], tangents: [v, u], params }) =>
      plus($, [v && $.deconvolve(v, w, params), u && $.deconvolve(y, u, params)]),
  batch: moreSamples,
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [y, w], params }) =>
      deconvolveOnnx(g, y, w, params)
})

export const correlate: Op = composite<Correlate, 2>({
  name: 'correlate',
  equation: 'w[o, c, k] = Σ y[n, o, p] · x[n, c, p · stride + k · dilation − low]',
  arity: 2,
  typing: giving(floating, 'correlate', correlateTyping),
  examples: samples.map(({ x, y, w, params }) => ({
    params: { ...params, box: w.slice(2) },
    inputs: [draw(x, 1), draw(y, 1)]
  })),
  define:
    ($) =>
    ([x, y], params) =>
      defineCorrelate($, x, y, params),
  vjp:
    ($) =>
    ({ inputs: [x, y], params, cotangent: g }) => [
      $.deconvolve(y, g, { ...paramsOf(params), space: spaceOf(x) }),
      $.convolve(x, g, paramsOf(params))
    ],
  jvp:
    ($) =>
    ({ inputs: [x, y], tangents: [v, u], params }) =>
      plus($, [v && $.correlate(v, y, params), u && $.correlate(x, u, params)]),
  batch: 'derived',
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x, y], params }) =>
      correlateOnnx(g, x, y, params)
})

/**
 * Convolution over 1 to 3 axes of space: a contraction of the weights with a view of windows. It is bilinear, and three
 * operations close under its derivatives: `convolve`, its adjoint in the operand, `deconvolve` (transposed convolution),
 * and the contraction that is its adjoint in the weights.
 *
 * No kernel is flipped, as in every deep-learning library.
 */
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph, OnnxValue } from '../core/Lowering.ts'
import { composite, type Builder, type Draw, type Op } from '../core/Op.ts'
import { range, type Shape } from '../core/Shape.ts'
import { placesOf, type Windows } from './windows.ts'

/** One entry for each axis of space; `low` and `high` are zeros added before and after, negative ones cut. */
export type Convolve = {
  readonly stride: ReadonlyArray<number>
  readonly low: ReadonlyArray<number>
  readonly high: ReadonlyArray<number>
  readonly dilation: ReadonlyArray<number>
  readonly groups: number
}
/** The convolution whose adjoint this is, and the sizes of the space that it reads. */
export type Deconvolve = Convolve & { readonly space: ReadonlyArray<number> }

declare module '../core/Op.ts' {
  interface Builder {
    /** `x` `[batch, channels, space]`, `w` `[features, channels / groups, box]`: `[batch, features, places]`. */
    readonly convolve: (x: Expr, w: Expr, params: Convolve) => Expr
    /** The adjoint of `convolve` in `x`: `[batch, features, places]`, `w` as there: `[batch, channels, space]`. */
    readonly deconvolve: (y: Expr, w: Expr, params: Deconvolve) => Expr
  }
}

// typing ---------------------------------------------------------------------------------

const windowsOf = (w: Shape, { stride, dilation }: Convolve): Windows => ({ box: w.slice(2), stride, dilation })

const padded = (space: ReadonlyArray<number>, { low, high }: Convolve): ReadonlyArray<number> =>
  space.map((d, i) => d + (low[i] ?? 0) + (high[i] ?? 0))

const sized = (params: Convolve, rank: number): boolean =>
  [params.stride, params.low, params.high, params.dilation].every((values) => values.length === rank)

const misfit = (op: string, x: Shape, w: Shape, { stride, low, high, dilation, groups }: Convolve): Fault => ({
  _tag: 'Invalid',
  op,
  why:
    `[${x}] and weights [${w}] do not fit with stride [${stride}], zeros [${low}] before and [${high}] after, ` +
    `dilation [${dilation}] and ${groups} ${groups === 1 ? 'group' : 'groups'}`
})

/** The sizes of the places, where everything but the channels fits. */
const placesFor = (space: ReadonlyArray<number>, w: Shape, params: Convolve): ReadonlyArray<number> | undefined => {
  const places = placesOf(padded(space, params), windowsOf(w, params))
  return w.length === space.length + 2 && sized(params, space.length) && places.every((n) => n >= 1)
    ? places
    : undefined
}

const pair = (op: string, [x, w]: ReadonlyArray<Type>): Fault | undefined =>
  x === undefined || w === undefined
    ? { _tag: 'WrongInputs', op, expected: 2, got: 0 }
    : x.dtype !== w.dtype
      ? { _tag: 'DTypesDiffer', op, left: x.dtype, right: w.dtype }
      : undefined

const convolveTyping = (inputs: ReadonlyArray<Type>, params: Convolve): Type | Fault => {
  const fault = pair('convolve', inputs)
  const [x, w] = inputs
  if (fault !== undefined || x === undefined || w === undefined) return fault ?? misfit('convolve', [], [], params)
  const [features = 0, perGroup] = w.shape
  const places = placesFor(x.shape.slice(2), w.shape, params)
  return places !== undefined && x.shape[1] === (perGroup ?? 0) * params.groups && features % params.groups === 0
    ? { dtype: x.dtype, shape: [x.shape[0] ?? 0, features, ...places] }
    : misfit('convolve', x.shape, w.shape, params)
}

const deconvolveTyping = (inputs: ReadonlyArray<Type>, params: Deconvolve): Type | Fault => {
  const fault = pair('deconvolve', inputs)
  const [y, w] = inputs
  if (fault !== undefined || y === undefined || w === undefined) return fault ?? misfit('deconvolve', [], [], params)
  const [features = 0, perGroup = 0] = w.shape
  const places = placesFor(params.space, w.shape, params)
  return places?.every((n, i) => n === y.shape[i + 2]) === true &&
    y.shape.length === w.shape.length &&
    y.shape[1] === features &&
    features % params.groups === 0
    ? { dtype: y.dtype, shape: [y.shape[0] ?? 0, perGroup * params.groups, ...params.space] }
    : misfit('deconvolve', y.shape, w.shape, params)
}

// definitions ----------------------------------------------------------------------------

const spacePad = ($: Builder, x: Expr, low: Shape, high: Shape, interior: Shape): Expr =>
  [...low, ...high, ...interior].every((n) => n === 0)
    ? x
    : $.pad(x, { low: [0, 0, ...low], high: [0, 0, ...high], interior: [0, 0, ...interior], value: 0 })

const none = (values: ReadonlyArray<number>): ReadonlyArray<number> => values.map(() => 0)

/** The channels as `[groups, channels of one group]`, at the given axis. */
const grouped = ($: Builder, x: Expr, axis: number, groups: number): Expr =>
  $.reshape(x, {
    shape: [...x.shape.slice(0, axis), groups, (x.shape[axis] ?? 0) / groups, ...x.shape.slice(axis + 1)]
  })

/** `[batch, groups, channels, box, places]`. */
const windowsIn = ($: Builder, x: Expr, w: Shape, params: Convolve): Expr =>
  grouped(
    $,
    $.windows(spacePad($, x, params.low, params.high, none(params.low)), windowsOf(w, params)),
    1,
    params.groups
  )

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
  return $.reshape(moved, { shape: [batch, w.shape[0] ?? 0, ...places] })
}

/** The weights of the convolution that reads the result of one with weights `w`: channels and features change places. */
const turned = ($: Builder, w: Expr, groups: number): Expr => {
  const [features = 0, channels = 0, ...box] = w.shape
  const space = range(box.length)
  const crossed = $.transpose(grouped($, w, 0, groups), { order: [0, 2, 1, ...space.map((i) => i + 3)] })
  const joined = $.reshape(crossed, { shape: [channels * groups, features / groups, ...box] })
  return $.flip(joined, { axes: space.map((i) => i + 2) })
}

/** Zeros around the places, spread by the stride, from which a convolution by steps of 1 gives the space back. */
const margins = (w: Shape, { low, stride, dilation, space }: Deconvolve, places: Shape) => {
  const before = low.map((n, i) => (dilation[i] ?? 1) * ((w[i + 2] ?? 1) - 1) - n)
  const spread = places.map((n, i) => (n - 1) * (stride[i] ?? 1) + 1)
  return { before, after: space.map((d, i) => d + (low[i] ?? 0) - (spread[i] ?? 0)) }
}

const plain = ({ dilation, groups }: Convolve, low: Shape, high: Shape): Convolve => ({
  stride: low.map(() => 1),
  low,
  high,
  dilation,
  groups
})

const defineDeconvolve = ($: Builder, y: Expr, w: Expr, params: Deconvolve): Expr => {
  const { before, after } = margins(w.shape, params, y.shape.slice(2))
  const spread = spacePad(
    $,
    y,
    none(before),
    none(before),
    params.stride.map((s) => s - 1)
  )
  return $.convolve(spread, turned($, w, params.groups), plain(params, before, after))
}

// derivatives ----------------------------------------------------------------------------

const paramsOf = ({ stride, low, high, dilation, groups }: Convolve): Convolve => ({
  stride,
  low,
  high,
  dilation,
  groups
})

/** The adjoint in the weights: `Σ y[n, o, p] · windows(x)[n, c, k, p]`, a product for each of the batch, then their sum. */
const weights = ($: Builder, x: Expr, y: Expr, w: Expr, params: Convolve): Expr => {
  const rank = params.stride.length
  const places = range(rank)
  const products = $.contract(grouped($, y, 1, params.groups), windowsIn($, x, w.shape, params), {
    left: { batch: [0, 1], over: places.map((i) => i + 3) },
    right: { batch: [0, 1], over: places.map((i) => i + 3 + rank) }
  })
  return $.reshape($.sum(products, { axes: [0] }), { shape: w.shape })
}

const plus = ($: Builder, a: Expr | undefined, b: Expr | undefined): Expr | undefined =>
  a === undefined ? b : b === undefined ? a : $.add(a, b)

// lowering to ONNX -------------------------------------------------------------------------

const zeros = (values: ReadonlyArray<number>): boolean => values.every((n) => n === 0)

/** The negative ones of `low` and `high` cut; the operator takes the others. */
const padOnnx = (g: OnnxGraph, name: string, low: Shape, high: Shape): string =>
  zeros([...low, ...high]) ? name : g.node('Pad', [name, g.ints([0, 0, ...low, 0, 0, ...high]), g.constant('f32', [0])])

const negative = (values: Shape): Shape => values.map((n) => Math.min(0, n))
const clipped = (values: Shape): Shape => values.map((n) => Math.max(0, n))

const convOnnx = (g: OnnxGraph, x: string, w: string, { stride, low, high, dilation, groups }: Convolve): string =>
  g.node('Conv', [padOnnx(g, x, negative(low), negative(high)), w], {
    strides: stride,
    pads: [...clipped(low), ...clipped(high)],
    dilations: dilation,
    group: groups
  })

const reshapeOnnx = (g: OnnxGraph, name: string, shape: Shape): string =>
  g.node('Reshape', [name, g.ints(shape)], { allowzero: 1 })

const turnedOnnx = (g: OnnxGraph, w: OnnxValue, groups: number): string => {
  const [features = 0, channels = 0, ...box] = w.type.shape
  const axes = range(box.length).map((i) => i + 2)
  const split = reshapeOnnx(g, g.full(w), [groups, features / groups, channels, ...box])
  const crossed = g.node('Transpose', [split], { perm: [0, 2, 1, ...axes.map((axis) => axis + 1)] })
  const joined = reshapeOnnx(g, crossed, [groups * channels, features / groups, ...box])
  const all = (value: number): string => g.ints(axes.map(() => value))
  return g.node('Slice', [joined, all(-1), all(-(2 ** 31)), g.ints(axes), all(-1)])
}

/** What the operator leaves out of the space, or puts beyond it, is padded or cut. */
const convTransposeOnnx = (g: OnnxGraph, y: OnnxValue, w: OnnxValue, params: Deconvolve): string => {
  const { stride, low, dilation, groups, space } = params
  const reach = space.map((_, i) => {
    const places = y.type.shape[i + 2] ?? 1
    return (places - 1) * (stride[i] ?? 1) + (dilation[i] ?? 1) * ((w.type.shape[i + 2] ?? 1) - 1) + 1
  })
  const high = space.map((d, i) => (reach[i] ?? 0) - (low[i] ?? 0) - d)
  const made = g.node('ConvTranspose', [g.full(y), g.full(w)], {
    strides: stride,
    pads: [...clipped(low), ...clipped(high)],
    dilations: dilation,
    group: groups
  })
  return padOnnx(
    g,
    made,
    negative(low).map((n) => -n),
    negative(high).map((n) => -n)
  )
}

const deconvolveOnnx = (g: OnnxGraph, y: OnnxValue, w: OnnxValue, params: Deconvolve): string => {
  if (!params.stride.every((s) => s === 1)) return convTransposeOnnx(g, y, w, params)
  const { before, after } = margins(w.type.shape, params, y.type.shape.slice(2))
  return convOnnx(g, g.full(y), turnedOnnx(g, w, params.groups), plain(params, before, after))
}

// operations -----------------------------------------------------------------------------

const draw = (shape: Shape): Draw => ({ dtype: 'f32', shape, min: -1, max: 1 })

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
  { x: [1, 2, 6], w: [2, 2, 1], y: [1, 2, 2], params: settings([3], [0], [0]) }
]

export const convolve: Op = composite<Convolve>({
  name: 'convolve',
  equation: 'y[n, o, p] = Σ w[o, c, k] · x[n, c, p · stride + k · dilation − low]',
  arity: 2,
  typing: convolveTyping,
  examples: samples.map(({ x, w, params }) => ({ params, inputs: [draw(x), draw(w)] })),
  define:
    ($) =>
    ([x, w], params) =>
      defineConvolve($, x as Expr, w as Expr, params),
  vjp:
    ($) =>
    ({ inputs: [x, w], params, cotangent: g }) =>
      x === undefined || w === undefined
        ? []
        : [$.deconvolve(g, w, { ...params, space: x.shape.slice(2) }), weights($, x, g, w, params)],
  jvp:
    ($) =>
    ({ inputs: [x, w], tangents: [v, u], params }) =>
      plus($, v && w && $.convolve(v, w, params), x && u && $.convolve(x, u, params)),
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x, w], params }) =>
      x === undefined || w === undefined ? '' : convOnnx(g, g.full(x), g.full(w), params)
})

export const deconvolve: Op = composite<Deconvolve>({
  name: 'deconvolve',
  equation: 'x[n, c, i] = Σ w[o, c, k] · y[n, o, p] over p · stride + k · dilation − low = i',
  arity: 2,
  typing: deconvolveTyping,
  examples: samples.map(({ x, y, w, params }) => ({
    params: { ...params, space: x.slice(2) },
    inputs: [draw(y), draw(w)]
  })),
  define:
    ($) =>
    ([y, w], params) =>
      defineDeconvolve($, y as Expr, w as Expr, params),
  vjp:
    ($) =>
    ({ inputs: [y, w], params, cotangent: g }) =>
      y === undefined || w === undefined ? [] : [$.convolve(g, w, paramsOf(params)), weights($, g, y, w, params)],
  jvp:
    ($) =>
    ({ inputs: [y, w], tangents: [v, u], params }) =>
      plus($, v && w && $.deconvolve(v, w, params), y && u && $.deconvolve(y, u, params)),
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [y, w], params }) =>
      y === undefined || w === undefined ? '' : deconvolveOnnx(g, y, w, params)
})

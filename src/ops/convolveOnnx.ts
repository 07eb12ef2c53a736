/** Convolution in ONNX: the operators that are made for it, where they are the fastest way. */
import type { OnnxGraph, OnnxValue } from '../core/Lowering.ts'
import { ofAxis, range, size, sizeAt, type Shape } from '../core/Shape.ts'
import { margins, plain, type Convolve, type Correlate, type Deconvolve } from './convolution.ts'
import { reshapeOnnx } from './onnx.ts'
import { padOnnx, tapsOnnx } from './windows.ts'

const negative = (values: Shape): Shape => values.map((n) => Math.min(0, n))
const positive = (values: Shape): Shape => values.map((n) => Math.max(0, n))
const negated = (values: Shape): Shape => values.map((n) => -n)

const spacePad = (g: OnnxGraph, name: string, low: Shape, high: Shape): string =>
  padOnnx(g, name, [0, 0, ...low], [0, 0, ...high])

/** `Conv` takes no negative padding: that is cut first. */
export const convolveOnnx = (g: OnnxGraph, x: string, w: string, params: Convolve): string => {
  const { stride, low, high, dilation, groups } = params
  return g.node('Conv', [spacePad(g, x, negative(low), negative(high)), w], {
    strides: stride,
    pads: [...positive(low), ...positive(high)],
    dilations: dilation,
    group: groups
  })
}

// the adjoint in the operand -----------------------------------------------------------------

/** As `turned`: channels and features change places, every box is reversed. */
const turned = (g: OnnxGraph, w: OnnxValue, groups: number): string => {
  const [features = 0, channels = 0, ...box] = w.type.shape
  const axes = range(box.length).map((i) => i + 2)
  const split = reshapeOnnx(g, g.full(w), [groups, features / groups, channels, ...box])
  const crossed = g.node('Transpose', [split], { perm: [0, 2, 1, ...axes.map((axis) => axis + 1)] })
  const joined = reshapeOnnx(g, crossed, [groups * channels, features / groups, ...box])
  const all = (value: number): string => g.ints(axes.map(() => value))
  return g.node('Slice', [joined, all(-1), all(-(2 ** 31)), g.ints(axes), all(-1)])
}

/** What the operator leaves out of the space, or puts beyond it, is padded or cut. */
const convTranspose = (g: OnnxGraph, y: OnnxValue, w: OnnxValue, params: Deconvolve): string => {
  const { stride, low, dilation, groups, space } = params
  const reach = space.map((_, i) => {
    const places = sizeAt(y.type.shape, i + 2)
    return (places - 1) * sizeAt(stride, i) + sizeAt(dilation, i) * (sizeAt(w.type.shape, i + 2) - 1) + 1
  })
  const high = space.map((d, i) => ofAxis(reach, i) - ofAxis(low, i) - d)
  const made = g.node('ConvTranspose', [g.full(y), g.full(w)], {
    strides: stride,
    pads: [...positive(low), ...positive(high)],
    dilations: dilation,
    group: groups
  })
  return spacePad(g, made, negated(negative(low)), negated(negative(high)))
}

/** By steps of 1 a convolution with the weights turned is twice as fast. */
export const deconvolveOnnx = (g: OnnxGraph, y: OnnxValue, w: OnnxValue, params: Deconvolve): string => {
  if (!params.stride.every((s) => s === 1)) return convTranspose(g, y, w, params)
  const { before, after } = margins(w.type.shape, params, y.type.shape.slice(2))
  return convolveOnnx(g, g.full(y), turned(g, w, params.groups), plain(params, before, after))
}

// the adjoint in the weights -----------------------------------------------------------------

interface Sizes {
  readonly batch: number
  readonly channels: number
  readonly features: number
  readonly places: Shape
  readonly box: Shape
}

const sizesOf = (x: OnnxValue, y: OnnxValue, { box }: Correlate): Sizes => ({
  batch: ofAxis(x.type.shape, 0),
  channels: ofAxis(x.type.shape, 1),
  features: ofAxis(y.type.shape, 1),
  places: y.type.shape.slice(2),
  box
})

/** Slices of long rows: a product for each of the batch, then their sum. */
const channelsFirst = (g: OnnxGraph, x: OnnxValue, y: OnnxValue, params: Correlate, sizes: Sizes): string => {
  const { batch, channels, features, places, box } = sizes
  const { groups } = params
  const windows = tapsOnnx(g, spacePad(g, g.full(x), params.low, params.high), 2, params, places)
  const columns = reshapeOnnx(g, g.node('Concat', windows, { axis: 2 }), [
    batch,
    groups,
    (channels / groups) * size(box),
    size(places)
  ])
  const rows = reshapeOnnx(g, g.full(y), [batch, groups, features / groups, size(places)])
  const products = g.node('FusedMatMul', [rows, columns], { transA: 0, transB: 1 }, 'com.microsoft')
  return g.node('ReduceSum', [products, g.ints([0])], { keepdims: 0 })
}

/** Where rows are short, space goes to the front, so that every slice copies all channels of the batch at once. */
const channelsLast = (g: OnnxGraph, x: OnnxValue, y: OnnxValue, params: Correlate, sizes: Sizes): string => {
  const { batch, channels, features, places, box } = sizes
  const toFront = { perm: [...range(places.length).map((i) => i + 2), 0, 1] }
  const wide = padOnnx(g, g.node('Transpose', [g.full(x)], toFront), [...params.low, 0, 0], [...params.high, 0, 0])
  const windows = tapsOnnx(g, wide, 0, params, places)
  const columns = reshapeOnnx(g, g.node('Concat', windows, { axis: places.length + 1 }), [
    size(places) * batch,
    size(box) * channels
  ])
  const rows = reshapeOnnx(g, g.node('Transpose', [g.full(y)], toFront), [size(places) * batch, features])
  const product = reshapeOnnx(g, g.node('Gemm', [rows, columns], { transA: 1 }), [features, size(box), channels])
  return g.node('Transpose', [product], { perm: [0, 2, 1] })
}

/** Rows up to here are copied faster across than along: measured, 1.5 to 40 times. */
const short = 16

export const correlateOnnx = (g: OnnxGraph, x: OnnxValue, y: OnnxValue, params: Correlate): string => {
  const sizes = sizesOf(x, y, params)
  const across = params.groups === 1 && sizeAt(sizes.places, -1) <= short
  const made = (across ? channelsLast : channelsFirst)(g, x, y, params, sizes)
  return reshapeOnnx(g, made, [sizes.features, sizes.channels / params.groups, ...sizes.box])
}

/**
 * Windows: a view of every place that a small box can take in the last axes, and its adjoint, which adds the boxes up
 * where they overlap. Convolution and pooling are a contraction and a reduction of this view.
 */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph } from '../core/Lowering.ts'
import { primitive, type Op, type Operands } from '../core/Op.ts'
import { equal, range, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { elementAt, type Tensor } from '../core/Tensor.ts'
import { unchanged } from './batch.ts'
import { draw } from './draw.ts'
import { giving, numeric } from './kinds.ts'
import { reshapeOnnx } from './onnx.ts'
import { coordinate, fromAxes } from './place.ts'
import { linear } from './tangent.ts'
import { everyIndex, weighed } from './view.ts'
import { adding, wgslNumber } from './wgsl.ts'

/** A box over the last axes, one entry for each: its size, the step between boxes, the step between its elements. */
export type Windows = {
  readonly box: ReadonlyArray<number>
  readonly stride: ReadonlyArray<number>
  readonly dilation: ReadonlyArray<number>
}
/** What `windows` was taken of: the sizes of its last axes. */
export type Overlap = Windows & { readonly space: ReadonlyArray<number> }

declare module '../core/Op.ts' {
  interface Builder {
    /** `[…, space]` as `[…, box, places]`. */
    readonly windows: <D extends DType>(x: Expr<D>, params: Windows) => Expr<D>
    /** The adjoint of `windows`: `[…, box, places]` added up as `[…, space]`. */
    readonly overlap: <D extends DType>(x: Expr<D>, params: Overlap) => Expr<D>
  }
}

// model ----------------------------------------------------------------------------------

/** How many places a box has along each axis. */
export const placesOf = (space: ReadonlyArray<number>, { box, stride, dilation }: Windows): ReadonlyArray<number> =>
  space.map((d, i) => Math.floor((d - sizeAt(dilation, i) * (sizeAt(box, i) - 1) - 1) / sizeAt(stride, i)) + 1)

const positive = (values: ReadonlyArray<number>, rank: number): boolean =>
  values.length === rank && values.every((n) => Number.isInteger(n) && n >= 1)

/** What is wrong with boxes that have no place. */
export const noPlace = (
  op: string,
  { box, stride, dilation }: Windows,
  shape: Shape
): Extract<Fault, { readonly _tag: 'Invalid' }> => ({
  _tag: 'Invalid',
  op,
  why: `a box [${box}] by steps of [${stride}], dilated by [${dilation}], has no place in [${shape}]`
})

const fits = (params: Windows, space: ReadonlyArray<number>): boolean =>
  [params.box, params.stride, params.dilation].every((values) => positive(values, space.length)) &&
  placesOf(space, params).every((n) => n >= 1)

const windowsTyping = ([x]: Operands<1, Type>, params: Windows): Type | Fault => {
  const shape = x.shape
  const lead = shape.length - params.box.length
  const space = shape.slice(Math.max(0, lead))
  return lead < 0 || !fits(params, space)
    ? noPlace('windows', params, shape)
    : { dtype: x.dtype, shape: [...shape.slice(0, lead), ...params.box, ...placesOf(space, params)] }
}

const overlapTyping = ([x]: Operands<1, Type>, params: Overlap): Type | Fault => {
  const shape = x.shape
  const lead = shape.length - 2 * params.space.length
  return lead >= 0 &&
    fits(params, params.space) &&
    equal(shape.slice(lead), [...params.box, ...placesOf(params.space, params)])
    ? { dtype: x.dtype, shape: [...shape.slice(0, lead), ...params.space] }
    : noPlace('overlap', params, params.space)
}

// meaning --------------------------------------------------------------------------------

/** Visits every element of the windows with the element of the space that it shows. */
const matched = (lead: Shape, params: Overlap, visit: (inSpace: number, inWindows: number) => void): void => {
  const { box, stride, dilation, space } = params
  const steps = strides(space)
  const inBox = steps.map((step, n) => step * sizeAt(dilation, n))
  const amongPlaces = steps.map((step, n) => step * sizeAt(stride, n))
  const times = [size(space), ...inBox, ...amongPlaces]
  everyIndex([size(lead), ...box, ...placesOf(space, params)], (index, i) => visit(weighed(index, times), i))
}

const spaceOf = (shape: Shape, { box }: Windows): ReadonlyArray<number> => shape.slice(shape.length - box.length)
const leadOf = (shape: Shape, { box }: Windows): Shape => shape.slice(0, shape.length - box.length)

const view = ([x]: Operands<1, Tensor>, params: Windows, type: Type): Tensor => {
  const data = new Float64Array(size(type.shape)) // local
  const shape = x.shape
  matched(leadOf(shape, params), { ...params, space: spaceOf(shape, params) }, (from, to) => {
    data[to] = elementAt(x.data, from)
  })
  return { ...type, data }
}

const addUp = ([x]: Operands<1, Tensor>, params: Overlap, type: Type): Tensor => {
  const data = new Float64Array(size(type.shape)) // local
  matched(leadOf(type.shape, params), params, (to, from) => {
    data[to] = elementAt(data, to) + elementAt(x.data, from)
  })
  return { ...type, data }
}

// lowering to ONNX -------------------------------------------------------------------------

/** Zeros before and after every axis; negative amounts cut. */
export const padOnnx = (g: OnnxGraph, name: string, low: Shape, high: Shape): string =>
  [...low, ...high].every((n) => n === 0)
    ? name
    : g.node('Pad', [name, g.ints([...low, ...high]), g.constant('f32', [0])])

/** The offsets in a box, last axis fastest. */
const offsets = (box: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> =>
  box.reduce<ReadonlyArray<ReadonlyArray<number>>>(
    (found, n) => found.flatMap((offset) => range(n).map((k) => [...offset, k])),
    [[]]
  )

/** For every offset in the box a strided slice: that element of all boxes. The axes of space begin at `first`. */
export const tapsOnnx = (
  g: OnnxGraph,
  name: string,
  first: number,
  { box, stride, dilation }: Windows,
  places: Shape
): ReadonlyArray<string> =>
  offsets(box).map((offset) => {
    const start = offset.map((k, i) => k * sizeAt(dilation, i))
    const stop = start.map((from, i) => from + (sizeAt(places, i) - 1) * sizeAt(stride, i) + 1)
    const axes = box.map((_, i) => first + i)
    return g.node('Slice', [name, g.ints(start), g.ints(stop), g.ints(axes), g.ints(stride)])
  })

const col2Im = (g: OnnxGraph, name: string, lead: Shape, params: Overlap): string => {
  const { box, stride, dilation, space } = params
  const flat = reshapeOnnx(g, name, [1, size(lead) * size(box), size(placesOf(space, params))])
  const settings = { strides: stride, dilations: dilation, pads: [...space, ...space].map(() => 0) }
  return reshapeOnnx(g, g.node('Col2Im', [flat, g.ints(space), g.ints(box)], settings), [...lead, ...space])
}

/** The box and the places of the first axis behind `lead`, then those of the others. */
const firstApart = (lead: number, rank: number): ReadonlyArray<number> => {
  const [, ...rest] = range(rank).map((i) => lead + i)
  return [...range(lead), lead, lead + rank, ...rest, ...rest.map((i) => i + rank)]
}

/** Boxes of the first axis added up; elements of the other axes, which are added up, lie side by side. */
const alongFirst = (g: OnnxGraph, name: string, lead: Shape, params: Overlap): string => {
  const {
    box: [k = 1],
    stride: [s = 1],
    dilation: [d = 1],
    space: [n = 1, ...rest]
  } = params
  const flat = { box: [k, 1], stride: [s, 1], dilation: [d, 1], space: [n, size(rest)] }
  return reshapeOnnx(g, col2Im(g, name, lead, flat), [...lead, ...params.space])
}

const others = ({ box, stride, dilation, space }: Overlap): Overlap => ({
  box: box.slice(1),
  stride: stride.slice(1),
  dilation: dilation.slice(1),
  space: space.slice(1)
})

/** See Note [Col2Im and dilation] */
const addUpOnnx = (g: OnnxGraph, name: string, lead: Shape, params: Overlap): string => {
  const rank = params.space.length
  if (rank === 2 || params.dilation.every((d) => d === 1)) return col2Im(g, name, lead, params)
  if (rank === 1) return alongFirst(g, name, lead, params)
  const apart = g.node('Transpose', [name], { perm: firstApart(lead.length, rank) })
  const front = [...lead, sizeAt(params.box, 0), sizeAt(placesOf(params.space, params), 0)]
  return alongFirst(g, addUpOnnx(g, apart, front, others(params)), lead, params)
}

// lowering to WGSL -------------------------------------------------------------------------

const scaled = (index: string, by: number): string => (by === 1 ? index : `${index} * ${by}u`)

// operations -----------------------------------------------------------------------------

export const windows: Op = primitive<Windows, 1>({
  name: 'windows',
  equation: 'y[…, k, p] = x[…, p · stride + k · dilation]',
  arity: 1,
  typing: windowsTyping,
  examples: [
    { params: { box: [3], stride: [2], dilation: [1] }, inputs: [draw([2, 8])] },
    { params: { box: [2, 2], stride: [1, 2], dilation: [2, 1] }, inputs: [draw([2, 2, 4, 5])] },
    { params: { box: [1, 2, 2], stride: [1, 1, 1], dilation: [1, 1, 1] }, inputs: [draw([1, 2, 2, 3, 3])] }
  ],
  meaning: view,
  vjp:
    ($) =>
    ({ inputs: [x], params, cotangent: g }) => [$.overlap(g, { ...params, space: spaceOf(x.shape, params) })],
  jvp: linear(($) => $.windows),
  batch: unchanged,
  wgsl: {
    _tag: 'Map',
    element: ({ at, params: { box, stride, dilation }, inputs, load }) => {
      const shape = inputs[0].shape
      const lead = shape.length - box.length
      const axes = at.axes()
      const place = box.map((d, i) => {
        const start = scaled(coordinate(axes, lead + box.length + i), sizeAt(stride, i))
        return d === 1 ? `(${start})` : `(${start} + ${scaled(coordinate(axes, lead + i), sizeAt(dilation, i))})`
      })
      return load(0, fromAxes(shape, [...axes.slice(0, lead), ...place]))
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params, type }) => {
      const lead = leadOf(x.type.shape, params).length
      const parts = tapsOnnx(g, g.full(x), lead, params, placesOf(spaceOf(x.type.shape, params), params))
      return reshapeOnnx(g, g.node('Concat', parts, { axis: lead }), type.shape)
    }
})

export const overlap: Op = primitive<Overlap, 1>({
  name: 'overlap',
  equation: 'y[…, i] = Σ x[…, k, p] over k, p with p · stride + k · dilation = i',
  arity: 1,
  typing: giving(numeric, 'overlap', overlapTyping),
  examples: [
    { params: { box: [3], stride: [2], dilation: [1], space: [8] }, inputs: [draw([2, 3, 3])] },
    { params: { box: [2, 2], stride: [1, 2], dilation: [2, 1], space: [4, 5] }, inputs: [draw([2, 2, 2, 2, 2])] },
    {
      params: { box: [1, 2, 2], stride: [1, 1, 1], dilation: [1, 1, 1], space: [2, 3, 3] },
      inputs: [draw([1, 2, 1, 2, 2, 2, 2, 2])]
    }
  ],
  meaning: addUp,
  vjp:
    ($) =>
    ({ params: { box, stride, dilation }, cotangent: g }) => [$.windows(g, { box, stride, dilation })],
  jvp: linear(($) => $.overlap),
  batch: unchanged,
  wgsl: {
    ...adding,
    count: (_, { box }) => size(box),
    body: ({ at, params, inputs, type, load, bind }, k) => {
      const { box, stride, dilation, space } = params
      const lead = type.shape.length - space.length
      const places = placesOf(space, params)
      const steps = strides(box)
      const axes = at.axes()
      const offset = box.map((d, i) => (d === 1 ? '0u' : bind('u32', `(${k} / ${steps[i]}u) % ${d}u`)))
      // An offset beyond the element wraps to a huge number, which is no place.
      const start = offset.map((o, i) => bind('u32', `${axes[lead + i]} - ${scaled(o, sizeAt(dilation, i))}`))
      const inside = start.map((s, i) => {
        const aligned = stride[i] === 1 ? '' : ` && ${s} % ${stride[i]}u == 0u`
        return `${s} <= ${(sizeAt(places, i) - 1) * sizeAt(stride, i)}u${aligned}`
      })
      const place = start.map((s, i) => `min(${s} / ${stride[i]}u, ${sizeAt(places, i) - 1}u)`)
      const value = load(0, fromAxes(inputs[0].shape, [...axes.slice(0, lead), ...offset, ...place]))
      return `select(${wgslNumber(0, type)}, ${value}, ${inside.join(' && ')})`
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params, type }) =>
      addUpOnnx(g, g.full(x), leadOf(type.shape, params), params)
})

// Note [Col2Im and dilation]
// onnxruntime's `Col2Im` adds up dilated boxes rightly over two axes alone; over one or three, some elements come to lie
// elsewhere. Axes are independent: the first is added up by itself, as one of two, once the others have been.

/**
 * Order of elements along an axis. The one idea: the rank of an element, which is how many stand before it, needs no
 * loop that depends on data; what sorts is read or written by rank.
 */
import { isFloat } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph, OnnxValue } from '../core/Lowering.ts'
import { composite, primitive, type Example, type Op, type Operands } from '../core/Op.ts'
import { isAxis, ofAxis, range, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { elementAt, type Tensor } from '../core/Tensor.ts'
import { axisUp } from './batch.ts'
import { numeric, unaccepted } from './kinds.ts'
import { fromAxes } from './place.ts'
import { adding, wgslType } from './wgsl.ts'

/** Equal elements keep their order, in both directions. NaN is larger than any number. */
export type Sorting = { readonly axis: number; readonly descending: boolean }

declare module '../core/Op.ts' {
  interface Builder {
    /** How many elements of its line come before each, once sorted. */
    readonly ranks: <S extends Shape>(x: Expr, params: Sorting) => Expr<'i32', S>
    /** The places that the elements have, sorted: the inverse of `ranks`. */
    readonly argsort: <S extends Shape>(x: Expr, params: Sorting) => Expr<'i32', S>
  }
}

const typing =
  (op: string) =>
  ([x]: Operands<1, Type>, { axis }: Sorting): Type | Fault =>
    isAxis(x.shape, axis)
      ? (unaccepted(op, numeric, x.dtype) ?? { dtype: 'i32', shape: x.shape })
      : { _tag: 'AxisOutOfRange', op, axis, shape: x.shape }

const examples: ReadonlyArray<Example<Sorting, 1>> = [
  { params: { axis: 1, descending: false }, inputs: [{ dtype: 'f32', shape: [2, 5], min: -2, max: 2, apart: 0.01 }] },
  { params: { axis: 0, descending: true }, inputs: [{ dtype: 'f32', shape: [4, 2], min: -2, max: 2, apart: 0.01 }] },
  { params: { axis: 0, descending: true }, inputs: [{ dtype: 'i32', shape: [6], min: 0, max: 2 }] },
  { params: { axis: 1, descending: false }, inputs: [{ dtype: 'i32', shape: [2, 6], min: 0, max: 2 }] }
]

// meaning --------------------------------------------------------------------------------

const compared = (a: number, b: number): number =>
  a < b ? -1 : a > b ? 1 : Number(Number.isNaN(a)) - Number(Number.isNaN(b))

/** The linear indices of the line, in the order of their elements. */
const sorted = (x: Tensor, line: ReadonlyArray<number>, descending: boolean): ReadonlyArray<number> => {
  const sign = descending ? -1 : 1
  return [...line].sort((i, j) => sign * compared(elementAt(x.data, i), elementAt(x.data, j)) || i - j)
}

const ranked = ([x]: Operands<1, Tensor>, { axis, descending }: Sorting, type: Type): Tensor => {
  const data = new Float64Array(size(type.shape)) // local
  const length = sizeAt(type.shape, axis)
  const step = sizeAt(strides(type.shape), axis)
  for (let line = 0; line < data.length / Math.max(1, length); line++) {
    const start = Math.floor(line / step) * step * length + (line % step)
    const places = range(length).map((i) => start + i * step)
    sorted(x, places, descending).forEach((place, rank) => (data[place] = rank))
  }
  return { ...type, data }
}

// lowering to ONNX -------------------------------------------------------------------------

/** The places of the elements in order, as `int64`; of equals the first comes first. */
const placesOnnx = (g: OnnxGraph, name: string, length: number, axis: number, descending: boolean): string =>
  g.nodes('TopK', [name, g.ints([length])], { axis, largest: Number(descending), sorted: 1 }, 2)[1]

/** In double precision, where there is room between the largest number of `f32` and ∞: ∞ stands there, NaN at ∞. */
const total = (g: OnnxGraph, name: string): string => {
  const infinite = g.node('Equal', [name, g.constant('f32', [Infinity])])
  const below = g.node('Where', [infinite, g.constant('f64', [1e300]), g.cast(name, 'f64')])
  return g.node('Where', [g.node('IsNaN', [name]), g.constant('f64', [Infinity]), below])
}

const sortable = (g: OnnxGraph, x: OnnxValue): string =>
  isFloat(x.type.dtype) ? total(g, g.full(x)) : x.type.dtype === 'i32' ? g.full(x) : g.cast(g.full(x), 'i64')

// operations -----------------------------------------------------------------------------

export const ranks: Op = primitive<Sorting, 1>({
  name: 'ranks',
  equation: 'y[i] = number of j with x[j] before x[i]; equals in their order',
  arity: 1,
  typing: typing('ranks'),
  examples,
  meaning: ranked,
  vjp: () => () => [undefined],
  jvp: () => () => undefined,
  batch: axisUp,
  wgsl: {
    ...adding,
    count: ([x], { axis }) => ofAxis(x.shape, axis),
    body: ({ at, inputs, load, bind, params: { axis, descending } }, k) => {
      const { dtype, shape } = inputs[0]
      const axes = at.axes()
      const own = bind(wgslType[dtype], load(0, fromAxes(shape, axes)))
      const other = bind(wgslType[dtype], load(0, fromAxes(shape, axes.with(axis, k))))
      const precedes = (a: string, b: string): string => {
        const [x, y] = descending ? [b, a] : [a, b]
        return isFloat(dtype) ? `less_f32(${x}, ${y})` : `(${x} < ${y})`
      }
      return `select(0, 1, ${precedes(other, own)} || (!${precedes(own, other)} && ${k} < ${axes[axis]}))`
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params: { axis, descending } }) => {
      const length = ofAxis(x.type.shape, axis)
      const places = placesOnnx(g, sortable(g, x), length, axis, descending)
      return g.cast(placesOnnx(g, places, length, axis, false), 'i32')
    }
})

export const argsort: Op = composite<Sorting, 1>({
  name: 'argsort',
  equation: 'the places of x in the order of its elements; equals in their order',
  arity: 1,
  typing: typing('argsort'),
  examples,
  define:
    ($) =>
    ([x], params) => {
      const { axis } = params
      const places = $.iota({ shape: x.shape, axis, dtype: 'i32' })
      return $.addAlong(places, $.ranks(x, params), { axis, size: ofAxis(x.shape, axis) })
    },
  vjp: () => () => [undefined],
  jvp: () => () => undefined,
  batch: axisUp,
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x], params: { axis, descending } }) =>
      g.cast(placesOnnx(g, sortable(g, x), ofAxis(x.type.shape, axis), axis, descending), 'i32')
})

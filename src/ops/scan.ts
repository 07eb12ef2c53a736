/** Cumulative sums, linear, whose adjoint is the cumulative sum from the other end; and cumulative products. */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { composite, primitive, type Builder, type Op, type Operands } from '../core/Op.ts'
import { isAxis, ofAxis, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { elementAt } from '../core/Tensor.ts'
import { axisUp } from './batch.ts'
import { draw } from './draw.ts'
import { giving, numeric } from './kinds.ts'
import { fromAxes } from './place.ts'
import { linear } from './tangent.ts'
import { adding, wgslNumber } from './wgsl.ts'

/** `reverse` begins at the far end. */
export type Scan = { readonly axis: number; readonly reverse: boolean }

declare module '../core/Op.ts' {
  interface Builder {
    readonly cumulativeProduct: <D extends DType, S extends Shape>(x: Expr<D, S>, params: Scan) => Expr<D, S>
    readonly cumulativeSum: <D extends DType, S extends Shape>(x: Expr<D, S>, params: Scan) => Expr<D, S>
  }
}

const typing =
  (op: string) =>
  ([x]: Operands<1, Type>, { axis }: Scan): Type | Fault =>
    isAxis(x.shape, axis) ? x : { _tag: 'AxisOutOfRange', op, axis, shape: x.shape }

export const cumulativeSum: Op = primitive<Scan, 1>({
  name: 'cumulativeSum',
  equation: 'y[i] = Σ x[j] over j ≤ i, or over j ≥ i',
  arity: 1,
  typing: giving(numeric, 'cumulativeSum', typing('cumulativeSum')),
  examples: [
    { params: { axis: 1, reverse: false }, inputs: [draw([2, 3, 2])] },
    { params: { axis: 0, reverse: true }, inputs: [draw([4])] }
  ],
  meaning: ([x], { axis, reverse }, type) => {
    const data = Float64Array.from(x.data) // local
    const length = sizeAt(type.shape, axis)
    const step = sizeAt(strides(type.shape), axis)
    for (let line = 0; line < size(type.shape) / length; line++) {
      const start = Math.floor(line / step) * step * length + (line % step)
      for (let i = 1; i < length; i++) {
        const at = start + step * (reverse ? length - 1 - i : i)
        data[at] = elementAt(data, at) + elementAt(data, reverse ? at + step : at - step)
      }
    }
    return { ...type, data }
  },
  vjp:
    ($) =>
    ({ params: { axis, reverse }, cotangent: g }) => [$.cumulativeSum(g, { axis, reverse: !reverse })],
  jvp: linear(($) => $.cumulativeSum),
  batch: axisUp,
  wgsl: {
    ...adding,
    count: ([x], { axis }) => ofAxis(x.shape, axis),
    body: ({ at, type, load, params: { axis, reverse } }, k) => {
      const axes = at.axes()
      const there = load(0, fromAxes(type.shape, axes.with(axis, k)))
      return `select(${wgslNumber(0, type)}, ${there}, ${k} ${reverse ? '>=' : '<='} ${axes[axis]})`
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params: { axis, reverse }, type: { dtype } }) => {
      const sums = (name: string): string =>
        g.node('CumSum', [name, g.constant('i64', [axis])], { reverse: Number(reverse), exclusive: 0 })
      // onnxruntime has no such sum of unsigned integers.
      return dtype === 'u32' ? g.cast(sums(g.cast(g.full(x), 'i64')), dtype) : sums(g.full(x))
    }
})

/** `x` moved by `distance` in the direction of a scan, `value` moving in. */
export const behind = ($: Builder, x: Expr, distance: number, { axis, reverse }: Scan, value: number): Expr => {
  const amount = (sign: number): ReadonlyArray<number> =>
    x.shape.map((_, i) => (i === axis ? (reverse ? -sign : sign) * distance : 0))
  return $.pad(x, { low: amount(1), high: amount(-1), interior: x.shape.map(() => 0), value })
}

/** Every element with the product of so many up to it, and twice as many, until there are all. */
const doubled = ($: Builder, x: Expr, params: Scan, distance: number): Expr =>
  distance >= sizeAt(x.shape, params.axis)
    ? x
    : doubled($, $.mul(x, behind($, x, distance, params, 1)), params, 2 * distance)

// Its derivatives are those of the definition: no division, so that factors of 0 do no harm.
export const cumulativeProduct: Op = composite<Scan, 1>({
  name: 'cumulativeProduct',
  equation: 'y[i] = Π x[j] over j ≤ i, or over j ≥ i',
  arity: 1,
  typing: giving(numeric, 'cumulativeProduct', typing('cumulativeProduct')),
  examples: [
    { params: { axis: 1, reverse: false }, inputs: [draw([2, 3, 2])] },
    { params: { axis: 0, reverse: true }, inputs: [draw([5])] }
  ],
  define:
    ($) =>
    ([x], params) =>
      doubled($, x, params, 1),
  vjp: 'derived',
  jvp: 'derived',
  batch: axisUp,
  wgsl: 'derived',
  onnx: 'derived'
})

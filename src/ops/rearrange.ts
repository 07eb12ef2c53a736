/** Views that rearrange: every element of the operand is somewhere in the result, as often as the shape says. */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { primitive, type Op, type Operands } from '../core/Op.ts'
import { isAxis, ofAxis, range, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { axesUp, shifted, up } from './batch.ts'
import { draw } from './draw.ts'
import { fitted, ranked, reshapeOnnx } from './onnx.ts'
import { coordinate, fromAxes, reshaped } from './place.ts'
import { linear } from './tangent.ts'
import { gatherBy, only, weighed } from './view.ts'

export type Reshape<S extends Shape = Shape> = { readonly shape: S }
export type Transpose = { readonly order: ReadonlyArray<number> }
/** `axes[i]` is the place in `shape` of axis `i` of the operand, ascending; sizes are equal or 1. */
export type BroadcastTo<S extends Shape = Shape> = { readonly shape: S; readonly axes: ReadonlyArray<number> }
export type Flip = { readonly axes: ReadonlyArray<number> }

declare module '../core/Op.ts' {
  interface Builder {
    readonly reshape: <D extends DType, S extends Shape>(x: Expr<D>, params: Reshape<S>) => Expr<D, S>
    readonly transpose: <D extends DType>(x: Expr<D>, params: Transpose) => Expr<D>
    readonly broadcast: <D extends DType, S extends Shape>(x: Expr<D>, params: BroadcastTo<S>) => Expr<D, S>
    readonly flip: <D extends DType, S extends Shape>(x: Expr<D, S>, params: Flip) => Expr<D, S>
  }
}

// shapes and orders ------------------------------------------------------------------------

export const reshape: Op = primitive<Reshape, 1>({
  name: 'reshape',
  equation: 'the same elements in row-major order',
  arity: 1,
  typing: ([x], { shape }) =>
    size(x.shape) !== size(shape)
      ? { _tag: 'SizesDiffer', op: 'reshape', from: x.shape, to: shape }
      : { dtype: x.dtype, shape },
  examples: [
    { params: { shape: [3, 2] }, inputs: [draw([2, 3])] },
    { params: { shape: [1, 6, 1] }, inputs: [draw([6])] }
  ],
  meaning: (inputs, _, type) => ({ ...type, data: only(inputs).data }),
  vjp:
    ($) =>
    ({ inputs: [x], cotangent: g }) => [$.reshape(g, { shape: x.shape })],
  jvp: linear(($) => $.reshape),
  batch:
    ($) =>
    ({ stacks: [x], rows, params: { shape } }) =>
      $.reshape(x, { shape: [rows, ...shape] }),
  wgsl: { _tag: 'Map', element: ({ at, inputs, load }) => load(0, reshaped(at, inputs[0].shape)) },
  onnx:
    (g) =>
    ({ inputs: [x], type }) =>
      reshapeOnnx(g, g.full(x), type.shape)
})

const inverse = (order: ReadonlyArray<number>): ReadonlyArray<number> => order.map((_, i) => order.indexOf(i))

const isOrder = (order: ReadonlyArray<number>, rank: number): boolean =>
  order.length === rank && range(rank).every((i) => order.includes(i))

export const transpose: Op = primitive<Transpose, 1>({
  name: 'transpose',
  equation: 'axis i of the result is axis order[i] of x',
  arity: 1,
  typing: ([x], { order }): Type | Fault =>
    !isOrder(order, x.shape.length)
      ? { _tag: 'Invalid', op: 'transpose', why: `[${order}] is not an order of the axes of [${x.shape}]` }
      : { dtype: x.dtype, shape: order.map((axis) => ofAxis(x.shape, axis)) },
  examples: [
    { params: { order: [1, 0] }, inputs: [draw([2, 3])] },
    { params: { order: [2, 0, 1] }, inputs: [draw([2, 3, 4])] }
  ],
  meaning: (inputs, { order }, type) => {
    const x = only(inputs)
    const steps = strides(x.shape)
    const times = order.map((axis) => ofAxis(steps, axis))
    return gatherBy(x, type, (index) => weighed(index, times))
  },
  vjp:
    ($) =>
    ({ params, cotangent: g }) => [$.transpose(g, { order: inverse(params.order) })],
  jvp: linear(($) => $.transpose),
  batch: shifted(({ order }) => ({ order: [0, ...up(order)] })),
  wgsl: {
    _tag: 'Map',
    element: ({ at, params, inputs, load }) => {
      const axes = at.axes()
      return load(
        0,
        fromAxes(
          inputs[0].shape,
          inverse(params.order).map((i) => coordinate(axes, i))
        )
      )
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params, type }) => {
      // What is still unexpanded stays so.
      const had = ranked(x.shape, type.shape.length)
      const shape = params.order.map((axis) => sizeAt(had, axis))
      return { name: g.node('Transpose', [fitted(g, x, had)], { perm: params.order }), shape, type }
    }
})

// repetition -----------------------------------------------------------------------------

const broadcastTyping = ([x]: Operands<1, Type>, { shape, axes }: BroadcastTo): Type | Fault =>
  axes.length !== x.shape.length ||
  axes.some(
    (axis, i) =>
      !isAxis(shape, axis) || (i > 0 && axis <= ofAxis(axes, i - 1)) || (x.shape[i] !== 1 && x.shape[i] !== shape[axis])
  )
    ? { _tag: 'ShapesDiffer', op: 'broadcast', left: x.shape, right: shape }
    : { dtype: x.dtype, shape }

export const broadcast: Op = primitive<BroadcastTo, 1>({
  name: 'broadcast',
  equation: 'x repeated along new axes and axes of size 1',
  arity: 1,
  typing: broadcastTyping,
  examples: [
    { params: { shape: [4, 3], axes: [1] }, inputs: [draw([3])] },
    { params: { shape: [2, 3, 4], axes: [0, 2] }, inputs: [draw([2, 1])] },
    { params: { shape: [2, 2], axes: [] }, inputs: [draw([])] }
  ],
  meaning: (inputs, { axes }, type) => {
    const x = only(inputs)
    const steps = strides(x.shape)
    const ofOperand = (i: number): number => (x.shape[i] === 1 ? 0 : ofAxis(steps, i))
    const times = type.shape.map((_, axis) => ofOperand(axes.indexOf(axis)))
    return gatherBy(x, type, (index) => weighed(index, times))
  },
  vjp:
    ($) =>
    ({ inputs: [x], params: { shape, axes }, cotangent: g }) => {
      const repeated = range(shape.length).filter(
        (axis) => !axes.includes(axis) || x.shape[axes.indexOf(axis)] !== shape[axis]
      )
      return [$.reshape($.sum(g, { axes: repeated }), { shape: x.shape })]
    },
  jvp: linear(($) => $.broadcast),
  batch:
    ($) =>
    ({ stacks: [x], rows, params: { shape, axes } }) =>
      $.broadcast(x, { shape: [rows, ...shape], axes: [0, ...up(axes)] }),
  wgsl: {
    _tag: 'Map',
    element: ({ at, params, inputs, load }) => {
      const shape = inputs[0].shape
      // A scalar needs no coordinates, and none are made.
      const axes = shape.length === 0 ? [] : at.axes()
      return load(
        0,
        fromAxes(
          shape,
          params.axes.map((axis, i) => (shape[i] === 1 ? '0u' : coordinate(axes, axis)))
        )
      )
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params: { shape, axes }, type }) => {
      const had = ranked(x.shape, axes.length)
      const small = range(shape.length).map((axis) => (axes.includes(axis) ? sizeAt(had, axes.indexOf(axis)) : 1))
      // Leading axes of size 1 go without saying, and onnxruntime is faster without them.
      const real = small.findIndex((d) => d !== 1)
      const kept = real < 0 ? [] : small.slice(real)
      return { name: fitted(g, x, kept), shape: kept, type }
    }
})

// reversal -------------------------------------------------------------------------------

export const flip: Op = primitive<Flip, 1>({
  name: 'flip',
  equation: 'x with the given axes reversed',
  arity: 1,
  typing: ([x], { axes }): Type | Fault => {
    const shape = x.shape
    const outside = axes.find((axis) => !isAxis(shape, axis))
    return outside !== undefined ? { _tag: 'AxisOutOfRange', op: 'flip', axis: outside, shape } : x
  },
  examples: [{ params: { axes: [0, 1] }, inputs: [draw([2, 3])] }],
  meaning: (inputs, { axes }, type) => {
    const x = only(inputs)
    const steps = strides(x.shape)
    const times = steps.map((step, axis) => (axes.includes(axis) ? -step : step))
    const first = axes.reduce((sum, axis) => sum + (sizeAt(x.shape, axis) - 1) * ofAxis(steps, axis), 0)
    return gatherBy(x, type, (index) => first + weighed(index, times))
  },
  vjp:
    ($) =>
    ({ params, cotangent: g }) => [$.flip(g, params)],
  jvp: linear(($) => $.flip),
  batch: axesUp,
  wgsl: {
    _tag: 'Map',
    element: ({ at, params: { axes }, inputs, load }) => {
      const shape = inputs[0].shape
      return load(
        0,
        fromAxes(
          shape,
          at.axes().map((axis, i) => (axes.includes(i) ? `(${sizeAt(shape, i) - 1}u - ${axis})` : axis))
        )
      )
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params: { axes } }) =>
      g.node('Slice', [
        g.full(x),
        g.ints(axes.map(() => -1)),
        g.ints(axes.map(() => -(2 ** 31))),
        g.ints(axes),
        g.ints(axes.map(() => -1))
      ])
})

/** Softmax over the elements that a mask holds true. A row without any is 0, and so is its gradient. */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { composite, type Builder, type Draw, type Op, type Operands } from '../core/Op.ts'
import { equal, isAxis, type Shape } from '../core/Shape.ts'
import { axisUp } from './batch.ts'
import { draw } from './draw.ts'
import { floating, giving } from './kinds.ts'
import type { Along } from './normalise.ts'
import { spreadAgain } from './reduce.ts'

declare module '../core/Op.ts' {
  interface Builder {
    /** The mask is a `bool` of the shape of `x`. */
    readonly maskedSoftmax: <D extends DType, S extends Shape>(x: Expr<D, S>, mask: Expr, params: Along) => Expr<D, S>
  }
}

const op = 'maskedSoftmax'

const typing = ([x, mask]: Operands<2, Type>, { axis }: Along): Type | Fault => {
  if (mask.dtype !== 'bool') return { _tag: 'WrongDType', op, expected: 'a bool mask', got: mask.dtype }
  if (!equal(x.shape, mask.shape)) return { _tag: 'ShapesDiffer', op, left: x.shape, right: mask.shape }
  return isAxis(x.shape, axis) ? x : { _tag: 'AxisOutOfRange', op, axis, shape: x.shape }
}

const mask = (shape: Shape): Draw => ({ dtype: 'bool', shape, min: 0, max: 1 })

const spreadSum = ($: Builder, x: Expr, axis: number): Expr =>
  spreadAgain($, $.sum(x, { axes: [axis] }), x.shape, [axis])

/** What both derivatives are: the Jacobian is symmetric. Where `y` is 0 nothing moves, whatever moves there. */
const moved = ($: Builder, y: Expr, g: Expr, axis: number): Expr =>
  $.sub($.annihilate(y, g), $.mul(y, spreadSum($, $.annihilate(y, g), axis)))

export const maskedSoftmax: Op = composite<Along, 2>({
  name: op,
  equation: 'eˣ / Σ eˣ over the x that the mask holds, 0 elsewhere',
  arity: 2,
  typing: giving(floating, op, typing),
  examples: [
    { params: { axis: 1 }, inputs: [draw([3, 4]), mask([3, 4])] },
    { params: { axis: 0 }, inputs: [draw([2, 3]), mask([2, 3])] }
  ],
  define:
    ($) =>
    ([x, held], { axis }) => {
      const seen = $.where(held, x, $.fill(-3.4e38, x))
      const most = $.stopGradient(spreadAgain($, $.max(seen, { axes: [axis] }), x.shape, [axis]))
      // The largest of a row is 1: what is less than that is a row without any.
      const e = $.where(held, $.exp($.sub(seen, most)), $.fill(0, x))
      const total = spreadSum($, e, axis)
      return $.div(e, $.where($.less($.fill(0, total), total), total, $.fill(1, total)))
    },
  vjp:
    ($) =>
    ({ output: y, params: { axis }, cotangent: g }) => [moved($, y, g, axis), undefined],
  jvp:
    ($) =>
    ({ output: y, tangents: [v], params: { axis } }) =>
      v && moved($, y, v, axis),
  batch: axisUp,
  wgsl: 'derived',
  onnx: 'derived'
})

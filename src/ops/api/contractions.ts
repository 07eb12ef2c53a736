/** Sums of products, the normalisations around them, and attention, which is both. */
import type { DType } from '../../core/DType.ts'
import { apply, type Expr } from '../../core/Expr.ts'
import type { Fault } from '../../core/Fault.ts'
import { composite, type Op } from '../../core/Op.ts'
import { axisOf, equal, range, sizeAt, type Matmul, type Ok, type Out, type Shape } from '../../core/Shape.ts'
import { floating, numeric, unaccepted } from '../kinds.ts'
import { $, type Side } from '../registry.ts'
import { add, less, maximum, where, type Of } from './elementwise.ts'
import { inNameOf, instead, sound } from './instead.ts'
import type { Needs } from './needs.ts'
import { max } from './reductions.ts'
import { stretch } from './stretch.ts'

// contractions ---------------------------------------------------------------------------

/** Sums of products over paired axes; the result's axes are batch, free of `x`, free of `y`. */
export const contract =
  (left: Side, right: Side) =>
  <D extends DType>(x: Expr<D> & Needs<'contract', 'numbers', D>, y: Expr<NoInfer<D>>): Expr<D> =>
    $.contract(x, y, { left, right })

/** `[..., m, k] × [k, n]`, or `[..., m, k] × [..., k, n]` with equal leading axes. */
export const matmul = <D extends DType, A extends Shape, B extends Shape>(
  x: Expr<D, A> & Needs<'matmul', 'numbers', D>,
  y: Expr<NoInfer<D>, B> & Ok<Matmul<A, B>>
): Expr<D, Out<Matmul<A, B>>> => {
  const node = apply(matmulOp, [x, y])
  return (node.faults.length > 0 ? node : product(x, y)) as Expr<D, Out<Matmul<A, B>>>
}

const product = (x: Expr, y: Expr): Expr => {
  const rank = y.shape.length
  const batch = rank === 2 ? [] : range(rank - 2)
  return $.contract(x, y, { left: { batch, over: [x.shape.length - 1] }, right: { batch, over: [rank - 2] } })
}

/** Only says what is wrong in matmul's own words; what fits becomes a contraction at once. */
const matmulOp: Op = composite<object, 2>({
  name: 'matmul',
  equation: 'z[…,i,j] = Σₖ x[…,i,k] · y[…,k,j]',
  arity: 2,
  typing: ([x, y]) => {
    const [a, b] = [x.shape, y.shape]
    if (x.dtype !== y.dtype) return { _tag: 'DTypesDiffer', op: 'matmul', left: x.dtype, right: y.dtype }
    if (a.length < 2) return { _tag: 'TooFewAxes', op: 'matmul', operand: 'left', least: 2, shape: a }
    if (b.length < 2) return { _tag: 'TooFewAxes', op: 'matmul', operand: 'right', least: 2, shape: b }
    if (a.at(-1) !== b.at(-2)) return { _tag: 'InnerSizesDiffer', op: 'matmul', left: a, right: b }
    if (b.length > 2 && !equal(a.slice(0, -2), b.slice(0, -2)))
      return { _tag: 'LeadingAxesDiffer', op: 'matmul', left: a, right: b }
    return unaccepted('matmul', numeric, x.dtype) ?? { dtype: x.dtype, shape: [...a.slice(0, -1), sizeAt(b, -1)] }
  },
  examples: [],
  define:
    () =>
    ([x, y]) =>
      product(x, y),
  vjp: 'derived',
  jvp: 'derived',
  batch: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

// normalisation and attention ----------------------------------------------------------------

export const softmax =
  (axis: number): Of<'softmax'> =>
  (x) =>
    $.softmax(x, { axis: axisOf(axis, x.shape.length) })

/**
 * Softmax over the elements where the mask holds; the others are 0. A row without any is 0, and so is its gradient.
 *
 * - `mask` broadcasts to the shape of `x`
 */
export const maskedSoftmax =
  (axis: number) =>
  <D extends DType, S extends Shape>(
    x: Expr<D, S> & Needs<'maskedSoftmax', 'floats', D>,
    mask: Expr<'bool'>
  ): Expr<D, S> =>
    inNameOf(
      'maskedSoftmax',
      [x, mask],
      $.maskedSoftmax(x, stretch(mask, x.shape), { axis: axisOf(axis, x.shape.length) })
    )

export const logSoftmax =
  (axis: number): Of<'logSoftmax'> =>
  (x) =>
    $.logSoftmax(x, { axis: axisOf(axis, x.shape.length) })

/** Zero mean and unit variance along the last axis; `epsilon` is added to the variance. */
export const normalise =
  (epsilon: number): Of<'normalise'> =>
  (x) =>
    $.normalise(x, { epsilon })

/** Unit mean square along the last axis; `epsilon` is added to the mean square. */
export const rmsNormalise =
  (epsilon: number): Of<'rmsNormalise'> =>
  (x) =>
    $.rmsNormalise(x, { epsilon })

/** What masks like −∞, and whose difference to itself is a number. */
const lowest = -1e38

/** 0 for queries that see no key at all: their softmax is that of nothing. */
const heeded = (mixed: Expr<'f32'>, bias: Expr<'f32'>): Expr<'f32'> => {
  const row = bias.shape.length === 0 ? $.reshape(bias, { shape: [1] }) : bias
  const most = max([-1], 'kept')(row)
  return where(less($.fill(lowest, most), most), mixed, $.fill(0, mixed))
}

const misshapen = (q: Shape, k: Shape, v: Shape): Fault | undefined => {
  const fits =
    q.length === 4 &&
    equal(k.slice(0, 3), v.slice(0, 3)) &&
    equal([sizeAt(q, 0), sizeAt(k, 1), ...q.slice(2)], k) &&
    v.length === 4
  const why = `needs [batch,queries,heads,d] and twice [batch,keys,heads,d], got [${q}], [${k}] and [${v}]`
  return fits ? undefined : { _tag: 'Invalid', op: 'attention', why }
}

/**
 * `softmax(q kᵀ / √d) v`.
 *
 * - `q` `[batch, queries, heads, d]`, `k`, `v` `[batch, keys, heads, d]`; result as `q`
 * - `bias` added to the logits, broadcast to `[batch, heads, queries, keys]`; −∞ or a large negative number masks. A query
 *   whose every key has −∞ gets 0, with gradient 0
 */
export const attention = (q: Expr<'f32'>, k: Expr<'f32'>, v: Expr<'f32'>, bias?: Expr<'f32'>): Expr<'f32'> => {
  const fault = misshapen(q.shape, k.shape, v.shape)
  if (fault !== undefined && sound(q, k, v)) return instead(q, fault)
  const perHead: Side = { batch: [0, 2], over: [3] }
  const logits = $.contract($.mul(q, $.fill(1 / Math.sqrt(sizeAt(q.shape, 3)), q)), k, {
    left: perHead,
    right: perHead
  })
  const biased = bias === undefined ? logits : add(logits, maximum(bias, $.fill(lowest, bias)))
  const weights = $.softmax(biased, { axis: 3 })
  const mixed = $.contract(weights, v, { left: { batch: [0, 1], over: [3] }, right: { batch: [0, 2], over: [1] } })
  const result = $.transpose(bias === undefined ? mixed : heeded(mixed, bias), { order: [0, 2, 1, 3] })
  return inNameOf('attention', [q, k, v, ...(bias === undefined ? [] : [bias])], result, floating)
}

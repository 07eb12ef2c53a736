/**
 * The constructors that users call: typed, with NumPy broadcasting for elementwise operations. Parameters come first and
 * are curried (`sum([0])(x)`); operations on two tensors take both at once or pipe (`add(x, y)`, `pipe(x, add(y))`).
 * A wrong program is a sentence in the editor where sizes are known, and the same sentence from `compile` where not.
 */
import type { DType } from '../core/DType.ts'
import { apply, input as makeInput, literal, scalar as makeScalar, type Expr } from '../core/Expr.ts'
import { composite, type Op } from '../core/Op.ts'
import {
  axisOf,
  broadcast as broadcastShapes,
  dim as makeDim,
  equal as sameShape,
  range,
  size,
  type Broadcast,
  type Dim,
  type Matmul,
  type Ok,
  type Out,
  type Shape,
  type Sym
} from '../core/Shape.ts'
import { tensor as makeTensor, type Tensor } from '../core/Tensor.ts'
import type { Side } from './contract.ts'
import { $, ops } from './registry.ts'

// inputs and constants ---------------------------------------------------------------------

/** A value that is given when the program runs. Two inputs of one name and type are the same input. */
export const input: <const D extends DType, const S extends Shape>(name: string, dtype: D, shape: S) => Expr<D, S> =
  makeInput

/** A named run-time size for types: `dim('batch', n)`. */
export const dim: <const N extends string>(name: N, size: number) => Sym<N> = makeDim

/** A number that is part of the program. */
export const scalar = (value: number): Expr<'f32', readonly []> => makeScalar(value, 'f32')

/** A small tensor that is part of the program; large ones belong in inputs. */
export const constant = <const S extends Shape>(shape: S, values: ArrayLike<number>): Expr<'f32', S> =>
  literal(makeTensor('f32', shape, Float64Array.from(values))) as Expr<'f32', S>

/** A tensor of any element type that is part of the program. */
export const embed = (value: Tensor): Expr => literal(value)

/** A tensor whose every element is `value`. */
export const fill = <const S extends Shape>(value: number, shape: S): Expr<'f32', S> =>
  $.fill(value, { dtype: 'f32', shape }) as Expr<'f32', S>

export const zerosLike = <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> => $.fill(0, x) as Expr<D, S>

/** `0, 1, …` along `axis`. */
export const iota = <const S extends Shape, D extends DType>(shape: S, axis: number, dtype: D): Expr<D, S> =>
  $.iota({ shape, axis: axisOf(axis, shape.length), dtype }) as Expr<D, S>

// elementwise, one operand -----------------------------------------------------------------

export type Elementwise = <D extends DType, S extends Shape>(x: Expr<D, S>) => Expr<D, S>

const elementwise =
  (f: (x: Expr) => Expr): Elementwise =>
  <D extends DType, S extends Shape>(x: Expr<D, S>) =>
    f(x) as Expr<D, S>

export const neg: Elementwise = elementwise($.neg)
export const abs: Elementwise = elementwise($.abs)
export const sign: Elementwise = elementwise($.sign)
export const floor: Elementwise = elementwise($.floor)
export const exp: Elementwise = elementwise($.exp)
export const log: Elementwise = elementwise($.log)
export const sqrt: Elementwise = elementwise($.sqrt)
export const rsqrt: Elementwise = elementwise($.rsqrt)
export const reciprocal: Elementwise = elementwise($.reciprocal)
export const sin: Elementwise = elementwise($.sin)
export const cos: Elementwise = elementwise($.cos)
export const tanh: Elementwise = elementwise($.tanh)
export const sigmoid: Elementwise = elementwise($.sigmoid)
export const erf: Elementwise = elementwise($.erf)
export const expm1: Elementwise = elementwise($.expm1)
export const log1p: Elementwise = elementwise($.log1p)
export const relu: Elementwise = elementwise($.relu)
export const not: Elementwise = elementwise($.not)
/** `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`. */
export const geluTanh: Elementwise = elementwise($.geluTanh)
/** `x Φ(x)`. */
export const gelu: Elementwise = elementwise($.gelu)
export const silu: Elementwise = elementwise($.silu)
export const softplus: Elementwise = elementwise($.softplus)
/** The operand, held constant by every derivative. */
export const stopGradient: Elementwise = elementwise($.stopGradient)
export const square: Elementwise = elementwise((x) => $.mul(x, x))

/** `k x`. */
export const scale = (k: number): Elementwise => elementwise((x) => $.mul(x, $.fill(k, x)))
/** `x + k`. */
export const offset = (k: number): Elementwise => elementwise((x) => $.add(x, $.fill(k, x)))
/** `x` held between `min` and `max`; the derivative outside is 0. */
export const clamp = (min: number, max: number): Elementwise =>
  elementwise((x) => $.minimum($.maximum(x, $.fill(min, x)), $.fill(max, x)))
/** `x < 0 ? slope x : x`. */
export const leakyRelu = (slope: number): Elementwise =>
  elementwise((x) => $.where($.less(x, $.fill(0, x)), $.mul(x, $.fill(slope, x)), x))

export const cast =
  <const E extends DType>(to: E) =>
  <S extends Shape>(x: Expr<DType, S>): Expr<E, S> =>
    (x.dtype === to ? x : $.cast(x, { to })) as Expr<E, S>

// elementwise, two operands ----------------------------------------------------------------

/** The operand stretched to `shape`, along new leading axes and axes of size 1. */
const stretch = (x: Expr, shape: Shape): Expr =>
  sameShape(x.shape, shape)
    ? x
    : $.broadcast(x, { shape, axes: range(x.shape.length).map((i) => i + shape.length - x.shape.length) })

/** Operands stretched to their common shape; left as they are where there is none, for the operation to say so. */
const together = (xs: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
  const shape = xs.reduce<Shape | undefined>((s, x) => s && broadcastShapes(s, x.shape), [])
  return shape === undefined || xs.some((x) => x.faults.length > 0) ? xs : xs.map((x) => stretch(x, shape))
}

/** An operation on two tensors: `op(x, y)`, or `pipe(x, op(y))`. */
export interface Binary<Op extends string> {
  <D extends DType, B extends Shape>(
    y: Expr<D, B>
  ): <A extends Shape>(x: Expr<NoInfer<D>, A> & Ok<Broadcast<Op, A, B>>) => Expr<D, Out<Broadcast<Op, A, B>>>
  <D extends DType, A extends Shape, B extends Shape>(
    x: Expr<D, A>,
    y: Expr<NoInfer<D>, B> & Ok<Broadcast<Op, A, B>>
  ): Expr<D, Out<Broadcast<Op, A, B>>>
}

/** A comparison of two tensors. */
export interface Comparison<Op extends string> {
  <D extends DType, A extends Shape, B extends Shape>(
    x: Expr<D, A>,
    y: Expr<NoInfer<D>, B> & Ok<Broadcast<Op, A, B>>
  ): Expr<'bool', Out<Broadcast<Op, A, B>>>
}

const binary = (name: string): ((...xs: ReadonlyArray<Expr>) => unknown) => {
  const build = (x: Expr, y: Expr): Expr => apply(ops[name] as Op, together([x, y]))
  return (x, y) => (x === undefined ? undefined : y === undefined ? (z: Expr) => build(z, x) : build(x, y))
}

export const add: Binary<'add'> = binary('add') as Binary<'add'>
export const sub: Binary<'sub'> = binary('sub') as Binary<'sub'>
export const mul: Binary<'mul'> = binary('mul') as Binary<'mul'>
export const div: Binary<'div'> = binary('div') as Binary<'div'>
export const pow: Binary<'pow'> = binary('pow') as Binary<'pow'>
export const maximum: Binary<'maximum'> = binary('maximum') as Binary<'maximum'>
export const minimum: Binary<'minimum'> = binary('minimum') as Binary<'minimum'>
export const less: Comparison<'less'> = binary('less') as Comparison<'less'>
export const lessEqual: Comparison<'lessEqual'> = binary('lessEqual') as Comparison<'lessEqual'>
export const equal: Comparison<'equal'> = binary('equal') as Comparison<'equal'>
export const and: Comparison<'and'> = binary('and') as Comparison<'and'>
export const or: Comparison<'or'> = binary('or') as Comparison<'or'>

/** `x` where the condition holds, else `y`. */
export const where = <D extends DType, A extends Shape, B extends Shape>(
  condition: Expr<'bool'>,
  x: Expr<D, A>,
  y: Expr<NoInfer<D>, B> & Ok<Broadcast<'where', A, B>>
): Expr<D, Out<Broadcast<'where', A, B>>> => {
  const [c = condition, a = x, b = y] = together([condition, x, y])
  return $.where(c, a, b) as Expr<D, Out<Broadcast<'where', A, B>>>
}

// views ----------------------------------------------------------------------------------

const hole = (from: Shape, to: Shape): Shape => {
  const known = to.reduce((n, d) => (d === -1 ? n : n * d), 1)
  return to.map((d) => (d === -1 ? size(from) / known : d))
}

/** The same elements in another shape; one axis may be `-1`, which takes what is left. */
export const reshape =
  <const S extends Shape>(shape: S) =>
  <D extends DType>(x: Expr<D>): Expr<D, S> =>
    $.reshape(x, { shape: hole(x.shape, shape) }) as Expr<D, S>

/** Axis `i` of the result is axis `order[i]` of the operand. */
export const transpose =
  (order: ReadonlyArray<number>) =>
  <D extends DType>(x: Expr<D>): Expr<D> =>
    $.transpose(x, { order: order.map((axis) => axisOf(axis, x.shape.length)) }) as Expr<D>

/** The operand stretched to `shape` by NumPy's rules. */
export const broadcastTo =
  <const S extends Shape>(shape: S) =>
  <D extends DType>(x: Expr<D>): Expr<D, S> =>
    stretch(x, shape) as Expr<D, S>

/** A new axis of size 1 at `axis` of the result. */
export const expandDims =
  (axis: number) =>
  <D extends DType>(x: Expr<D>): Expr<D> => {
    const at = axisOf(axis, x.shape.length + 1)
    return $.reshape(x, { shape: [...x.shape.slice(0, at), 1, ...x.shape.slice(at)] }) as Expr<D>
  }

/** Elements `start ≤ i < stop` along one axis. */
export const narrow =
  (axis: number, start: number, stop: number) =>
  <D extends DType>(x: Expr<D>): Expr<D> => {
    const at = axisOf(axis, x.shape.length)
    return $.slice(x, {
      start: x.shape.map((_, i) => (i === at ? start : 0)),
      stop: x.shape.map((d, i) => (i === at ? stop : d)),
      step: x.shape.map(() => 1)
    }) as Expr<D>
  }

/** `x[start : stop : step]`, one triple per axis. */
export const slice =
  (ranges: ReadonlyArray<readonly [start: number, stop: number, step: number]>) =>
  <D extends DType>(x: Expr<D>): Expr<D> =>
    $.slice(x, {
      start: ranges.map((r) => r[0]),
      stop: ranges.map((r) => r[1]),
      step: ranges.map((r) => r[2])
    }) as Expr<D>

/** `n` equal parts along an axis. */
export const split =
  (n: number, axis: number) =>
  <D extends DType>(x: Expr<D>): ReadonlyArray<Expr<D>> => {
    const part = (x.shape[axisOf(axis, x.shape.length)] ?? 0) / n
    return range(n).map((i) => narrow(axis, i * part, (i + 1) * part)(x))
  }

export const concat =
  (axis: number) =>
  <D extends DType>(xs: ReadonlyArray<Expr<D>>): Expr<D> =>
    $.concat(xs, { axis: axisOf(axis, xs[0]?.shape.length ?? 0) }) as Expr<D>

/** Operands of one shape, side by side along a new axis. */
export const stack =
  (axis: number) =>
  <D extends DType>(xs: ReadonlyArray<Expr<D>>): Expr<D> =>
    concat(axis)(xs.map(expandDims(axis))) as Expr<D>

/** `value` added before and after each axis; negative amounts cut. */
export const pad =
  (amounts: ReadonlyArray<readonly [before: number, after: number]>, value = 0) =>
  <D extends DType>(x: Expr<D>): Expr<D> =>
    $.pad(x, {
      low: amounts.map((a) => a[0]),
      high: amounts.map((a) => a[1]),
      interior: amounts.map(() => 0),
      value
    }) as Expr<D>

export const flip =
  (axes: ReadonlyArray<number>) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> =>
    $.flip(x, { axes: axes.map((axis) => axisOf(axis, x.shape.length)) }) as Expr<D, S>

// reductions -----------------------------------------------------------------------------

/** Axes to reduce over: a list (negative counts from the end), or all. */
export type Over = ReadonlyArray<number> | 'all'
/** Whether reduced axes disappear or stay with size 1. */
export type Keep = 'dropped' | 'kept'

const axesOf = (over: Over, shape: Shape): ReadonlyArray<number> =>
  over === 'all'
    ? range(shape.length)
    : [...new Set(over.map((axis) => axisOf(axis, shape.length)))].sort((a, b) => a - b)

const counted = (x: Expr, over: Over): number => axesOf(over, x.shape).reduce((n, axis) => n * (x.shape[axis] ?? 1), 1)

const reduction =
  (f: (x: Expr, params: { readonly axes: ReadonlyArray<number> }) => Expr) =>
  (over: Over, keep: Keep = 'dropped') =>
  <D extends DType>(x: Expr<D>): Expr<D> => {
    const axes = axesOf(over, x.shape)
    const y = f(x, { axes })
    const shape = x.shape.map((d, i) => (axes.includes(i) ? 1 : d))
    return (keep === 'kept' ? $.reshape(y, { shape }) : y) as Expr<D>
  }

export type Reduction = (over: Over, keep?: Keep) => <D extends DType>(x: Expr<D>) => Expr<D>

export const sum: Reduction = reduction($.sum)
export const max: Reduction = reduction($.max)
export const min: Reduction = reduction($.min)
export const prod: Reduction = reduction($.prod)

export const mean: Reduction =
  (over, keep = 'dropped') =>
  (x) =>
    scale(1 / counted(x, over))(sum(over, keep)(x))

/** The mean square distance from the mean; divisor `n`. */
export const variance: Reduction =
  (over, keep = 'dropped') =>
  (x) =>
    mean(over, keep)(square(sub(x, mean(over, 'kept')(x) as typeof x) as typeof x))

// contractions ---------------------------------------------------------------------------

/** Sums of products over paired axes; the result's axes are batch, free of `x`, free of `y`. */
export const contract =
  (left: Side, right: Side) =>
  <D extends DType>(x: Expr<D>, y: Expr<NoInfer<D>>): Expr<D> =>
    $.contract(x, y, { left, right }) as Expr<D>

/** `[..., m, k] × [k, n]`, or `[..., m, k] × [..., k, n]` with equal leading axes. */
export const matmul = <D extends DType, A extends Shape, B extends Shape>(
  x: Expr<D, A>,
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
const matmulOp: Op = composite({
  name: 'matmul',
  equation: 'z[…,i,j] = Σₖ x[…,i,k] · y[…,k,j]',
  arity: 2,
  typing: ([x, y]) => {
    const a: Shape = x?.shape ?? []
    const b: Shape = y?.shape ?? []
    if (x === undefined || y === undefined) return { _tag: 'WrongInputs', op: 'matmul', expected: 2, got: 1 }
    if (x.dtype !== y.dtype) return { _tag: 'DTypesDiffer', op: 'matmul', left: x.dtype, right: y.dtype }
    if (a.length < 2) return { _tag: 'TooFewAxes', op: 'matmul', operand: 'left', least: 2, shape: a }
    if (b.length < 2) return { _tag: 'TooFewAxes', op: 'matmul', operand: 'right', least: 2, shape: b }
    if (a.at(-1) !== b.at(-2)) return { _tag: 'InnerSizesDiffer', op: 'matmul', left: a, right: b }
    if (b.length > 2 && !sameShape(a.slice(0, -2), b.slice(0, -2)))
      return { _tag: 'LeadingAxesDiffer', op: 'matmul', left: a, right: b }
    return { dtype: x.dtype, shape: [...a.slice(0, -1), b.at(-1) ?? 0] }
  },
  examples: [],
  define:
    () =>
    ([x, y]) =>
      product(x as Expr, y as Expr),
  vjp: 'derived',
  jvp: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

// normalisation and attention ----------------------------------------------------------------

export const softmax =
  (axis: number): Elementwise =>
  (x) =>
    $.softmax(x, { axis: axisOf(axis, x.shape.length) }) as typeof x

export const logSoftmax =
  (axis: number): Elementwise =>
  (x) =>
    $.logSoftmax(x, { axis: axisOf(axis, x.shape.length) }) as typeof x

/** Zero mean and unit variance along the last axis; `epsilon` is added to the variance. */
export const normalise = (epsilon: number): Elementwise => elementwise((x) => $.normalise(x, { epsilon }))

/** Unit mean square along the last axis; `epsilon` is added to the mean square. */
export const rmsNormalise = (epsilon: number): Elementwise => elementwise((x) => $.rmsNormalise(x, { epsilon }))

/**
 * `softmax(q kᵀ / √d) v`.
 *
 * - `q` `[batch, queries, heads, d]`, `k`, `v` `[batch, keys, heads, d]`; result as `q`
 * - `bias` added to the logits, broadcast to `[batch, heads, queries, keys]`; −∞ or a large negative number masks
 */
export const attention = (q: Expr<'f32'>, k: Expr<'f32'>, v: Expr<'f32'>, bias?: Expr<'f32'>): Expr<'f32'> => {
  const perHead: Side = { batch: [0, 2], over: [3] }
  const logits = $.contract($.mul(q, $.fill(1 / Math.sqrt(q.shape[3] ?? 1), q)), k, { left: perHead, right: perHead })
  const [biased = logits] = bias === undefined ? [logits] : [add(logits as Expr<'f32'>, bias)]
  const weights = $.softmax(biased, { axis: 3 })
  const mixed = $.contract(weights, v, { left: { batch: [0, 1], over: [3] }, right: { batch: [0, 2], over: [1] } })
  return $.transpose(mixed, { order: [0, 2, 1, 3] }) as Expr<'f32'>
}

// random ---------------------------------------------------------------------------------

/** Uniform `u32` words from a key, `[2]` of `u32`. */
export const randomBits =
  (shape: Shape) =>
  (key: Expr<'u32'>): Expr<'u32'> =>
    $.randomBits(key, { shape }) as Expr<'u32'>

/** `n` independent keys. */
export const splitKey =
  (n: number) =>
  (key: Expr<'u32'>): ReadonlyArray<Expr<'u32'>> => {
    const words = randomBits([2 * n])(key)
    return range(n).map((i) => narrow(0, 2 * i, 2 * i + 2)(words))
  }

const unit = (words: Expr): Expr => {
  // 24 bits, so that every value is exact in f32 and 1 is never reached.
  const high = $.cast($.div(words, $.fill(256, words)), { to: 'f32' })
  return $.mul(high, $.fill(2 ** -24, high))
}

/** Uniform in `[0, 1)`, 24 bits. */
export const uniform =
  <const S extends Shape>(shape: S) =>
  (key: Expr<'u32'>): Expr<'f32', S> =>
    unit(randomBits(shape)(key)) as Expr<'f32', S>

/** Standard normal numbers (Box and Muller): two uniforms give two normals. */
export const normal =
  <const S extends Shape>(shape: S) =>
  (key: Expr<'u32'>): Expr<'f32', S> => {
    const n = size(shape)
    const half = Math.ceil(n / 2)
    const words = randomBits([2 * half])(key)
    const u = unit(narrow(0, 0, half)(words))
    const v = unit(narrow(0, half, 2 * half)(words))
    const radius = sqrt(scale(-2)(log($.sub($.fill(1, u), u))))
    const angle = scale(2 * Math.PI)(v)
    const both = $.concat([$.mul(radius, cos(angle)), $.mul(radius, sin(angle))], { axis: 0 })
    return reshape(shape)(narrow(0, 0, n)(both as Expr<'f32'>)) as Expr<'f32', S>
  }

// refinement -----------------------------------------------------------------------------

const expected: Op = composite<{ readonly shape: Shape }>({
  name: 'expect',
  equation: 'x, whose shape is known to be the given one',
  arity: 1,
  typing: ([x], { shape }) =>
    x !== undefined && sameShape(x.shape, shape) ? x : { _tag: 'Unexpected', expected: shape, got: x?.shape ?? [] },
  examples: [],
  define:
    () =>
    ([x]) =>
      x as Expr,
  vjp: 'derived',
  jvp: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

/** A shape of which the types lost sight, checked when the graph is built. */
export const expect =
  <const S extends Shape>(shape: S) =>
  <D extends DType>(x: Expr<D>): Expr<D, S> =>
    (x.faults.length > 0 || sameShape(x.shape, shape) ? x : apply(expected, [x], { shape })) as Expr<D, S>

// other families -------------------------------------------------------------------------

export {
  addAlong,
  argmax,
  argmin,
  cumulativeSum,
  oneHot,
  roll,
  rope,
  scatterAdd,
  take,
  takeAlong,
  topK
} from './indexing.ts'
export {
  averagePool,
  convolve,
  deconvolve,
  extend,
  groupNorm,
  maxPool,
  plainly,
  tiles,
  upsampleNearest,
  type Amounts,
  type Continuation,
  type Convolution,
  type Divisor,
  type Pooling
} from './spatial.ts'

export type { Dim, DType, Expr, Shape }
// Brings every family's part of `Builder` to those who write operations of their own.
export type { Contract, Side } from './registry.ts'

/** Each element by itself: functions of one operand, and of several that are broadcast to one shape. */
import { isFloat, type DType, type Float } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import type { Out, Shape, Together } from '../../core/Shape.ts'
import { floating } from '../kinds.ts'
import { $, type Unary } from '../registry.ts'
import { inNameOf, sound } from './instead.ts'
import type { Fits, Kinds, Needs } from './needs.ts'
import { together } from './stretch.ts'

// one operand ----------------------------------------------------------------------------

export type Elementwise = Unary

/** Each element by itself, of element types of one kind. */
export interface Of<Op extends string, Kind extends keyof Kinds = 'floats'> {
  <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<Op, Kind, D>): Expr<D, S>
}

/** Of one argument, so that it can be mapped over arrays. */
const elementwise =
  (operation: Unary): Elementwise =>
  (x) =>
    operation(x)

export const neg: Of<'neg', 'signed numbers'> = elementwise($.neg)
export const abs: Of<'abs', 'signed numbers'> = elementwise($.abs)
export const sign: Of<'sign', 'signed numbers'> = elementwise($.sign)
export const floor: Of<'floor'> = elementwise($.floor)
/** The smallest integer not below `x`. */
export const ceil: Of<'ceil'> = (x) => inNameOf('ceil', [x], $.neg($.floor($.neg(x))), floating)

/** Of numbers that are not negative. */
const nearest = <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> => {
  const below = $.floor(x)
  const [past, half, pairs] = [$.sub(x, below), $.fill(0.5, x), $.mul(below, $.fill(0.5, x))]
  const tieUp = $.and($.equal(past, half), $.not($.equal($.floor(pairs), pairs)))
  return $.sub(below, $.where($.or($.less(half, past), tieUp), $.fill(-1, x), $.fill(0, x)))
}

/** By size and sign, in arithmetic that keeps the sign of zero; onnxruntime's choice of one of two does not. */
const rounded = <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> => {
  const side = $.where($.less(x, $.fill(0, x)), $.fill(-1, x), $.fill(1, x))
  return $.mul(nearest($.mul(x, side)), side)
}

/** The nearest integer, of two the even one (NumPy, PyTorch); the derivative is 0. */
export const round: Of<'round'> = (x) => inNameOf('round', [x], rounded(x), floating)
export const exp: Of<'exp'> = elementwise($.exp)
/** `2ˣ`. */
export const exp2: Of<'exp2'> = (x) => inNameOf('exp2', [x], $.pow($.fill(2, x), x), floating)
export const log: Of<'log'> = elementwise($.log)
/** `ln x / ln 2`. */
export const log2: Of<'log2'> = (x) => inNameOf('log2', [x], $.mul($.log(x), $.fill(Math.LOG2E, x)), floating)
export const sqrt: Of<'sqrt'> = elementwise($.sqrt)
export const rsqrt: Of<'rsqrt'> = elementwise($.rsqrt)
export const reciprocal: Of<'reciprocal'> = elementwise($.reciprocal)
export const sin: Of<'sin'> = elementwise($.sin)
export const cos: Of<'cos'> = elementwise($.cos)
/** `sin x / cos x`. */
export const tan: Of<'tan'> = (x) => inNameOf('tan', [x], $.div($.sin(x), $.cos(x)), floating)
/** The angle between −π/2 and π/2 whose tangent is `x`. */
export const atan: Of<'atan'> = elementwise($.atan)

/** `1 − x²`, which loses no digits near ±1. */
const complement = <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> =>
  $.mul($.sub($.fill(1, x), x), $.add($.fill(1, x), x))

/** The angle between −π/2 and π/2 whose sine is `x`; no number beyond ±1, where its slope is not finite. */
export const asin: Of<'asin'> = (x) => inNameOf('asin', [x], $.atan($.mul(x, $.rsqrt(complement(x)))), floating)

/** The angle between 0 and π whose cosine is `x`; no number beyond ±1, where its slope is not finite. */
export const acos: Of<'acos'> = (x) => {
  const halfTangent = $.sqrt($.div($.sub($.fill(1, x), x), $.add($.fill(1, x), x)))
  return inNameOf('acos', [x], $.mul($.atan(halfTangent), $.fill(2, x)), floating)
}
export const tanh: Of<'tanh'> = elementwise($.tanh)
export const sigmoid: Of<'sigmoid'> = elementwise($.sigmoid)
export const erf: Of<'erf'> = elementwise($.erf)
/** The `y` with `erf y = x`, to 1e-6 of it, for −1 < x < 1. */
export const erfinv: Of<'erfinv'> = elementwise($.erfinv)
export const expm1: Of<'expm1'> = elementwise($.expm1)
export const log1p: Of<'log1p'> = elementwise($.log1p)
export const relu: Of<'relu'> = elementwise($.relu)
export const not: Of<'not', 'truth values'> = elementwise($.not)
/** `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`. */
export const geluTanh: Of<'geluTanh'> = elementwise($.geluTanh)
/** `x Φ(x)`. */
export const gelu: Of<'gelu'> = elementwise($.gelu)
export const silu: Of<'silu'> = elementwise($.silu)
export const softplus: Of<'softplus'> = elementwise($.softplus)
/** `ln σ(x)`, which is finite wherever `x` is. */
export const logSigmoid: Of<'logSigmoid'> = (x) => inNameOf('logSigmoid', [x], $.neg($.softplus($.neg(x))), floating)
/** The operand, held constant by every derivative. */
export const stopGradient: Elementwise = elementwise($.stopGradient)
export const square: Of<'square', 'numbers'> = (x) => inNameOf('square', [x], $.mul(x, x))

/** `k x`. */
export const scale =
  (k: number): Of<'scale', 'numbers'> =>
  (x) =>
    inNameOf('scale', [x], $.mul(x, $.fill(k, x)))

/** `x + k`. */
export const offset =
  (k: number): Of<'offset', 'numbers'> =>
  (x) =>
    inNameOf('offset', [x], $.add(x, $.fill(k, x)))

/** `x` held between `min` and `max`; the derivative outside is 0. */
export const clamp =
  (min: number, max: number): Of<'clamp', 'numbers'> =>
  (x) =>
    inNameOf('clamp', [x], $.minimum($.maximum(x, $.fill(min, x)), $.fill(max, x)))

/** `x < 0 ? slope x : x`. */
export const leakyRelu =
  (slope: number): Of<'leakyRelu'> =>
  (x) =>
    inNameOf('leakyRelu', [x], $.where($.less(x, $.fill(0, x)), $.mul(x, $.fill(slope, x)), x), floating)

/** `x < 0 ? alpha (eˣ − 1) : x`. */
export const elu =
  (alpha = 1): Of<'elu'> =>
  (x) =>
    inNameOf('elu', [x], $.where($.less(x, $.fill(0, x)), $.mul($.expm1(x), $.fill(alpha, x)), x), floating)

/** What is asked of each element by itself. */
export interface Asks<Op extends string> {
  <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<Op, 'floats', D>): Expr<'bool', S>
}

/** Where there is no number. */
export const isNaN: Asks<'isNaN'> = (x) => $.isNaN(x)
/** Where there is neither an infinity nor no number. */
export const isFinite: Asks<'isFinite'> = (x) => $.isFinite(x)

const isOf = <D extends DType, S extends Shape>(x: Expr<DType, S>, dtype: D): x is Expr<D, S> => x.dtype === dtype

export const cast =
  <const E extends DType>(to: E) =>
  <S extends Shape>(x: Expr<DType, S>): Expr<E, S> =>
    isOf(x, to) ? x : $.cast(x, { to })

// two operands ---------------------------------------------------------------------------

/** An operation on two tensors: `op(x, y)`, or `pipe(x, op(y))`. */
export interface Binary<Op extends string, T extends DType = Kinds['numbers']> {
  <D extends DType, B extends Shape>(
    y: Expr<D, B>
  ): <A extends Shape>(x: Expr<NoInfer<D>, A> & Fits<Op, T, D, A, B>) => Expr<D, Out<Together<A, B>>>
  <D extends DType, A extends Shape, B extends Shape>(
    x: Expr<D, A>,
    y: Expr<NoInfer<D>, B> & Fits<Op, T, D, A, B>
  ): Expr<D, Out<Together<A, B>>>
}

/** A comparison of two tensors. */
export interface Comparison<Op extends string, T extends DType = Kinds['numbers']> {
  <D extends DType, A extends Shape, B extends Shape>(
    x: Expr<D, A>,
    y: Expr<NoInfer<D>, B> & Fits<Op, T, D, A, B>
  ): Expr<'bool', Out<Together<A, B>>>
}

/** Of truth values. */
export interface Logic<Op extends string> {
  <A extends Shape, B extends Shape>(
    x: Expr<'bool', A>,
    y: Expr<'bool', B> & Fits<Op, 'bool', 'bool', A, B>
  ): Expr<'bool', Out<Together<A, B>>>
}

const broadcasting = (operation: (x: Expr, y: Expr) => Expr): ((...xs: ReadonlyArray<Expr>) => unknown) => {
  const build = (x: Expr, y: Expr): Expr => {
    const [a = x, b = y] = together([x, y])
    return operation(a, b)
  }
  return (x, y) => (x === undefined ? undefined : y === undefined ? (z: Expr) => build(z, x) : build(x, y))
}

type Untyped = (x: Expr, y: Expr) => Expr

/** What is made of operations, of operands that one of them takes: it says in that name what they are not. */
const taking =
  (op: string, takes: Untyped, make: Untyped): Untyped =>
  (x, y) => {
    const taken = takes(x, y)
    return inNameOf(op, [x, y], sound(taken) ? make(x, y) : taken)
  }

const binary = <Op extends string, T extends DType>(operation: (x: Expr, y: Expr) => Expr): Binary<Op, T> =>
  broadcasting(operation) as Binary<Op, T>
const comparison = <Op extends string, T extends DType>(operation: (x: Expr, y: Expr) => Expr): Comparison<Op, T> =>
  broadcasting(operation) as Comparison<Op, T>
const logic = <Op extends string>(operation: (x: Expr, y: Expr) => Expr): Logic<Op> =>
  broadcasting(operation) as Logic<Op>

export const add: Binary<'add'> = binary($.add)
export const sub: Binary<'sub'> = binary($.sub)
export const mul: Binary<'mul'> = binary($.mul)
/** `x / y`; of integers toward zero (C, WGSL, `jax.lax.div`; not `//`), and `x` where `y` is 0. */
export const div: Binary<'div'> = binary($.div)
export const pow: Binary<'pow', Float> = binary($.pow)

const remainder = (x: Expr, y: Expr): Expr => {
  const quotient = $.div(x, y)
  // Of what is less than an infinite divisor, the whole quotient is 0 and takes nothing away.
  const rest = $.sub(x, isFloat(x.dtype) ? $.annihilate($.floor(quotient), y) : $.mul(quotient, y))
  const zero = $.fill(0, x)
  const sameSign = $.equal($.less(rest, zero), $.less(y, zero))
  return $.where($.or($.equal(rest, zero), sameSign), rest, $.add(rest, y))
}

/**
 * What division by `y` leaves of `x`, with the sign of `y` (Python, NumPy): `x − ⌊x / y⌋ y`.
 *
 * - of floats right to the rounding of `⌊x / y⌋ y`, and no number where `y` is 0; of integers exact, and `x` where `y` is 0
 */
export const mod: Binary<'mod'> = binary(taking('mod', $.div, remainder))

/** From the nearer axis, so that no quotient is above 1. */
const angle = (y: Expr, x: Expr): Expr => {
  const zero = $.fill(0, x)
  const steep = $.less($.abs(x), $.abs(y))
  const along = $.where(steep, y, x)
  const origin = $.equal(along, zero)
  const found = $.atan($.div($.where(steep, x, y), $.where(origin, $.fill(1, x), along)))
  const upward = (size: number): Expr => $.where($.less(y, zero), $.fill(-size, x), $.fill(size, x))
  const level = $.add(found, $.where($.less(x, zero), upward(Math.PI), zero))
  return $.where(origin, zero, $.where(steep, $.sub(upward(Math.PI / 2), found), level))
}

/**
 * The angle of the point `(x, y)`, between −π and π: `atan2(y, x)`, finite; 0, with gradient 0, at the origin. The sign of
 * a zero says nothing.
 */
export const atan2: Binary<'atan2', Float> = binary(
  taking('atan2', (y, x) => inNameOf('atan2', [y], $.div(y, x), floating), angle)
)
export const maximum: Binary<'maximum'> = binary($.maximum)
export const minimum: Binary<'minimum'> = binary($.minimum)
export const less: Comparison<'less'> = comparison($.less)
export const lessEqual: Comparison<'lessEqual'> = comparison($.lessEqual)
/** `x > y`. */
export const greater: Comparison<'greater'> = comparison(taking('greater', $.less, (x, y) => $.less(y, x)))
/** `x ≥ y`. */
export const greaterEqual: Comparison<'greaterEqual'> = comparison(
  taking('greaterEqual', $.lessEqual, (x, y) => $.lessEqual(y, x))
)
export const equal: Comparison<'equal', DType> = comparison($.equal)
/** `x ≠ y`; no number is equal to anything, itself included. */
export const notEqual: Comparison<'notEqual', DType> = comparison(
  taking('notEqual', $.equal, (x, y) => $.not($.equal(x, y)))
)
export const and: Logic<'and'> = logic($.and)
export const or: Logic<'or'> = logic($.or)

/**
 * `x` where the condition holds, else `y`. What is not used gets the gradient 0, even where it or its derivative is
 * infinite or no number: `where(less(zero, x), log(x), zero)` needs no second `where` inside.
 */
export const where = <D extends DType, A extends Shape, B extends Shape>(
  condition: Expr<'bool'>,
  x: Expr<D, A>,
  y: Expr<NoInfer<D>, B> & Fits<'where', DType, D, A, B>
): Expr<D, Out<Together<A, B>>> => {
  const [c = condition, a = x, b = y] = together([condition, x, y])
  return $.where(c, a, b) as Expr<D, Out<Together<A, B>>>
}

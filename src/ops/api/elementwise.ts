/** Each element by itself: functions of one operand, and of several that are broadcast to one shape. */
import type { DType, Float } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import type { Out, Shape, Together } from '../../core/Shape.ts'
import { floating } from '../kinds.ts'
import { $, type Unary } from '../registry.ts'
import { inNameOf } from './instead.ts'
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
export const exp: Of<'exp'> = elementwise($.exp)
export const log: Of<'log'> = elementwise($.log)
export const sqrt: Of<'sqrt'> = elementwise($.sqrt)
export const rsqrt: Of<'rsqrt'> = elementwise($.rsqrt)
export const reciprocal: Of<'reciprocal'> = elementwise($.reciprocal)
export const sin: Of<'sin'> = elementwise($.sin)
export const cos: Of<'cos'> = elementwise($.cos)
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
export const maximum: Binary<'maximum'> = binary($.maximum)
export const minimum: Binary<'minimum'> = binary($.minimum)
export const less: Comparison<'less'> = comparison($.less)
export const lessEqual: Comparison<'lessEqual'> = comparison($.lessEqual)
export const equal: Comparison<'equal', DType> = comparison($.equal)
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

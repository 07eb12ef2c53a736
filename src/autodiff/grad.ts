/** Gradients of functions of parameter trees. A gradient is a tree of graphs: it can be differentiated again. */
import { isFloat } from '../core/DType.ts'
import { isExpr, misfit, type Expr } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { substitute } from '../core/Lambda.ts'
import { trees, type Trees } from '../core/Tree.ts'
import { $ } from '../ops/registry.ts'
import { abstracted } from './abstracted.ts'
import { leavesOf, refilled } from './exprs.ts'
import { vjp } from './vjp.ts'

export { exprs } from './exprs.ts'

/** Trees of `f32` expressions: parameters, and whatever has their form. */
export const reals: Trees<Expr<'f32'>> = trees((value): value is Expr<'f32'> => isExpr(value))

/** The cotangent of a value, pulled back to every leaf of a tree. */
export const pullback =
  (value: Expr, cotangent: Expr) =>
  <T>(params: T): T =>
    refilled(params, vjp([value], leavesOf(params))([cotangent]))

/** What has no gradient: many numbers, whose derivative is a `jacobian`, and what does not move. */
const unsloped = (op: string, { dtype, shape }: Expr): Fault | undefined =>
  shape.length > 0
    ? { _tag: 'Invalid', op, why: `needs one number to differentiate, got [${shape}]; take its sum or mean` }
    : isFloat(dtype)
      ? undefined
      : { _tag: 'WrongDType', op, expected: 'a float to differentiate', got: dtype }

/** The cotangent of a scalar that gives its gradient: 1. */
export const unit = (value: Expr, op = 'grad'): Expr => {
  const fault = value.faults.length > 0 ? undefined : unsloped(op, value)
  return fault === undefined ? $.fill(1, value) : misfit(fault)
}

/** The gradient of a scalar with respect to every leaf of a tree, which are numbers of a floating type. */
export const gradOf = (value: Expr): (<T>(params: T) => T) => pullback(value, unit(value))

/** `grad : (T → scalar) → T → T`. What `f` captures is constant, its own parameters too. */
export const grad =
  <T>(f: (params: T) => Expr) =>
  (params: T): T => {
    const { tree, variables, given, filled } = abstracted(params)
    const gradient = leavesOf(gradOf(f(tree))(tree))
    return filled(substitute(gradient, variables, given))
  }

export interface ValueAndGrad<T, V extends Expr, A> {
  readonly value: V
  readonly gradient: T
  /** Whatever else the function gave back. */
  readonly aux: A
}

/** The value, its gradient, and what the function computed on the way: trees of expressions. Captured as by `grad`. */
export const valueAndGrad =
  <T, V extends Expr, A>(f: (params: T) => { readonly value: V; readonly aux: A }) =>
  (params: T): ValueAndGrad<T, V, A> => {
    const { tree, variables, given } = abstracted(params)
    const { value, aux } = f(tree)
    const inside = { value, aux, gradient: gradOf(value)(tree) }
    return refilled(inside, substitute(leavesOf(inside), variables, given))
  }

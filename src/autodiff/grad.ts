/** Gradients of functions of parameter trees. A gradient is a tree of graphs: it can be differentiated again. */
import { isExpr, scalar, type Expr } from '../core/Expr.ts'
import { trees, type Mapped, type Trees } from '../core/Tree.ts'
import { vjp } from './vjp.ts'

/** Trees of expressions. */
export const exprs: Trees<Expr> = trees(isExpr)

/** The gradient of a scalar with respect to every leaf of a tree. */
export const gradOf =
  (value: Expr) =>
  <T>(params: T): Mapped<T, Expr, Expr> => {
    const leaves = exprs.flatten(params)
    const cotangents = vjp(
      [value],
      leaves.map(([, x]) => x)
    )([scalar(1, 'f32')])
    return exprs.unflatten(params, new Map(leaves.map(([name], i) => [name, cotangents[i] as Expr])))
  }

/** `grad : (T → scalar) → T → T`. */
export const grad =
  <T>(f: (params: T) => Expr) =>
  (params: T): Mapped<T, Expr, Expr> =>
    gradOf(f(params))(params)

export interface ValueAndGrad<T, V extends Expr, A> {
  readonly value: V
  readonly gradient: Mapped<T, Expr, Expr>
  /** Whatever else the function gave back. */
  readonly aux: A
}

/** The value, its gradient, and what the function computed on the way. */
export const valueAndGrad =
  <T, V extends Expr, A>(f: (params: T) => { readonly value: V; readonly aux: A }) =>
  (params: T): ValueAndGrad<T, V, A> => {
    const { value, aux } = f(params)
    return { value, aux, gradient: gradOf(value)(params) }
  }

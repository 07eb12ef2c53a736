/**
 * Derivatives as arrays, and products with second derivatives, which need no array: forward over reverse.
 *
 * Source: Pearlmutter 1994, "Fast exact multiplication by the Hessian".
 */
import { isFloat } from '../core/DType.ts'
import { misfit, variable, type Expr } from '../core/Expr.ts'
import { substitute } from '../core/Lambda.ts'
import { range, size } from '../core/Shape.ts'
import { $ } from '../ops/registry.ts'
import { abstracted } from './abstracted.ts'
import { batched } from './batched.ts'
import { exprs } from './exprs.ts'
import { unit } from './grad.ts'
import { jvp } from './jvp.ts'
import { vjp } from './vjp.ts'

// jacobian -------------------------------------------------------------------------------

/** All unit vectors of a space, `[size, …shape]`. */
const basis = ({ dtype, shape }: Expr): Expr => {
  const n = size(shape)
  const place = (axis: number): Expr => $.iota({ shape: [n, n], axis, dtype: 'i32' })
  return $.reshape($.cast($.equal(place(0), place(1)), { to: dtype }), { shape: [n, ...shape] })
}

const byRows = (x: Expr, y: Expr): Expr => {
  const cotangent = variable(y)
  const [rows] = batched(vjp([y], [x])([cotangent]), [cotangent], [basis(y)], size(y.shape))
  return $.reshape(rows, { shape: [...y.shape, ...x.shape] })
}

const byColumns = (x: Expr, y: Expr): Expr => {
  const tangent = variable(x)
  const [columns] = batched(jvp([y], [x])([tangent]), [tangent], [basis(x)], size(x.shape))
  const turned = $.transpose(columns, { order: [...range(y.shape.length).map((i) => i + 1), 0] })
  return $.reshape(turned, { shape: [...y.shape, ...x.shape] })
}

const jacobianFor =
  (op: string) =>
  (f: (x: Expr) => Expr) =>
  (x: Expr): Expr => {
    const own = variable(x)
    const y = f(own)
    const faulty = [x, y].find(({ faults }) => faults.length > 0)
    if (faulty !== undefined) return faulty
    const unmoved = [x, y].find(({ dtype }) => !isFloat(dtype))
    if (unmoved !== undefined)
      return misfit({ _tag: 'WrongDType', op, expected: 'a float to differentiate', got: unmoved.dtype })
    const found = size(own.shape) < size(y.shape) ? byColumns(own, y) : byRows(own, y)
    const [result] = substitute([found], [own], [x])
    return result
  }

/**
 * `∂y/∂x` of `y = f(x)`, by rows or by columns, whichever are fewer.
 *
 * - `x`, `y` of a floating type; result `[…y, …x]`
 */
export const jacobian: (f: (x: Expr) => Expr) => (x: Expr) => Expr = jacobianFor('jacobian')

// second order ---------------------------------------------------------------------------

/**
 * `∂²y/∂x²` of a number `y = f(x)`: the jacobian of its gradient.
 *
 * - `x` of a floating type; result `[…x, …x]`. Products with it need no array: `hessianVectorProduct`
 */
export const hessian = (f: (x: Expr) => Expr): ((x: Expr) => Expr) =>
  jacobianFor('hessian')((x) => {
    const y = f(x)
    const [slope] = vjp([y], [x])([unit(y, 'hessian')])
    return y.faults.length > 0 ? y : slope
  })

/**
 * `H v`: the derivative of the gradient of a scalar `f` in the direction `v`, for trees of parameters and directions of
 * one form. Costs a few evaluations of `f`, whatever the number of parameters.
 */
export const hessianVectorProduct =
  <T>(f: (params: T) => Expr) =>
  (params: T, direction: T): T => {
    const { tree, variables, given, filled } = abstracted(params)
    const value = f(tree)
    const gradient = vjp([value], variables)([unit(value)])
    const toward = new Map(exprs.flatten(direction))
    const tangents = exprs.flatten(params).map(([name, x]) => toward.get(name) ?? $.fill(0, x))
    const product = jvp(gradient, variables)(tangents)
    return filled(substitute(product, variables, given))
  }

/**
 * Matrices in the last two axes. Their parts, of any size; and the linear algebra of small ones (up to about 32 rows),
 * `[…, n, n]`, written out row by row, with derivatives.
 */
import type { DType } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { sizeAt, type Dim, type Shape } from '../../core/Shape.ts'
import { floating, numeric } from '../kinds.ts'
import { $ } from '../registry.ts'
import { matmul } from './contractions.ts'
import { shaped } from './axes.ts'
import { inNameOf, tooFewAxes } from './instead.ts'
import type { Needs } from './needs.ts'
import { stretch } from './stretch.ts'

// parts ----------------------------------------------------------------------------------

type Order = (x: Expr<'i32'>, y: Expr<'i32'>) => Expr<'bool'>

/** Where the number of the column, and that of the row and `k`, are in an order; elsewhere 0. */
const part = <D extends DType, S extends Shape>(op: string, x: Expr<D, S>, k: number, order: Order): Expr<D, S> => {
  if (x.shape.length < 2) return shaped(tooFewAxes(op, 2, x))
  const shape = [sizeAt(x.shape, -2), sizeAt(x.shape, -1)]
  const [rows, columns] = [$.iota({ shape, axis: 0, dtype: 'i32' }), $.iota({ shape, axis: 1, dtype: 'i32' })]
  const kept = order(columns, $.add(rows, $.fill(k, rows)))
  return inNameOf(op, [x], $.where(stretch(kept, x.shape), x, $.fill(0, x)))
}

/**
 * The elements on the diagonal and below it, 0 above; the diagonal is the `k`-th above that of the matrix.
 *
 * - `x` `[…, n, m]`
 */
export const tril =
  (k = 0) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> =>
    part('tril', x, k, $.lessEqual)

/**
 * The elements on the diagonal and above it, 0 below; the diagonal is the `k`-th above that of the matrix.
 *
 * - `x` `[…, n, m]`
 */
export const triu =
  (k = 0) =>
  <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> =>
    part('triu', x, k, (column, row) => $.lessEqual(row, column))

type Leading<S extends Shape> = S extends readonly [...infer L extends Shape, Dim, Dim] ? readonly [...L] : Shape

/**
 * The sum of the elements on the diagonal.
 *
 * - `x` `[…, n, m]`, result `[…]`
 */
export const trace = <D extends DType, S extends Shape>(
  x: Expr<D, S> & Needs<'trace', 'numbers', D>
): Expr<D, Leading<S>> => {
  const rank = x.shape.length
  const diagonal = part<D, Shape>('trace', x, 0, $.equal)
  const total = rank < 2 ? diagonal : $.sum(diagonal, { axes: [rank - 2, rank - 1] })
  return shaped(inNameOf('trace', [x], total, numeric))
}

// linear algebra -------------------------------------------------------------------------

type Matrices = <S extends Shape>(a: Expr<'f32', S>) => Expr<'f32', S>

/**
 * The lower `l` with `l lᵀ = a`, of symmetric positive definite matrices (what is not symmetric is made so first).
 *
 * - `ridge` is added to the diagonal first; no number where the matrix is not positive definite
 */
export const cholesky =
  (ridge = 0): Matrices =>
  (a) =>
    $.cholesky(a, { ridge })

/** The inverse of regular matrices; `ridge` is added to the diagonal first. */
export const inverse =
  (ridge = 0): Matrices =>
  (a) =>
    $.inverse(a, { ridge })

/**
 * The solution of `a x = b`, of regular matrices; for matrices that are symmetric and positive definite `cholesky` and
 * two of `triangularSolve` lose fewer digits.
 *
 * - `a` `[…, n, n]`, `b` and the result `[…, n, m]`; no number where the matrix is singular
 */
export const solve = <S extends Shape>(a: Expr<'f32'>, b: Expr<'f32', S>): Expr<'f32', S> =>
  inNameOf('solve', [a, b], matmul($.inverse(a, { ridge: 0 }), b as Expr<'f32'>), floating) as Expr<'f32', S>

/**
 * The solution of `l x = b`, or of `lᵀ x = b`.
 *
 * - `l` `[…, n, n]`, of which the lower half is read, `b` and the result `[…, n, m]`
 */
export const triangularSolve =
  (system: 'plain' | 'transposed' = 'plain') =>
  <S extends Shape>(l: Expr<'f32'>, b: Expr<'f32', S>): Expr<'f32', S> =>
    $.triangularSolve(l, b, { transposed: system === 'transposed' })

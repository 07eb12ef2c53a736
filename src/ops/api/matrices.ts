/** Linear algebra of small matrices (up to about 32 rows), `[…, n, n]`: written out row by row, with derivatives. */
import type { Expr } from '../../core/Expr.ts'
import type { Shape } from '../../core/Shape.ts'
import { $ } from '../registry.ts'

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
 * The solution of `l x = b`, or of `lᵀ x = b`.
 *
 * - `l` `[…, n, n]`, of which the lower half is read, `b` and the result `[…, n, m]`
 */
export const triangularSolve =
  (system: 'plain' | 'transposed' = 'plain') =>
  <S extends Shape>(l: Expr<'f32'>, b: Expr<'f32', S>): Expr<'f32', S> =>
    $.triangularSolve(l, b, { transposed: system === 'transposed' })

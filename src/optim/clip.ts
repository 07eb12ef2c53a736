/** What is done to gradients before they are used: one length for all of them together, and no number that is none. */
import { reals } from '../autodiff/grad.ts'
import type { Expr } from '../core/Expr.ts'
import { leafwise } from '../core/Tree.ts'
import { add, div, equal, fill, minimum, offset, sqrt, square, sum, where, zerosLike } from '../ops/api.ts'

type Real = Expr<'f32'>

/** The Euclidean norm of all leaves of a tree as one vector: `[]`. */
export const globalNorm = <T>(tree: T): Real =>
  sqrt(
    reals
      .flatten(tree)
      .map(([, x]) => sum('all')(square(x)))
      .reduce<Real>((total, x) => add(total, x), fill(0, []))
  )

/** `min(1, limit/(norm + 10⁻⁶))`: what a gradient of that norm is multiplied by, so that it is at most `limit` long. */
export const clipFactor = (limit: number, norm: Real): Real =>
  minimum(fill(1, []), div(fill(limit, []), offset(1e-6)(norm)))

/** The tree with 0 wherever an element is not a number. */
export const scrub = <T>(tree: T): T => leafwise(reals)(tree)((x) => where(equal(x, x), x, zerosLike(x)))

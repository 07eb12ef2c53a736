/**
 * Averages of parameters over training. A rate says how much of the average is kept at a step: 0 copies, 1 freezes.
 *
 * Laws: identity 40.   Source: spec 2.10; Karras et al. 2023 (arXiv 2312.02696) for the power law.
 */
import { reals } from '../autodiff/grad.ts'
import type { Expr } from '../core/Expr.ts'
import { leafwise } from '../core/Tree.ts'
import { add, clamp, exp, fill, log1p, mul, neg, offset, reciprocal, scale } from '../ops/api.ts'

type Real = Expr<'f32'>

/** What is kept of the average at a step, `[]`; steps count from 1. */
export type Rate = (step: Real) => Real

/** Always `beta`. */
export const constantRate =
  (beta: number): Rate =>
  () =>
    fill(beta, [])

/** `(1 − 1/step)^(γ + 1)`: the average covers a fixed fraction of training. 0 at the first step. */
export const powerRate =
  (gamma: number): Rate =>
  (step) =>
    exp(scale(gamma + 1)(log1p(neg(reciprocal(step)))))

export interface HalfLife {
  /** In thousands of samples. */
  readonly halfLife: number
  readonly batch: number
}

/** `½^(batch / min(1000 halfLife, seen/20))`, where `seen` samples came before this step. 0 at the first step. */
export const halfLifeRate =
  ({ halfLife, batch }: HalfLife): Rate =>
  (step) => {
    const seen = scale(0.05 * batch)(offset(-1)(step))
    return exp(scale(-Math.LN2 * batch)(reciprocal(clamp(1e-8, 1000 * halfLife)(seen))))
  }

/** `β a + (1 − β) p`. */
export const updateAverage =
  (beta: Real) =>
  (average: Real, param: Real): Real =>
    add(mul(average, beta), mul(param, offset(1)(neg(beta))))

/** `updateAverage` for a tree of averages and the parameters that they are of. */
export const updateAverages =
  (beta: Real) =>
  <T>(averages: T, params: T): T =>
    leafwise(reals)(averages, params)(updateAverage(beta))

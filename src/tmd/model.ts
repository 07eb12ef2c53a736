/**
 * Models as the method sees them: functions of parameters. `P` is a tree of parameters, `C` a condition (a tree of
 * expressions with the batch as first axis), `M` the main features that a backbone hands to its head.
 */
import type { Expr } from '../core/Expr.ts'
import { leafwise } from '../core/Tree.ts'
import { exprs } from '../autodiff/grad.ts'
import { alongBatch } from '../ops/perSample.ts'
import { less, scalar, where } from '../ops/api.ts'
import type { InnerNoise } from '../flow/flowMap.ts'
import { guide, toData } from '../flow/path.ts'
import { constantTime, type Time } from '../nn/time.ts'
import type { Real } from '../nn/params.ts'

/** The velocity at `x` `[batch, …]` and time `t`, under a condition. */
export type VelocityModel<P, C> = (params: P, x: Real, t: Time, context: C) => Real

/** A velocity model cut in two: a backbone for the outer time, and a head that is asked at every inner time. */
export interface StudentModel<P, C, M = Real> {
  readonly backbone: (params: P, x: Real, t: Time, context: C) => M
  /** The prediction of the inner target for a step from `s` of length `span = s − r`. */
  readonly head: (params: P, m: M, y: Real, s: Time, span: Time, context: C) => Real
}

/**
 * A velocity model as a student whose head does nothing: with one inner step, the method is then DMD2-v.
 *
 * Laws: identity 31.
 */
export const withoutHead = <P, C>(velocity: VelocityModel<P, C>): StudentModel<P, C> => ({
  backbone: velocity,
  head: (_, m) => m
})

/** A head with everything filled in but the state and the times. */
export type Head = (y: Real, s: Time, span: Time) => Real

/** A student's two halves joined: `m` is computed once, for all steps of the head. */
export const headAt =
  <P, C, M>({ backbone, head }: StudentModel<P, C, M>) =>
  (params: P, xt: Real, t: Time, context: C): Head => {
    const m = backbone(params, xt, t, context)
    return (y, s, span) => head(params, m, y, s, span, context)
  }

/** What the inner flow leads to: `y = x₁ − x`, or the data `y = x` themselves (App. B.4). */
export type Target = 'velocity' | 'data'

/** What a head is read as: its target, and the noise behind `u`. For a target of data only the implied noise exists. */
export type Aim =
  | { readonly target: 'velocity'; readonly noise: InnerNoise }
  | { readonly target: 'data'; readonly noise: 'implied' }

/** A head that predicts the data, `x_t − t h`, if those are the target. */
export const aimed =
  (target: Target, xt: Real, t: Time) =>
  (head: Head): Head =>
    target === 'velocity' ? head : (y, s, span) => toData(xt, head(y, s, span), t.value)

/** The data that a velocity model expects behind `x_t`. */
export const denoised =
  <P, C>(velocity: VelocityModel<P, C>) =>
  (params: P, xt: Real, t: Time, context: C): Real =>
    toData(xt, velocity(params, xt, t, context), t.value)

/** The same under guidance: `D₋ + ω (D₊ − D₋)`. */
export const denoisedGuided =
  <P, C>(velocity: VelocityModel<P, C>, omega: number) =>
  (params: P, xt: Real, t: Time, context: C, negative: C): Real => {
    const positive = denoised(velocity)(params, xt, t, context)
    return omega === 1 ? positive : guide(omega, positive, denoised(velocity)(params, xt, t, negative))
  }

/** A number as a time of a whole batch. */
export type Clock = (t: number) => Time

/** A clock for the batch and the features of another time. */
export const clockLike = ({ features }: Time): Clock => constantTime(features.shape[0] ?? 1, features.shape[1] ?? 0)

/** The condition where `kept` `[batch]` is 1, the negative one where it is 0. */
export const keepContext = <C>(kept: Real, context: C, negative: C): C => {
  const chosen = less(scalar(0.5), kept)
  const choose = (c: Expr, n: Expr): Expr => where(alongBatch(c)(chosen), c, n)
  return leafwise(exprs)(context, negative)(choose)
}

/**
 * Flows in closed form: what velocity, score and flow map are when the data are Gaussian, or a mixture of Gaussians.
 * Nothing is learnt and nothing is approximate, so that these are what estimates are compared with.
 *
 * With data `N(μ, S²)`, `x_t` has mean `(1 − t) μ` and variance `σ_t² = (1 − t)² S² + t²`.
 * Laws: identities 13–20, 43–48.   Source: spec Part 4; 2.5 for the inner flow.
 */
import type { Expr } from '../core/Expr.ts'
import {
  add,
  div,
  equal,
  expandDims,
  log,
  mul,
  neg,
  offset,
  reciprocal,
  scale,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  where,
  zerosLike
} from '../ops/api.ts'
import { alongBatch } from '../ops/perSample.ts'
import { rungeKutta } from './solver.ts'

type Real = Expr<'f32'>

const opposite = (t: Real): Real => offset(1)(neg(t))

// gaussian -------------------------------------------------------------------------------

/** `N(mean, deviation²)`, both broadcast to the data. */
export interface Gaussian {
  readonly mean: Real
  readonly deviation: Real
}

/** `(1 − t) μ`; `t` is broadcast to the data, too. */
const meanAt = ({ mean }: Gaussian, t: Real): Real => mul(opposite(t), mean)
const varianceAt = ({ deviation }: Gaussian, t: Real): Real => add(square(mul(opposite(t), deviation)), square(t))
const deviationAt = (law: Gaussian, t: Real): Real => sqrt(varianceAt(law, t))

/** The law of `x_t`. */
export const marginal = (law: Gaussian, t: Real): Gaussian => ({ mean: meanAt(law, t), deviation: deviationAt(law, t) })

/** A quantity at `x` `[batch, …]` and `t` `[batch]`. */
export type Field = (x: Real, t: Real) => Real

/** A field from one whose time has been stretched along the sample. */
const field =
  (f: (x: Real, t: Real) => Real): Field =>
  (x, t) =>
    f(x, alongBatch(x)(t))

/** `E[ε − x | x_t] = −μ + ((t − (1 − t) S²)/σ_t²)(x_t − m_t)`. */
export const velocity = (law: Gaussian): Field =>
  field((x, t) => {
    const slope = div(sub(t, mul(opposite(t), square(law.deviation))), varianceAt(law, t))
    return sub(mul(slope, sub(x, meanAt(law, t))), law.mean)
  })

/** `−(x_t − m_t)/σ_t²`. */
export const score = (law: Gaussian): Field => field((x, t) => div(sub(meanAt(law, t), x), varianceAt(law, t)))

/** `E[x | x_t]`. */
export const posteriorMean = (law: Gaussian): Field =>
  field((x, t) => {
    const gain = div(mul(opposite(t), square(law.deviation)), varianceAt(law, t))
    return add(law.mean, mul(gain, sub(x, meanAt(law, t))))
  })

/** `Var[x | x_t] = t² S²/σ_t²`. */
export const posteriorVariance = (law: Gaussian): Field =>
  field((_, t) => div(square(mul(t, law.deviation)), varianceAt(law, t)))

/** From `x` at time `s` to time `r`, both `[batch]`. */
export type Transport = (x: Real, s: Real, r: Real) => Real

/** `m_r + (σ_r/σ_s)(x − m_s)`. */
export const flowMap =
  (law: Gaussian): Transport =>
  (x, s, r) => {
    const from = marginal(law, alongBatch(x)(s))
    const to = marginal(law, alongBatch(x)(r))
    return add(to.mean, mul(div(to.deviation, from.deviation), sub(x, from.mean)))
  }

/**
 * `(x − f(x, s, r))/(s − r)`, and the velocity where `r = s`: written without the difference of close numbers.
 *
 * `u = −μ + (x − m_s)(σ_s² − σ_r²)/((s − r) σ_s (σ_s + σ_r))`, where `(σ_s² − σ_r²)/(s − r) = s + r − S² (2 − s − r)`.
 */
export const averageVelocity =
  (law: Gaussian): Transport =>
  (x, s, r) => {
    const [from, to] = [marginal(law, alongBatch(x)(s)), marginal(law, alongBatch(x)(r))]
    const both = alongBatch(x)(add(s, r))
    const rise = sub(both, mul(square(law.deviation), offset(2)(neg(both))))
    const slope = div(rise, mul(from.deviation, add(from.deviation, to.deviation)))
    return sub(mul(slope, sub(x, from.mean)), law.mean)
  }

/** The law of the inner target `y = ε − x` given `x_t`: mean `v(x_t, t)`, deviation `S/σ_t` (identity 45). */
export const inner = (law: Gaussian, xt: Real, t: Real): Gaussian => ({
  mean: velocity(law)(xt, t),
  deviation: div(law.deviation, deviationAt(law, alongBatch(xt)(t)))
})

// mixtures -------------------------------------------------------------------------------

/** `Σ w_k N(μ_k, S_k² I)`: `weights` and `deviations` `[components]`, `means` `[components, d]`. */
export interface Mixture {
  readonly weights: Real
  readonly means: Real
  readonly deviations: Real
}

/** What the components see of `x` `[batch, d]` at `t` `[batch]`. */
interface Seen {
  /** `t` and `1 − t`, `[batch, 1]`. */
  readonly time: Real
  readonly remaining: Real
  /** `S_k²` `[components]`, and `σ²` `[batch, components]`. */
  readonly spread: Real
  readonly variance: Real
  /** `x − (1 − t) μ_k`, `[batch, components, d]`. */
  readonly away: Real
}

const seen = ({ means, deviations }: Mixture, x: Real, t: Real): Seen => {
  const time = expandDims(1)(t)
  const remaining = opposite(time)
  const spread = square(deviations)
  return {
    time,
    remaining,
    spread,
    variance: add(mul(square(remaining), spread), square(time)),
    away: sub(expandDims(1)(x), mul(expandDims(2)(remaining), means))
  }
}

const responsibility = (law: Mixture, { variance, away }: Seen): Real => {
  const dimensions = away.shape[2] ?? 1
  const misfit = add(scale(dimensions)(log(variance)), div(sum([2])(square(away)), variance))
  return softmax(1)(sub(log(law.weights), scale(0.5)(misfit)))
}

/** The probability of every component given `x_t`: `[batch, components]` (identity 47). */
export const responsibilities =
  (law: Mixture): Field =>
  (x, t) =>
    responsibility(law, seen(law, x, t))

/** `Σ γ_k (pull · μ_k + slope_k (x − (1 − t) μ_k))`: velocity, score and posterior mean are all of this form. */
const mixed =
  (law: Mixture, pull: number, slopeOf: (components: Seen) => Real): Field =>
  (x, t) => {
    const components = seen(law, x, t)
    const each = add(scale(pull)(law.means), mul(expandDims(2)(slopeOf(components)), components.away))
    return sum([1])(mul(expandDims(2)(responsibility(law, components)), each))
  }

export const mixtureVelocity = (law: Mixture): Field =>
  mixed(law, -1, ({ time, remaining, spread, variance }) => div(sub(time, mul(remaining, spread)), variance))

export const mixtureScore = (law: Mixture): Field => mixed(law, 0, ({ variance }) => neg(reciprocal(variance)))

export const mixturePosteriorMean = (law: Mixture): Field =>
  mixed(law, 1, ({ remaining, spread, variance }) => div(mul(remaining, spread), variance))

/** The flow map by integration in `steps` steps of order four: the error falls as `steps⁻⁴`. */
export const mixtureFlowMap =
  (steps: number) =>
  (law: Mixture): Transport =>
    rungeKutta(steps)(mixtureVelocity(law))

/** `(x − f(x, s, r))/(s − r)`, and the velocity where `r = s`. */
export const mixtureAverageVelocity =
  (steps: number) =>
  (law: Mixture): Transport =>
  (x, s, r) => {
    const span = alongBatch(x)(sub(s, r))
    const level = equal(span, zerosLike(span))
    const rise = sub(x, mixtureFlowMap(steps)(law)(x, s, r))
    return where(level, mixtureVelocity(law)(x, s), div(rise, where(level, offset(1)(span), span)))
  }

// inner flow -----------------------------------------------------------------------------

/** The inner flow's exact velocity at `y_s`, and what it is made of. */
export interface Glass {
  readonly tau: Real
  readonly xBar: Real
  readonly dataMean: Real
  readonly targetMean: Real
  readonly velocity: Real
}

/**
 * The exact velocity of the inner flow, from the outer flow's posterior mean alone: `x_t` and `y_s` are two noisy views
 * of one `x`, and together they are one view `(1 − τ) x̄` at time `τ`. For `0 < t ≤ 1`, `0 < s < 1`.
 *
 * - `xt`, `ys` `[batch, …]`; `t`, `s` `[batch]`
 *
 * Laws: identity 48.   Source: spec 2.5 (the remark on GLASS of arXiv 2601.09881).
 */
export const glass =
  (posteriorMeanOf: Field) =>
  ({ xt, t, ys, s }: { readonly xt: Real; readonly t: Real; readonly ys: Real; readonly s: Real }): Glass => {
    const stretched = alongBatch(xt)
    const outer = square(div(opposite(t), t))
    const within = square(div(opposite(s), mul(t, s)))
    const precision = add(outer, within)
    const tau = reciprocal(offset(1)(sqrt(precision)))
    const view = sub(xt, mul(stretched(div(t, opposite(s))), ys))
    const pulled = mul(stretched(div(opposite(t), square(t))), xt)
    const xBar = div(add(pulled, mul(stretched(within), view)), stretched(precision))
    const dataMean = posteriorMeanOf(mul(stretched(opposite(tau)), xBar), tau)
    const targetMean = div(sub(xt, dataMean), stretched(t))
    return { tau, xBar, dataMean, targetMean, velocity: div(sub(ys, targetMean), stretched(s)) }
  }

/**
 * Laws of flows in closed form, for data that are normal or a mixture of normals: what is claimed of a posterior is
 * compared with the posterior, by quadrature of Bayes' rule, which needs no formula.
 */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import { between, vector } from './draw.ts'
import { flowMap, type FlowMap } from './flowMap.ts'
import { closeNumbers, closeVectors, firstOf, from, law, unless, type Laws, type Vector } from './Laws.ts'
import { minus, times, total } from './vectors.ts'

const closed = from('conditioning of normal variables; Lipman et al. 2023 (arXiv 2210.02747)')
const target = from('Shaul et al. 2025, Transition Matching (arXiv 2506.23589)')
const mixed = from('Bayes’ rule for a mixture of normals')
const views = from('the remark on GLASS of Nie et al. 2026 (arXiv 2601.09881)')
const descent = from('KL(p_θ ‖ p_T) of normals; Yin et al. 2024 (arXiv 2311.18828)')

// quadrature -----------------------------------------------------------------------------

type Density = (x: number) => number

const step = 0.02

/** `∫ f` over the line, for densities near 0 with some width: the rule of rectangles is exact to roundoff. */
const integral = (f: Density): number => step * total(Array.from({ length: 1201 }, (_, i) => f(-12 + i * step)))

const normal =
  (mean: number, deviation: number): Density =>
  (x) =>
    Math.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * Math.sqrt(2 * Math.PI))

/** Mean and variance of a density that need not be normalised. */
const momentsOf = (density: Density): readonly [number, number] => {
  const mass = integral(density)
  const mean = integral((x) => x * density(x)) / mass
  return [mean, integral((x) => (x - mean) ** 2 * density(x)) / mass]
}

/** How likely `x_t` is for data `x`. */
const likelihood =
  (xt: number, t: number): Density =>
  (x) =>
    normal((1 - t) * x, t)(xt)

// a normal -------------------------------------------------------------------------------

/** Data `N(mean, deviation²)`, and what is claimed of them: every field at `x_t` and `t`. */
export interface ClosedForm {
  readonly velocity: (law: Normal, xt: number, t: number) => number
  readonly score: (law: Normal, xt: number, t: number) => number
  readonly posteriorMean: (law: Normal, xt: number, t: number) => number
  readonly posteriorVariance: (law: Normal, xt: number, t: number) => number
  readonly flow: (law: Normal) => FlowMap
  /** The law of the target `y = x₁ − x` given `x_t`. */
  readonly inner: (law: Normal, xt: number, t: number) => Normal
}

export interface Normal {
  readonly mean: number
  readonly deviation: number
}

interface Seen {
  readonly law: Normal
  readonly xt: number
  readonly t: number
}

const normals: fc.Arbitrary<Normal> = fc.record({ mean: between(-1, 1), deviation: between(0.4, 1.5) })
const seen: fc.Arbitrary<Seen> = fc.record({ law: normals, xt: between(-2, 2), t: between(0.2, 0.95) })

const posterior = ({ law: { mean, deviation }, xt, t }: Seen): readonly [number, number] =>
  momentsOf((x) => normal(mean, deviation)(x) * likelihood(xt, t)(x))

const logMarginal = ({ mean, deviation }: Normal, x: number, t: number): number =>
  Math.log(normal((1 - t) * mean, Math.hypot((1 - t) * deviation, t))(x))

const fields = (form: ClosedForm, close: Close): Laws => ({
  'the posterior mean and variance are those of the posterior': law(
    closed('D = E[x | x_t], Var(x | x_t) = t² S²/σ_t²', 43),
    seen,
    (at) => {
      const [mean, variance] = posterior(at)
      return firstOf([
        closeNumbers(close, form.posteriorMean(at.law, at.xt, at.t), mean),
        closeNumbers(close, form.posteriorVariance(at.law, at.xt, at.t), variance)
      ])
    }
  ),
  'the velocity is what leads to the posterior mean': law(closed('v = (x_t − E[x | x_t])/t', 43), seen, (at) =>
    closeNumbers(close, form.velocity(at.law, at.xt, at.t), (at.xt - posterior(at)[0]) / at.t)
  ),
  'the score is the slope of the logarithm of the density': law(
    closed('score = ∂ log p_t(x) = −(x − m_t)/σ_t²', 43),
    seen,
    ({ law: data, xt, t }) => {
      const slope = (logMarginal(data, xt + 1e-4, t) - logMarginal(data, xt - 1e-4, t)) / 2e-4
      return closeNumbers({ absolute: 1e-6, relative: 1e-6 }, form.score(data, xt, t), slope)
    }
  )
})

const maps = (form: ClosedForm, close: Close): Laws => ({
  'the flow map keeps how many deviations a point is from the mean': law(
    closed('(f − m_r)/σ_r = (x − m_s)/σ_s', 44),
    fc.tuple(normals, vector(2), between(0.05, 0.95), between(0.05, 0.95)),
    ([data, x, s, r]) => {
      const away = (y: Vector, t: number): Vector =>
        y.map((value) => (value - (1 - t) * data.mean) / Math.hypot((1 - t) * data.deviation, t))
      return closeVectors(close, away(form.flow(data).map(x, s, r), r), away(x, s))
    }
  ),
  'the average velocity is the way by the time': law(
    closed('u = (x − f)/(s − r)', 44),
    fc.tuple(normals, vector(2), between(0.5, 0.95), between(0.05, 0.4)),
    ([data, x, s, r]) => {
      const { map, average } = form.flow(data)
      return closeVectors(close, average(x, s, r), times(1 / (s - r), minus(x, map(x, s, r))))
    }
  ),
  'a target from its posterior leads to data from theirs': law(
    target('y | x_t ~ N(v, S²/σ_t²) ⇒ x_t − t y has mean D and variance t² S²/σ_t²', 45),
    seen,
    (at) => {
      const { mean, deviation } = form.inner(at.law, at.xt, at.t)
      const [dataMean, variance] = posterior(at)
      return firstOf([
        closeNumbers(close, at.xt - at.t * mean, dataMean),
        closeNumbers(close, (at.t * deviation) ** 2, variance)
      ])
    }
  )
})

/** Laws of the closed forms of normal data; the inner flow is a flow of such data again, and obeys them. */
export const closedForm = (form: ClosedForm, close: Close): Laws => ({
  ...fields(form, close),
  ...maps(form, close),
  ...flowMap(form.flow({ mean: -0.3, deviation: 0.6 }), close)
})

// mixtures -------------------------------------------------------------------------------

/** One normal of a mixture, the same deviation along all axes. */
export interface Component {
  readonly weight: number
  readonly mean: Vector
  readonly deviation: number
}

export type MixtureLaw = ReadonlyArray<Component>

export interface MixtureForm {
  readonly velocity: (law: MixtureLaw, xt: Vector, t: number) => Vector
  readonly score: (law: MixtureLaw, xt: Vector, t: number) => Vector
  readonly posteriorMean: (law: MixtureLaw, xt: Vector, t: number) => Vector
  readonly responsibilities: (law: MixtureLaw, xt: Vector, t: number) => Vector
  /** The velocity of the inner flow at `y_s`, from the posterior mean of the outer one alone. */
  readonly innerVelocity: (law: MixtureLaw, xt: Vector, t: number, ys: Vector, s: number) => Vector
}

const mixtures = (dimensions: number): fc.Arbitrary<MixtureLaw> =>
  fc.array(fc.record({ weight: between(0.2, 1), mean: vector(dimensions, -1, 1), deviation: between(0.4, 1.2) }), {
    minLength: 2,
    maxLength: 3
  })

/** `∫ N(x; μ_k, S_k²) L(x) dx` along one axis. */
const evidence = ({ mean, deviation }: Component, axis: number, given: Density): number => {
  const own = normal(mean[axis] ?? NaN, deviation)
  return integral((x) => own(x) * given(x))
}

/** Axes are independent within a component: the weight of each in the posterior, up to a factor. */
const posteriorWeights = (law: MixtureLaw, xt: Vector, t: number): Vector => {
  const raw = law.map((one) => xt.reduce((w, x, axis) => w * evidence(one, axis, likelihood(x, t)), one.weight))
  return times(1 / total(raw), raw)
}

const mixturePosterior = (law: MixtureLaw, xt: Vector, t: number): Vector => {
  const weights = posteriorWeights(law, xt, t)
  return xt.map((value, axis) =>
    total(
      law.map(({ mean, deviation }, k) => {
        const own = normal(mean[axis] ?? NaN, deviation)
        return (weights[k] ?? NaN) * momentsOf((x) => own(x) * likelihood(value, t)(x))[0]
      })
    )
  )
}

interface MixtureSeen {
  readonly law: MixtureLaw
  readonly xt: Vector
  readonly t: number
}

const mixtureSeen: fc.Arbitrary<MixtureSeen> = fc
  .constantFrom(1, 2)
  .chain((d) => fc.record({ law: mixtures(d), xt: vector(d), t: between(0.2, 0.95) }))

/** `E[x | x_t, y_s]` of a mixture on the line: `y = (x_t − x)/t` is known where `x` is. */
const jointPosterior = (law: MixtureLaw, xt: number, t: number, ys: number, s: number): number => {
  const prior: Density = (x) =>
    total(law.map(({ weight, mean, deviation }) => weight * normal(mean[0] ?? NaN, deviation)(x)))
  return momentsOf((x) => prior(x) * likelihood(xt, t)(x) * normal(((1 - s) * (xt - x)) / t, s)(ys))[0]
}

export const mixtureForm = (form: MixtureForm, close: Close): Laws => ({
  'responsibilities are the posterior weights of the components': law(
    mixed('γ_k ∝ w_k N(x_t; (1 − t) μ_k, σ_{t,k}² I)', 47),
    mixtureSeen,
    ({ law: data, xt, t }) => closeVectors(close, form.responsibilities(data, xt, t), posteriorWeights(data, xt, t))
  ),
  'the posterior mean is that of the posterior': law(
    mixed('D = Σ γ_k [μ_k + ((1 − t) S_k²/σ_{t,k}²)(x_t − (1 − t) μ_k)]', 47),
    mixtureSeen,
    ({ law: data, xt, t }) => closeVectors(close, form.posteriorMean(data, xt, t), mixturePosterior(data, xt, t))
  ),
  'the velocity leads to the posterior mean': law(mixed('v = (x_t − D)/t', 47), mixtureSeen, ({ law: data, xt, t }) =>
    closeVectors(close, form.velocity(data, xt, t), times(1 / t, minus(xt, mixturePosterior(data, xt, t))))
  ),
  'the score is what Tweedie says of the posterior mean': law(
    mixed('D = (x_t + t² score)/(1 − t)', 47),
    mixtureSeen,
    ({ law: data, xt, t }) => {
      const noise = minus(xt, times(1 - t, mixturePosterior(data, xt, t)))
      return closeVectors(close, form.score(data, xt, t), times(-1 / t ** 2, noise))
    }
  ),
  'the inner velocity is that of the posterior given both views': law(
    views('v_inner = (y_s − E[y | x_t, y_s])/s', 48),
    fc.tuple(mixtures(1), between(-1.5, 1.5), between(0.3, 0.95), between(-1.5, 1.5), between(0.3, 0.9)),
    ([data, xt, t, ys, s]) => {
      const y = (xt - jointPosterior(data, xt, t, ys, s)) / t
      return closeVectors(close, form.innerVelocity(data, [xt], t, [ys], s), [(ys - y) / s])
    }
  )
})

// the direction of distillation --------------------------------------------------------------

/** What moves a sample `x̂`, from what a fake score and a teacher make of it: both normal, of one deviation. */
export type Pull = (law: { readonly fake: Normal; readonly teacher: Normal }, xt: number, t: number) => number

export const distillationDirection = (pull: Pull, close: Close): Laws => ({
  'the difference of the denoisers is the distance of the means': law(
    descent('D_f − D_T = (t²/σ_t²) θ', 49),
    fc.tuple(between(-2, 2), between(0.4, 1.5), between(-2, 2), between(0.1, 0.95)),
    ([theta, deviation, xt, t]) => {
      const variance = ((1 - t) * deviation) ** 2 + t ** 2
      const found = pull({ fake: { mean: theta, deviation }, teacher: { mean: 0, deviation } }, xt, t)
      return closeNumbers(close, found, (t ** 2 / variance) * theta)
    }
  ),
  'descent brings the mean of the samples to the teacher’s': law(
    descent('|θ − η (D_f − D_T)| < |θ| for θ ≠ 0, η ≤ 1', 49),
    fc.tuple(between(0.1, 2), fc.boolean(), between(0.4, 1.5), between(-2, 2), between(0.1, 0.95)),
    ([size, negative, deviation, xt, t]) => {
      const theta = negative ? -size : size
      const moved = theta - pull({ fake: { mean: theta, deviation }, teacher: { mean: 0, deviation } }, xt, t)
      return unless(Math.abs(moved) < size, () => `from ${theta} to ${moved}`)
    }
  )
})

/**
 * Stage 1: the head learns the average velocity of the inner flow by regressing it on itself (the MeanFlow identity),
 * with guidance in the target, so that one conditional call of the student is worth two of the teacher.
 *
 * Glossary: `y = x₁ − x` inner target, `y₁` inner noise, `y_s = (1 − s) y + s y₁`, `h` the head's prediction of `y`,
 * `u` the average velocity it stands for, `û` what `u` is regressed on, held constant.
 * Laws: identities 19, 21–24, 37.   Source: arXiv 2601.09881 Eqs. 8–10, 14, App. A.2, B.4; spec 2.4, 2.5.
 */
import { finiteDifference } from '../autodiff/finiteDifference.ts'
import { jvp } from '../autodiff/jvp.ts'
import { size } from '../core/Shape.ts'
import { meanFlowTarget, velocityOf } from '../flow/flowMap.ts'
import { guide, interpolate, velocity } from '../flow/path.ts'
import type { Real } from '../nn/params.ts'
import { constantTime, timeRates, type Time } from '../nn/time.ts'
import {
  concat,
  constant,
  div,
  fill,
  mean,
  mul,
  narrow,
  neg,
  offset,
  less,
  scalar,
  scale,
  square,
  stopGradient,
  sub,
  sum,
  where,
  zerosLike
} from '../ops/api.ts'
import { alongBatch, weigh } from '../ops/perSample.ts'
import type { Instant, Stage1Draws } from './draws.ts'
import { aimed, headAt, keepContext, type Aim, type Head, type StudentModel } from './model.ts'

// options and operands -----------------------------------------------------------------------

/**
 * How `du/ds` along the flow is had: by differences (two calls of the head), exactly (one pushforward through the head),
 * or not at all, which is right where `r = s` always (Transition Matching).
 */
export type Derivative = 'difference' | 'exact' | 'none'

export type MeanFlowOptions = Aim & {
  /** `ω` of the guidance in the target; 1 is none. */
  readonly guidance: number
  /** Along which velocity the derivative is taken; the paper says conditional, both public codes use the guided. */
  readonly tangent: 'guided' | 'conditional'
  readonly derivative: Derivative
  /** `c/d` of the adaptive normalisation `e/(e + c)`: 1 for the paper's small model, 10⁻⁵ for the large one. */
  readonly normaliser: number
}

export const meanFlowDefaults: MeanFlowOptions = {
  target: 'velocity',
  noise: 'implied',
  guidance: 3,
  tangent: 'guided',
  derivative: 'difference',
  normaliser: 1
}

export interface MeanFlowInputs<C> {
  /** Data `x`, outer noise `x₁`, inner noise `y₁`: `[batch, …]`. */
  readonly x: Real
  readonly noise: Real
  readonly innerNoise: Real
  readonly context: C
  /** What stands in for the context where it is dropped and in guidance; of the context's form. */
  readonly negative: C
  readonly draws: Stage1Draws
}

/** The loss and what it is made of. */
export interface MeanFlow {
  /** `[]`, mean over the batch of `e/(sg(e) + c)`, in `[0, 1)`. */
  readonly loss: Real
  /** `e = ‖u − û‖²`, summed over a sample: `[batch]`. */
  readonly error: Real
  readonly xt: Real
  readonly y: Real
  readonly ys: Real
  /** What the head put out at `y_s`, and without the condition at `r = s`. */
  readonly h: Real
  readonly hNegative: Real
  readonly u: Real
  readonly vConditional: Real
  readonly vNegative: Real
  readonly vGuided: Real
  readonly derivative: Real
  readonly target: Real
}

// parts ----------------------------------------------------------------------------------

/** The average velocity that a head stands for, as a function of state and time. */
type Average = (ys: Real, instant: Instant) => Real

const averageOf =
  ({ noise }: Aim, head: Head, y1: Real): Average =>
  (ys, { s, span }) =>
    velocityOf(noise, { h: head(ys, s, span), ys, y1, s: s.value })

/** The length 0, for a batch like that of another time. */
const level = ({ s }: Instant): Instant => ({
  s,
  span: constantTime(s.features.shape[0] ?? 1, s.features.shape[1] ?? 0)(0)
})

/** The derivative of a time's features by the time: each half turns into the other, at the rate of its feature. */
const featureRates = ({ features }: Time): Real => {
  const width = features.shape[1] ?? 0
  const half = width / 2
  const omega = constant([half], timeRates(Float64Array.of(0), width).data.slice(half)) as Real
  const cosines = mul(narrow(1, 0, half)(features), omega)
  const sines = mul(narrow(1, half, width)(features), omega)
  return concat(1)([neg(sines), cosines])
}

/** `∂u/∂s + v · ∂u/∂y` by the operations' own rules; `r` is held, so that the length of the step grows with `s`. */
const exactly = (average: Average, ys: Real, tangent: Real, now: Instant): Real => {
  const { s, span } = now
  const along = [tangent, onesLike(s.value), featureRates(s), onesLike(span.value), featureRates(span)]
  return jvp([average(ys, now)], [ys, s.value, s.features, span.value, span.features])(along)[0] as Real
}

const onesLike = (x: Real): Real => fill(1, x.shape)

const derivativeOf = (kind: Derivative, average: Average, ys: Real, tangent: Real, draws: Stage1Draws): Real => {
  switch (kind) {
    case 'difference':
      return finiteDifference(average)(ys, tangent, draws)
    case 'exact':
      return exactly(average, ys, tangent, draws.now)
    case 'none':
      return zerosLike(ys)
  }
}

/** The squared norm of every sample, `[batch]`. */
const squaredNorms = (x: Real): Real => sum(x.shape.slice(1).map((_, i) => i + 1))(square(x))

/** `e/(sg(e) + c)` for every sample: steps of about one length, however large the error. */
export const adaptive = (error: Real, c: number): Real => div(error, offset(c)(stopGradient(error)))

// the loss -------------------------------------------------------------------------------

/**
 * The loss of stage 1, and its parts.
 *
 * `û = sg(v̂ − (s − r) du/ds)`, `v̂ = v₋ + ω (v − v₋)` with `v = y₁ − y` and `v₋` the student's own, without condition.
 * Where the condition is dropped the negative one takes its place, and `v̂ = v`.
 */
export const meanFlow =
  (options: MeanFlowOptions) =>
  <P, C, M>(student: StudentModel<P, C, M>) =>
  (params: P, { x, noise, innerNoise: y1, context, negative, draws }: MeanFlowInputs<C>): MeanFlow => {
    const { t, now, kept } = draws
    const xt = interpolate(x, noise, t.value)
    const y = options.target === 'velocity' ? velocity(x, noise) : x
    const ys = interpolate(y, y1, now.s.value)

    const raw = headAt(student)(params, xt, t, keepContext(kept, context, negative))
    const rawNegative = headAt(student)(params, xt, t, negative)
    const average = averageOf(options, aimed(options.target, xt, t)(raw), y1)
    const averageNegative = averageOf(options, aimed(options.target, xt, t)(rawNegative), y1)

    const vConditional = velocity(y, y1)
    const vNegative = averageNegative(ys, level(now))
    const keptHere = alongBatch(xt)(less(scalar(0.5), kept))
    const vGuided =
      options.guidance === 1
        ? vConditional
        : where(keptHere, guide(options.guidance, vConditional, vNegative), vConditional)
    const tangent = options.tangent === 'guided' ? vGuided : vConditional
    const derivative = derivativeOf(options.derivative, average, ys, tangent, draws)
    const target = stopGradient(
      options.derivative === 'none' ? vGuided : meanFlowTarget(vGuided, derivative, now.span.value)
    )
    const u = average(ys, now)
    const error = squaredNorms(sub(u, target))
    return {
      loss: mean('all')(adaptive(error, options.normaliser * size(xt.shape.slice(1)))),
      error,
      xt,
      y,
      ys,
      h: raw(ys, now.s, now.span),
      hNegative: rawNegative(ys, now.s, level(now).span),
      u,
      vConditional,
      vNegative,
      vGuided,
      derivative,
      target
    }
  }

/** The loss alone: `[]`. */
export const meanFlowLoss =
  (options: MeanFlowOptions) =>
  <P, C, M>(student: StudentModel<P, C, M>) =>
  (params: P, inputs: MeanFlowInputs<C>): Real =>
    meanFlow(options)(student)(params, inputs).loss

/**
 * The error as the head sees it, per element: `s (u − û)` where the noise is implied, since `u` carries `1/s` there, and
 * `u − û` where it is sampled. `[]`, mean over the batch. Comparable between runs, and readable.
 */
export const headError = ({ noise }: Aim, { error, u }: MeanFlow, { now }: Stage1Draws): Real => {
  const each = noise === 'implied' ? weigh(square(now.s.value))(error) : error
  return scale(1 / size(u.shape.slice(1)))(mean('all')(each))
}

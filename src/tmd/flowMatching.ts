/**
 * Flow matching: a network learns the velocity of the straight path by regression. The teacher is trained by it on data,
 * the fake score on the student's samples, and the one-step student of DMD2-v may begin from pairs of a teacher's ends.
 *
 * Laws: identity 39.   Source: spec 2.1, 2.8, 2.10.
 */
import { interpolate, toData, velocity } from '../flow/path.ts'
import type { Real } from '../nn/params.ts'
import type { Time } from '../nn/time.ts'
import { mean, scale, square, stopGradient, sub } from '../ops/api.ts'
import type { PerSample } from '../ops/perSample.ts'
import type { TeacherDraws } from './draws.ts'
import { denoised, keepContext, type VelocityModel } from './model.ts'

/** A loss, and the same for each sample. */
export interface Regression {
  /** `[]`, mean over batch and elements. */
  readonly loss: Real
  /** `[batch]`, mean over the elements of a sample. */
  readonly perSample: Real
}

const regression = (difference: Real): Regression => {
  const squared = square(difference)
  return { loss: mean('all')(squared), perSample: mean(squared.shape.slice(1).map((_, i) => i + 1))(squared) }
}

/** In which space a prediction is compared: as data, `‖x_t − t v − x‖²`, or as velocity; the first is `t²` the second. */
export type RegressionSpace = 'data' | 'velocity'

export interface Prediction {
  readonly v: Real
  /** What was predicted from: `x_t = (1 − t) x + t ε`. */
  readonly xt: Real
  readonly t: PerSample
  readonly x: Real
  readonly noise: Real
}

/** The error of a velocity whose ends are known. Laws: identity 39. */
export const fakeScoreLoss =
  (space: RegressionSpace) =>
  ({ v, xt, t, x, noise }: Prediction): Regression =>
    regression(space === 'data' ? sub(toData(xt, v, t), x) : sub(v, velocity(x, noise)))

export interface FlowMatchingInputs<C> {
  readonly x: Real
  readonly noise: Real
  readonly context: C
  /** What stands in for a context that is dropped. */
  readonly negative: C
  readonly draws: TeacherDraws
}

/** The loss of a teacher. */
export const flowMatching =
  <P, C>(model: VelocityModel<P, C>) =>
  (params: P, { x, noise, context, negative, draws: { t, kept } }: FlowMatchingInputs<C>): Regression => {
    const xt = interpolate(x, noise, t.value)
    const v = model(params, xt, t, keepContext(kept, context, negative))
    return fakeScoreLoss('velocity')({ v, xt, t: t.value, x, noise })
  }

export interface PairInputs<C> {
  /** The noise that the teacher began from, at the latest time, and the data it ended at. */
  readonly start: Real
  readonly x: Real
  readonly t: Time
  readonly context: C
}

/** Distillation of a teacher's ends into one step: `½ mean (x₀(start, t) − x)²`. */
export const pairLoss =
  <P, C>(model: VelocityModel<P, C>) =>
  (params: P, { start, x, t, context }: PairInputs<C>): Real =>
    scale(0.5)(regression(sub(denoised(model)(params, start, t, context), stopGradient(x))).loss)

/**
 * The rollout of training: data are noised to a time of the outer grid, the student's inner flow is run in full, and
 * what it leads to is the sample `x̂` that losses look at. Gradients go through every inner step and the backbone.
 *
 * Source: arXiv 2601.09881 Alg. 2, Eqs. 15 and 17; spec 2.7.
 */
import type { Grid } from '../flow/schedule.ts'
import type { Time } from '../nn/time.ts'
import type { Real } from '../nn/params.ts'
import { innerFlow, toSample, toSampleAsPrinted } from './innerFlow.ts'
import { aimed, clockLike, headAt, type Aim, type StudentModel } from './model.ts'

export type RolloutOptions = Aim & {
  /** Of the inner flow, ascending from 0. */
  readonly grid: Grid
  /** `consistent` is `x_t − t y` (Eq. 17); `paper` is `x₁ − y` (Eq. 15 as printed). */
  readonly sample: 'consistent' | 'paper'
}

export interface RolloutInputs<C> {
  /** The noised data, `[batch, …]`, at the times `t`. */
  readonly xt: Real
  readonly t: Time
  /** The noise in `x_t`, which only the printed form of the sample uses. */
  readonly noise: Real
  readonly innerNoise: Real
  readonly context: C
}

export interface Rollout {
  /** What the inner flow returned. */
  readonly y: Real
  readonly sample: Real
}

const sampleOf = <C>({ target, sample }: RolloutOptions, { xt, t, noise }: RolloutInputs<C>, y: Real): Real =>
  target === 'data' ? y : sample === 'consistent' ? toSample(xt, t.value)(y) : toSampleAsPrinted(noise)(y)

export const rollout =
  (options: RolloutOptions) =>
  <P, C, M>(student: StudentModel<P, C, M>) =>
  (params: P, inputs: RolloutInputs<C>): Rollout => {
    const { xt, t, innerNoise, context } = inputs
    const head = aimed(options.target, xt, t)(headAt(student)(params, xt, t, context))
    const y = innerFlow(options, clockLike(t))(head)(innerNoise)
    return { y, sample: sampleOf(options, inputs, y) }
  }

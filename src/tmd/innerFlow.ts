/**
 * The inner flow: from noise `y₁` to a sample of the target `y` given main features, in the few steps of a grid. A step
 * asks the head once. Gradients go through all steps and into the features.
 *
 * Laws: identities 25–27, 31.   Source: arXiv 2601.09881 Eq. 13 and Alg. 1; spec 2.7.
 */
import { sub } from '../ops/api.ts'
import { retreat, type PerSample } from '../ops/perSample.ts'
import { headStep, type InnerNoise } from '../flow/flowMap.ts'
import { descent, type Grid, type GridStep } from '../flow/schedule.ts'
import type { Real } from '../nn/params.ts'
import type { Clock, Head } from './model.ts'

export interface InnerFlowOptions {
  /** Ascending from 0; the flow begins at its last entry, with `y₁` as it is. */
  readonly grid: Grid
  readonly noise: InnerNoise
}

/** One step: the prediction `h` that it was made with, and the state `y` behind it. */
export interface InnerStep {
  readonly h: Real
  readonly y: Real
}

/** All steps of the flow from `y1`. */
export const innerSteps =
  ({ grid, noise }: InnerFlowOptions, clock: Clock) =>
  (head: Head) =>
  (y1: Real): ReadonlyArray<InnerStep> =>
    descent(grid).reduce<ReadonlyArray<InnerStep>>((steps, { from, to }: GridStep) => {
      const ys = steps.at(-1)?.y ?? y1
      const h = head(ys, clock(from), clock(from - to))
      return [...steps, { h, y: headStep(noise, { h, ys, y1, s: from, r: to }) }]
    }, [])

/**
 * `INNERFLOW`: a sample of the inner target.
 *
 * - `y1` `[batch, …]`, standard normal; result as `y1`
 */
export const innerFlow =
  (options: InnerFlowOptions, clock: Clock) =>
  (head: Head) =>
  (y1: Real): Real =>
    innerSteps(options, clock)(head)(y1).at(-1)?.y ?? y1

/** `x_t − t y`: the data that a sampled target leads to (Eq. 17). */
export const toSample =
  (xt: Real, t: PerSample) =>
  (y: Real): Real =>
    retreat(xt, t, y)

/** `x₁ − y`, as printed in Eq. 15: uses the noise behind `x_t`, which the head did not see (spec T4). */
export const toSampleAsPrinted =
  (x1: Real) =>
  (y: Real): Real =>
    sub(x1, y)

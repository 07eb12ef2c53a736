/**
 * Backward simulation: rollouts begin where the student itself comes to, and not from noised data. With data, the second
 * outer step never meets in training what the first one makes; whatever both exaggerate, sampling exaggerates twice.
 *
 * Laws: a student in one outer step begins from noise; after a head that keeps the teacher's velocity, on Euler's path.
 * Source: Yin et al. 2024 (DMD2, arXiv 2405.14867), section 4.5; not part of TMD, which begins from data (spec 2.7).
 */
import { descent } from '../flow/schedule.ts'
import type { Real } from '../nn/params.ts'
import { less, scalar, stopGradient, where } from '../ops/api.ts'
import { alongBatch } from '../ops/perSample.ts'
import type { StudentModel } from './model.ts'
import { samplePath, type SampleNoise, type SampleOptions } from './sample.ts'

/**
 * The outer states `x_t` on the student's own path, held constant.
 *
 * - `t` `[batch]`, each a time of the outer grid; result `[batch, …]`
 */
export const simulated =
  (options: SampleOptions) =>
  <P, C, M>(student: StudentModel<P, C, M>) =>
  (params: P, noise: SampleNoise, t: Real, context: C): Real => {
    const [first = noise.noise, ...later] = samplePath(options)(student)(params, noise, context)
    const times = alongBatch(first)(t)
    return stopGradient(
      descent(options.outer).reduce((x, { from, to }, i) => {
        const state = later[i]
        return to === 0 || state === undefined ? x : where(less(times, scalar((from + to) / 2)), state, x)
      }, first)
    )
  }

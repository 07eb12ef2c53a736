/**
 * Variational score distillation: samples are moved to where the teacher thinks they are likelier than the fake score
 * does, which has learnt how likely the student makes them.
 *
 * Laws: identities 34–36, 49.   Source: arXiv 2601.09881 App. A.3 (`paper`); DMD2 and FastGen (`fastgen`); spec 2.8, T10.
 */
import { size } from '../core/Shape.ts'
import type { Real } from '../nn/params.ts'
import { abs, mean, mul, offset, reciprocal, scale, square, stopGradient, sub, sum } from '../ops/api.ts'
import { weigh } from '../ops/perSample.ts'

/**
 * - `fastgen`: divided by the mean of `|x̂ − D_T|`; vanishes as the student converges
 * - `paper`: divided by the sum of `|D_f − D_T|`; of constant length, and 0/0 at convergence unless `epsilon > 0`
 */
export interface VsdOptions {
  readonly normaliser: 'fastgen' | 'paper'
  readonly epsilon: number
}

export const vsdDefaults: VsdOptions = { normaliser: 'fastgen', epsilon: 1e-6 }

/** Samples `x̂`, and what the fake score and the (guided) teacher make of them once noised: all `[batch, …]`. */
export interface VsdInputs {
  readonly sample: Real
  readonly fake: Real
  readonly teacher: Real
}

export interface Vsd {
  /** `[]`. Its gradient at a sample is `g/(batch · d)` (`fastgen`) or `g/batch` (`paper`). */
  readonly loss: Real
  /** `(D_f − D_T) w`, held constant. */
  readonly direction: Real
  /** `w`, `[batch]`. */
  readonly weight: Real
}

const within = (x: Real): ReadonlyArray<number> => x.shape.slice(1).map((_, i) => i + 1)

const weightOf = ({ normaliser, epsilon }: VsdOptions, { sample, fake, teacher }: VsdInputs): Real => {
  const distance = normaliser === 'fastgen' ? sub(sample, teacher) : sub(fake, teacher)
  const total = sum(within(sample))(abs(distance))
  const norm = normaliser === 'fastgen' ? scale(1 / size(sample.shape.slice(1)))(total) : total
  return reciprocal(epsilon === 0 ? norm : offset(epsilon)(norm))
}

const lossOf = ({ normaliser }: VsdOptions, sample: Real, direction: Real): Real =>
  normaliser === 'fastgen'
    ? scale(0.5)(mean('all')(square(sub(sample, stopGradient(sub(sample, direction))))))
    : mean('all')(sum(within(sample))(mul(direction, sample)))

/** The loss and its direction; nothing but `sample` receives a gradient. */
export const vsd =
  (options: VsdOptions) =>
  (inputs: VsdInputs): Vsd => {
    const weight = stopGradient(weightOf(options, inputs))
    const direction = stopGradient(weigh(weight)(sub(inputs.fake, inputs.teacher)))
    return { loss: lossOf(options, inputs.sample, direction), direction, weight }
  }

/**
 * One set of measures for all systems, that a captioned clip can be held to: does it show what its caption says, does it
 * look like real clips, does it move like them. Each with a 95 % interval.
 */
import { fold, type Key } from '../core/Key.ts'
import { bootstrap, type Estimate } from './bootstrap.ts'
import { frechetDistance, gaussianOf, select, standardised, type Features } from './frechet.ts'

/** What is known of the clips of one system; one entry a clip. */
export interface Judged {
  readonly count: number
  /** Whether the classifier reads the caption's digit, and its direction. */
  readonly digit: ReadonlyArray<boolean>
  readonly direction: ReadonlyArray<boolean>
  readonly features: Features
  /** Mean absolute difference of neighbouring frames. */
  readonly motion: Float64Array
}

/** Real clips, which the others are compared with. */
export interface Reference {
  /** Features in units of their deviations over real clips; and how far such are from those, by Fréchet. */
  readonly unit: (features: Features) => Features
  readonly distance: (standard: Features) => number
  readonly motion: number
}

export interface Score {
  /** Part of the clips in which both digit and direction are the caption's. */
  readonly captionAccuracy: Estimate
  readonly digitAccuracy: Estimate
  readonly directionAccuracy: Estimate
  /** Fréchet distance of the features to those of real clips; lower is better. */
  readonly quality: Estimate
  /** Motion relative to real motion; 1 is real. */
  readonly dynamics: Estimate
}

const average = (values: (i: number) => number, chosen: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < chosen.length; i++) sum += values(chosen[i] ?? 0)
  return sum / chosen.length
}

export const referenceOf = ({ features, motion }: Judged): Reference => {
  const unit = standardised(gaussianOf(features))
  const apart = frechetDistance(gaussianOf(unit(features)))
  return {
    unit,
    distance: (standard) => apart(gaussianOf(standard)),
    motion: motion.reduce((sum, m) => sum + m, 0) / motion.length
  }
}

/** Scores a system against real clips; `resamples` of the bootstrap draw from `key`. */
export const score =
  (reference: Reference, key: Key, resamples: number) =>
  ({ count, digit, direction, features, motion }: Judged): Score => {
    const estimate = (n: number, statistic: (chosen: ArrayLike<number>) => number): Estimate =>
      bootstrap(fold(key, n), count, resamples, statistic)
    const part = (n: number, holds: (i: number) => boolean): Estimate => {
      const { value, low, high } = estimate(n, (chosen) => average((i) => Number(holds(i)), chosen))
      return { value, low: Math.max(0, low), high: Math.min(1, high) }
    }
    const standard = reference.unit(features) // once, not at every resample
    return {
      captionAccuracy: part(0, (i) => digit[i] === true && direction[i] === true),
      digitAccuracy: part(1, (i) => digit[i] === true),
      directionAccuracy: part(2, (i) => direction[i] === true),
      quality: estimate(3, (chosen) => reference.distance(select(standard, chosen))),
      dynamics: estimate(4, (chosen) => average((i) => motion[i] ?? NaN, chosen) / reference.motion)
    }
  }

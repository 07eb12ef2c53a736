/**
 * Intervals by resampling: a statistic is computed again on samples drawn with replacement, and the middle 95 % of what
 * comes out, moved so that its mean is the statistic itself, is the interval. The move matters for distances: repeated
 * rows make a sample narrower, and every resample lies farther from the reference than the sample does.
 * Source: Efron 1979.
 */
import { fold, integers, type Key } from '../core/Key.ts'

export interface Estimate {
  readonly value: number
  /** The 2.5 % and 97.5 % quantiles over the resamples, less their bias. */
  readonly low: number
  readonly high: number
}

const quantile = (sorted: Float64Array, q: number): number => {
  const at = q * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? NaN
  const above = sorted[Math.ceil(at)] ?? NaN
  return below + (above - below) * (at - Math.floor(at))
}

/** `statistic` maps chosen indices of `count` items to a number. */
export const bootstrap = (
  key: Key,
  count: number,
  resamples: number,
  statistic: (chosen: ArrayLike<number>) => number
): Estimate => {
  const all = Int32Array.from({ length: count }, (_, i) => i)
  const values = Float64Array.from({ length: resamples }, (_, i) =>
    statistic(integers(fold(key, i), count, count))
  ).sort()
  const value = statistic(all)
  const bias = values.reduce((sum, x) => sum + x, 0) / resamples - value
  return { value, low: quantile(values, 0.025) - bias, high: quantile(values, 0.975) - bias }
}

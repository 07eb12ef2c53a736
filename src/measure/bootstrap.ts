/**
 * Intervals by resampling: a statistic is computed again on samples drawn with replacement, and the middle 95 % of what
 * comes out is its interval. Source: Efron 1979.
 */
import { fold, integers, type Key } from '../core/Key.ts'

export interface Estimate {
  readonly value: number
  /** The 2.5 % and 97.5 % quantiles over the resamples. */
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
  return { value: statistic(all), low: quantile(values, 0.025), high: quantile(values, 0.975) }
}

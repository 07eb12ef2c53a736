/**
 * What the printed form of the method costs, in closed form for Gaussian data: numbers, on the host. They are here so
 * that the difference between the two forms can be shown and measured.
 *
 * Laws: identity 46.   Source: spec T4, T5, 2.5.
 */
import { descent, type Grid } from './schedule.ts'

/** The deviation of `y_τ`; `E[y | y_τ] = ((1 − τ) S²/σ_τ²) y_τ`, and a flow keeps `y_τ/σ_τ`. */
const sigma = (deviation: number, t: number): number => Math.hypot((1 - t) * deviation, t)

/**
 * The mean of `E[y | y_τ]` over `τ` in `[r, s]` along the flow through `y_s`, as a multiple of `y_s`:
 * `(1/(s − r)) ∫ (1 − τ) S²/(σ_τ σ_s) dτ`, integrated in closed form.
 */
export const optimalHead = (deviation: number, s: number, r: number): number => {
  const curvature = 1 + deviation ** 2
  const vertex = deviation ** 2 / curvature
  const floor = deviation / curvature
  // σ_τ² = (1 + S²) ((τ − vertex)² + floor²)
  const arc = (t: number): number => Math.asinh((t - vertex) / floor) / Math.sqrt(curvature)
  const integral = (t: number): number => (1 - vertex) * arc(t) - sigma(deviation, t) / curvature
  return (deviation ** 2 * (integral(s) - integral(r))) / ((s - r) * sigma(deviation, s))
}

/**
 * The standard deviation of what the stage-1 sampler returns at the optimum of Eq. (14), for `y ~ N(0, S²)`; the true
 * one is `S`. One draw of `y₁` is reused in every step: the state is always a multiple of it.
 */
export const sampledDeviation = (deviation: number, times: Grid): number =>
  Math.abs(descent(times).reduce((y, { from, to }) => y - (from - to) * (1 - optimalHead(deviation, from, to) * y), 1))

/** The same for infinitely many steps from `s = 1`: `dy/ds = 1 − k(s) y`, in `steps` steps of order four. */
export const sampledDeviationLimit = (deviation: number, steps: number): number => {
  const slope = (y: number, s: number): number => 1 - (((1 - s) * deviation ** 2) / sigma(deviation, s) ** 2) * y
  const h = -1 / steps
  return Array.from({ length: steps }, (_, i) => 1 + i * h).reduce((y, s) => {
    const k1 = slope(y, s)
    const k2 = slope(y + (h / 2) * k1, s + h / 2)
    const k3 = slope(y + (h / 2) * k2, s + h / 2)
    const k4 = slope(y + h * k3, s + h)
    return y + (h / 6) * (k1 + 2 * k2 + 2 * k3 + k4)
  }, 1)
}

/** The variance of Eq. (15)'s `x₁ − ŷ` for `x ~ N(0, 1)` and an exact sampler of `y`; the true one is 1. */
export const literalVariance = (t: number): number => (1 + 2 * (1 - t) ** 2) / ((1 - t) ** 2 + t ** 2)

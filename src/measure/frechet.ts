/**
 * The Fréchet distance between two sets of features, each taken as a Gaussian:
 * `|μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½)`.
 *
 * Laws: zero between a set and itself; symmetric; unchanged when both sets are moved or rotated together.
 * Source: Dowson and Landau 1982; Heusel et al. 2017 (arXiv 1706.08500).
 */
import { eigenvaluesSymmetric, multiply, squareRoot } from './linearAlgebra.ts'

/** Feature vectors, one a row: `[count, width]`. */
export interface Features {
  readonly width: number
  readonly rows: Float64Array
}

export interface Gaussian {
  readonly width: number
  readonly mean: Float64Array
  readonly covariance: Float64Array
}

/** What is added to a deviation before anything is divided by it: a feature that real clips never move says little. */
const still = 1e-3

/** Features in units of their standard deviations in a set, so that none counts for its scale alone. */
export const standardised = ({ width, covariance }: Gaussian): ((features: Features) => Features) => {
  const units = Float64Array.from({ length: width }, (_, i) => 1 / (Math.sqrt(covariance[i * width + i] ?? 0) + still))
  return ({ rows }) => ({ width, rows: rows.map((x, k) => x * (units[k % width] ?? 0)) })
}

/** Rows chosen by index, with repetition: for resampling. */
export const select = ({ width, rows }: Features, chosen: ArrayLike<number>): Features => {
  const out = new Float64Array(chosen.length * width)
  for (let i = 0; i < chosen.length; i++) {
    const from = (chosen[i] ?? 0) * width
    out.set(rows.subarray(from, from + width), i * width)
  }
  return { width, rows: out }
}

/** Mean and covariance (divisor `n − 1`). */
export const gaussianOf = ({ width, rows }: Features): Gaussian => {
  const n = rows.length / width
  const mean = new Float64Array(width)
  for (let i = 0; i < rows.length; i++) mean[i % width] = (mean[i % width] ?? 0) + (rows[i] ?? 0) / n
  const covariance = new Float64Array(width * width)
  for (let r = 0; r < n; r++)
    for (let i = 0; i < width; i++) {
      const x = (rows[r * width + i] ?? 0) - (mean[i] ?? 0)
      for (let j = 0; j <= i; j++) {
        const y = (rows[r * width + j] ?? 0) - (mean[j] ?? 0)
        covariance[i * width + j] = (covariance[i * width + j] ?? 0) + (x * y) / (n - 1)
      }
    }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) covariance[j * width + i] = covariance[i * width + j] ?? 0
  return { width, mean, covariance }
}

const trace = (m: Float64Array, n: number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) sum += m[i * n + i] ?? 0
  return sum
}

/** How far a Gaussian is from `b`, whose root is taken once. */
export const frechetDistance = (b: Gaussian): ((a: Gaussian) => number) => {
  const n = b.width
  const root = squareRoot(b.covariance, n)
  return (a) => {
    const inner = multiply(multiply(root, a.covariance, n), root, n)
    const shared = eigenvaluesSymmetric(inner, n).reduce((sum, x) => sum + Math.sqrt(Math.max(0, x)), 0)
    const apart = a.mean.reduce((sum, m, i) => sum + (m - (b.mean[i] ?? 0)) ** 2, 0)
    return Math.max(0, apart + trace(a.covariance, n) + trace(b.covariance, n) - 2 * shared)
  }
}

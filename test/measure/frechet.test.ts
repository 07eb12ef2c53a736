import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key, normal } from '../../src/core/Key.ts'
import { bootstrap } from '../../src/measure/bootstrap.ts'
import { motion } from '../../src/measure/dynamics.ts'
import { frechetDistance, gaussianOf, standardised, type Features } from '../../src/measure/frechet.ts'
import { eigenSymmetric, eigenvaluesSymmetric, multiply, squareRoot } from '../../src/measure/linearAlgebra.ts'

const width = 5
const draw = (seed: number, n = 60): Features => ({ width, rows: normal(key(seed), n * width) })
const moved = ({ rows }: Features, by: number): Features => ({ width, rows: rows.map((x) => x + by) })
const distance = (a: Features, b: Features): number => frechetDistance(gaussianOf(a))(gaussianOf(b))
const seeds = fc.integer({ min: 0, max: 1e6 })

describe('the Fréchet distance', () => {
  it('is zero between a set and itself, and symmetric', () => {
    fc.assert(
      fc.property(seeds, seeds, (s, t) => {
        expect(distance(draw(s), draw(s))).toBeLessThan(1e-9)
        expect(distance(draw(s), draw(t))).toBeCloseTo(distance(draw(t), draw(s)), 8)
      }),
      { numRuns: 20 }
    )
  })

  it('between sets that differ by a shift is the squared shift', () => {
    fc.assert(
      fc.property(seeds, fc.double({ min: -3, max: 3, noNaN: true }), (s, by) => {
        expect(distance(draw(s), moved(draw(s), by))).toBeCloseTo(width * by * by, 8)
      }),
      { numRuns: 20 }
    )
  })

  it('between standardised sets hardly depends on the scales of the features', () => {
    const stretched = ({ rows }: Features): Features => ({ width, rows: rows.map((x, k) => x * 10 ** (k % width)) })
    const standard = (real: Features, other: Features): number => {
      const unit = standardised(gaussianOf(real))
      return distance(unit(real), unit(other))
    }
    fc.assert(
      fc.property(seeds, seeds, (s, t) => {
        const apart = standard(draw(s), draw(t))
        expect(Math.abs(standard(stretched(draw(s)), stretched(draw(t))) - apart)).toBeLessThan(0.01 * apart)
      }),
      { numRuns: 20 }
    )
  })

  it('of one-dimensional Gaussians is (μ₁−μ₂)² + (σ₁−σ₂)²', () => {
    const gaussian = (mean: number, deviation: number) => ({
      width: 1,
      mean: Float64Array.of(mean),
      covariance: Float64Array.of(deviation ** 2)
    })
    expect(frechetDistance(gaussian(1, 2))(gaussian(-0.5, 0.5))).toBeCloseTo(1.5 ** 2 + 1.5 ** 2, 12)
  })
})

describe('the symmetric eigenproblem', () => {
  it('has the same eigenvalues without the vectors, also of a matrix that is not of full rank', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 8 }), (s, n) => {
        const { covariance } = gaussianOf(draw(s, n))
        const alone = [...eigenvaluesSymmetric(covariance, width)].sort((x, y) => x - y)
        const values = [...eigenSymmetric(covariance, width).values].sort((x, y) => x - y)
        alone.forEach((x, i) => {
          expect(x).toBeCloseTo(values[i] ?? NaN, 10)
        })
        expect(values.filter((x) => Math.abs(x) > 1e-9).length).toBe(Math.min(width, n - 1))
      }),
      { numRuns: 20 }
    )
  })

  it('gives back the matrix: V Λ Vᵀ, and the root squared', () => {
    fc.assert(
      fc.property(seeds, (s) => {
        const { covariance } = gaussianOf(draw(s))
        const { values, vectors } = eigenSymmetric(covariance, width)
        const root = squareRoot(covariance, width)
        const squared = multiply(root, root, width)
        covariance.forEach((x, i) => {
          const [r, c] = [Math.floor(i / width), i % width]
          const back = values.reduce(
            (sum, l, k) => sum + l * (vectors[r * width + k] ?? NaN) * (vectors[c * width + k] ?? NaN),
            0
          )
          expect(back).toBeCloseTo(x, 10)
          expect(squared[i]).toBeCloseTo(x, 10)
        })
      }),
      { numRuns: 20 }
    )
  })
})

describe('the bootstrap', () => {
  it('covers the mean of a fair coin and narrows as the sample grows', () => {
    const interval = (n: number) =>
      bootstrap(key(1), n, 400, (c) => Array.from(c).filter((i) => i % 2 === 0).length / n)
    const [small, large] = [interval(50), interval(2000)]
    expect(small.low).toBeLessThan(0.5)
    expect(small.high).toBeGreaterThan(0.5)
    expect(large.high - large.low).toBeLessThan((small.high - small.low) / 3)
  })
})

describe('motion', () => {
  it('is zero for a still clip and the change of a pixel for a blinking one', () => {
    const clips = Float32Array.of(1, 2, 1, 2, 1, 2, /* blinking */ 0, 0, 1, 1, 0, 0)
    expect([...motion(clips, 2, 3)]).toEqual([0, 1])
  })
})

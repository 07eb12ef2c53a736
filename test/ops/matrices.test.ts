import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { range } from '../../src/core/Shape.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { constant, cholesky, einsum, inverse, triangularSolve } from '../../src/ops/api.ts'
import { faultsOf, numbers, varied } from './evaluated.ts'
import { onEveryTarget } from './onTargets.ts'

type F = Expr<'f32'>

const matrix = (n: number) =>
  fc.array(fc.integer({ min: -8, max: 8 }), { minLength: n * n, maxLength: n * n }).map((v) => v.map((k) => k / 4))

const product = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, n: number): ReadonlyArray<number> =>
  range(n * n).map((i) =>
    range(n).reduce((s, k) => s + (a[Math.floor(i / n) * n + k] ?? 0) * (b[k * n + (i % n)] ?? 0), 0)
  )

const flipped = (a: ReadonlyArray<number>, n: number): ReadonlyArray<number> =>
  range(n * n).map((i) => a[(i % n) * n + Math.floor(i / n)] ?? NaN)

const unit = (n: number, k = 1): ReadonlyArray<number> => range(n * n).map((i) => (Math.floor(i / n) === i % n ? k : 0))

const gap = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? NaN))), 0)

/** `a aᵀ + 1`, positive definite. */
const positive = (a: ReadonlyArray<number>, n: number): ReadonlyArray<number> =>
  product(a, flipped(a, n), n).map((x, i) => x + (unit(n)[i] ?? 0))

describe('cholesky', () => {
  it('multiplies to its matrix again, and is lower', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((n) => fc.tuple(fc.constant(n), matrix(n))),
        ([n, a]) => {
          const m = positive(a, n)
          const l = numbers(cholesky()(constant([n, n], m)))

          expect(gap(product(l, flipped(l, n), n), m)).toBeLessThan(1e-10)
          expect(l.filter((_, i) => i % n > Math.floor(i / n)).every((x) => x === 0)).toBe(true)
        }
      )
    )
  })

  it('says that it needs squares', () => {
    expect(faultsOf(cholesky()(varied([2, 3])))).toEqual([
      'cholesky: needs square matrices in the last two axes, got [2,3]'
    ])
  })
})

describe('inverse', () => {
  it('multiplies to the identity', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((n) => fc.tuple(fc.constant(n), matrix(n))),
        ([n, a]) => {
          const m = positive(a, n)

          expect(gap(product(numbers(inverse()(constant([n, n], m))), m, n), unit(n))).toBeLessThan(1e-9)
        }
      )
    )
  })

  it('takes other pivots where the first are 0', () => {
    const turn = [0, 2, 0, 0, 0, 4, 8, 0, 0]

    expect(numbers(inverse()(constant([3, 3], turn)))).toEqual([0, 0, 0.125, 0.5, 0, 0, 0, 0.25, 0])
  })
})

describe('triangularSolve', () => {
  it('solves both systems, whatever stands above the diagonal', () => {
    const l = constant([2, 3, 3], [2, 9, 9, 1, 4, 9, -1, 2, 5, 1, 7, 7, 3, 2, 7, 0, 1, 4])
    const held = constant([2, 3, 3], [2, 0, 0, 1, 4, 0, -1, 2, 5, 1, 0, 0, 3, 2, 0, 0, 1, 4])
    const b = varied([2, 3, 2])

    const plain = einsum('zij,zjk->zik')(held, triangularSolve()(l, b))
    const transposed = einsum('zji,zjk->zik')(held, triangularSolve('transposed')(l, b))

    expect(gap(numbers(plain), numbers(b))).toBeLessThan(1e-12)
    expect(gap(numbers(transposed), numbers(b))).toBeLessThan(1e-12)
  })
})

await onEveryTarget('matrices of 16 rows', (computed) => {
  const n = 16
  const a = numbers(varied([n, n]))
  const m = constant([n, n], positive(a, n).map(Math.fround))

  it('are factored and inverted to single precision', async () => {
    const l = await computed(cholesky()(m) as F)
    const i = await computed(inverse()(m) as F)

    expect(gap(product(l, flipped(l, n), n), numbers(m))).toBeLessThan(1e-5)
    expect(gap(product(i, numbers(m), n), unit(n))).toBeLessThan(1e-4)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { vjp } from '../../src/autodiff/vjp.ts'
import { difference, f64 } from '../../src/measure/Close.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { range } from '../../src/core/Shape.ts'
import { argsort, constant, cumulativeProduct, ranks, repeat, sort, sum, mul, tile, topK } from '../../src/ops/api.ts'
import { evaluated, faultsOf, ints, numbers, varied } from './evaluated.ts'

type F = Expr<'f32'>

const gradient = (y: F, x: F): ReadonlyArray<number> =>
  numbers(vjp([sum('all')(y)], [x])([constant([], [1])])[0] as Expr)

/** With equals among them. */
const values = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 9 })

describe('sort', () => {
  it('is what the host sorts, in both directions', () => {
    fc.assert(
      fc.property(values, (list) => {
        const x = constant([list.length], list)

        expect(numbers(sort(0)(x))).toEqual([...list].sort((a, b) => a - b))
        expect(numbers(sort(0, 'descending')(x))).toEqual([...list].sort((a, b) => b - a))
      })
    )
  })

  it('keeps equals in their order, in both directions', () => {
    const x = ints([5], [2, 1, 2, 1, 2])

    expect(numbers(argsort(0)(x))).toEqual([1, 3, 0, 2, 4])
    expect(numbers(argsort(0, 'descending')(x))).toEqual([0, 2, 4, 1, 3])
  })

  it('sorts along the axis and no other', () => {
    const x = constant([2, 3], [3, 1, 2, 4, 6, 5])

    expect(numbers(sort(1)(x))).toEqual([1, 2, 3, 4, 5, 6])
    expect(numbers(sort(0, 'descending')(x))).toEqual([4, 6, 5, 3, 1, 2])
  })

  it('gives each gradient to where the element was', () => {
    const x = constant([4], [3, 1, 4, 2])

    expect(gradient(mul(sort(0)(x), constant([4], [10, 20, 30, 40])), x)).toEqual([30, 10, 40, 20])
  })

  it('says which axis there is not', () => {
    expect(faultsOf(sort(2)(varied([3])))[0]).toBe('sort: axis 2 is out of range for [3]')
  })
})

describe('ranks', () => {
  it('are the inverse of the sorted places', () => {
    fc.assert(
      fc.property(values, (list) => {
        const x = constant([list.length], list)
        const [places, own] = [numbers(argsort(0)(x)), numbers(ranks(0)(x))]

        expect(places.map((place) => own[place])).toEqual(range(list.length))
      })
    )
  })
})

describe('topK', () => {
  it('takes every place once, where nothing is left but −∞ too', () => {
    const x = constant([1, 4], [1, -Infinity, 3, -Infinity])
    const { values, indices } = topK(4, 1)(x)

    expect(numbers(indices)).toEqual([2, 0, 1, 3])
    expect(numbers(values)).toEqual([3, 1, -Infinity, -Infinity])
  })

  it('takes what is no number first', () => {
    expect(numbers(topK(3, 0)(constant([4], [1, NaN, Infinity, NaN])).indices)).toEqual([1, 3, 2])
  })

  it('gives gradients to the largest alone', () => {
    const x = constant([2, 3], [1, 5, 3, 9, 7, 8])

    expect(gradient(mul(topK(2, 1)(x).values, constant([2], [10, 1])), x)).toEqual([0, 10, 1, 10, 0, 1])
  })
})

describe('cumulativeProduct', () => {
  it('is the product of what came so far', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), (n) => {
        const x = varied([2, n])
        const data = evaluated(x).data
        const expected = range(2 * n).map((i) =>
          range((i % n) + 1).reduce((product, k) => product * (data[i - k] ?? NaN), 1)
        )

        expect(
          difference(f64, evaluated(cumulativeProduct(1)(x)), evaluated(constant([2, n], expected)))
        ).toBeUndefined()
      })
    )
  })

  it('has the right gradient where factors are 0', () => {
    // y = [a, ab, abc] at (2, 0, 3): the derivative of the sum is [1 + b + bc, a + ac, ab].
    const x = constant([3], [2, 0, 3])

    expect(gradient(cumulativeProduct(0)(x), x)).toEqual([1, 8, 0])
  })
})

describe('repetition', () => {
  it('of elements is side by side, of the whole one after another', () => {
    const x = constant([2, 2], [1, 2, 3, 4])

    expect(numbers(repeat(2, 1)(x))).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    expect(numbers(repeat(2, 0)(x))).toEqual([1, 2, 1, 2, 3, 4, 3, 4])
    expect(numbers(tile([1, 2])(x))).toEqual([1, 2, 1, 2, 3, 4, 3, 4])
    expect(numbers(tile([2, 1])(x))).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
    expect(tile([2, 3])(x).shape).toEqual([4, 6])
  })
})

import { describe, expect, it } from 'vitest'
import { vjp } from '../../src/autodiff/vjp.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { constant, cosineSimilarity, crossEntropy, huber, sum } from '../../src/ops/api.ts'
import { ints, numbers } from './evaluated.ts'

type F = Expr<'f32'>

const gradient = (y: F, x: F): ReadonlyArray<number> =>
  numbers(vjp([sum('all')(y)], [x])([constant([], [1])])[0] as Expr)

describe('crossEntropy', () => {
  const probabilities = [0.5, 0.25, 0.25, 0.1, 0.2, 0.7]
  const logits = constant([2, 3], probabilities.map(Math.log))

  it('is the mean of −ln of the probability of the label', () => {
    expect(numbers(crossEntropy()(logits, ints([2], [0, 2])))[0]).toBeCloseTo(-(Math.log(0.5) + Math.log(0.7)) / 2, 12)
  })

  it('counts classes by their weights', () => {
    const loss = crossEntropy({ weights: constant([3], [3, 5, 1]) })(logits, ints([2], [0, 2]))

    expect(numbers(loss)[0]).toBeCloseTo(-(3 * Math.log(0.5) + Math.log(0.7)) / 4, 12)
  })

  it('leaves out labels that are ignored, and is 0 where all are', () => {
    const some = crossEntropy({ ignore: -100 })(logits, ints([2], [-100, 1]))
    const none = crossEntropy({ ignore: -100 })(logits, ints([2], [-100, -100]))

    expect(numbers(some)[0]).toBeCloseTo(-Math.log(0.2), 12)
    expect(gradient(some as F, logits).slice(0, 3)).toEqual([0, 0, 0])
    expect(numbers(none)).toEqual([0])
    expect(gradient(none as F, logits)).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('has the gradient softmax less one-hot', () => {
    const pulled = gradient(crossEntropy()(logits, ints([2], [0, 2])) as F, logits)

    pulled.forEach((g, i) => expect(g).toBeCloseTo(((probabilities[i] ?? 0) - Number(i === 0 || i === 5)) / 2, 12))
  })
})

describe('huber', () => {
  it('is a parabola near 0 and a line beyond', () => {
    const x = constant([4], [0.5, -2, 3, 0])
    const zero = constant([4], [0, 0, 0, 0])

    expect(numbers(huber(1)(x, zero))).toEqual([0.125, 1.5, 2.5, 0])
    expect(gradient(huber(1)(x, zero), x)).toEqual([0.5, -1, 1, 0])
  })
})

describe('cosineSimilarity', () => {
  it('is the cosine of the angle, whatever the lengths', () => {
    const x = constant([3, 2], [1, 0, 3, 3, 2, 0])
    const y = constant([3, 2], [0, 5, 7, 0, -1, 0])

    const got = numbers(cosineSimilarity(1)(x, y))

    ;[0, Math.SQRT1_2, -1].forEach((cosine, i) => expect(got[i]).toBeCloseTo(cosine, 12))
  })

  it('is 0 for a vector that is 0, with finite gradients', () => {
    const x = constant([2], [0, 0])

    expect(numbers(cosineSimilarity(0)(x, constant([2], [1, 2])))).toEqual([0])
    expect(gradient(cosineSimilarity(0)(x, constant([2], [1, 2])), x).every(Number.isFinite)).toBe(true)
  })
})

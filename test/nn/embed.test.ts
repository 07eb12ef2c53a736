import { describe, expect, it } from 'vitest'
import { gradOf } from '../../src/autodiff/grad.ts'
import { tensor } from '../../src/core/Tensor.ts'
import { embedding, paddingToken } from '../../src/nn/embed.ts'
import { input, sum, type Expr } from '../../src/ops/api.ts'
import { randoms, valueOf } from './values.ts'

const ids = tensor('i32', [2, 3], Int32Array.of(2, 1, paddingToken, 3, 3, paddingToken))
const weight = randoms(1, [4, 5])
const given = new Map([
  ['ids', ids],
  ['weight', weight]
])
const params = { weight: input('weight', 'f32', [4, 5]) }
const looked = embedding(params, input('ids', 'i32', [2, 3]) as Expr<'i32'>)

describe('a token embedding', () => {
  it('is the row of each token, and zero where the caption has ended', () => {
    const value = valueOf(looked, given)
    const row = (id: number): ReadonlyArray<number> =>
      id === paddingToken ? [0, 0, 0, 0, 0] : [...weight.data.slice(id * 5, id * 5 + 5)]

    expect(value.shape).toEqual([2, 3, 5])
    expect([...value.data]).toEqual([...ids.data].flatMap(row))
  })

  it('has a gradient that counts the uses of each row, and none for the padding', () => {
    const gradient = valueOf(gradOf(sum('all')(looked))(params).weight, given)

    expect([...gradient.data].filter((_, i) => i % 5 === 0)).toEqual([0, 1, 1, 2])
  })
})

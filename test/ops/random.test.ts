import { describe, expect, it } from 'vitest'
import { key } from '../../src/core/Key.ts'
import { range } from '../../src/core/Shape.ts'
import { tensor } from '../../src/core/Tensor.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { bernoulli, broadcastTo, categorical, constant, dropout, embed, fill, permutation } from '../../src/ops/api.ts'
import { numbers } from './evaluated.ts'
import { onEveryTarget } from './onTargets.ts'

const seeded = (seed: number): Expr<'u32'> => embed(tensor('u32', [2], Uint32Array.from(key(seed)))) as Expr<'u32'>

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** Five standard deviations of a share of `n`. */
const five = (p: number, n: number): number => 5 * Math.sqrt((p * (1 - p)) / n)

describe('bernoulli', () => {
  it('is true as often as it says', () => {
    expect(Math.abs(mean(numbers(bernoulli(0.3, [4000])(seeded(1)))) - 0.3)).toBeLessThan(five(0.3, 4000))
    expect(mean(numbers(bernoulli(1, [100])(seeded(1))))).toBe(1)
    expect(mean(numbers(bernoulli(0, [100])(seeded(1))))).toBe(0)
  })
})

describe('dropout', () => {
  it('drops as many as it says and keeps the mean', () => {
    const got = numbers(dropout(0.25)(seeded(2))(fill(3, [4000])))

    expect(new Set(got)).toEqual(new Set([0, 4]))
    expect(Math.abs(mean(got.map(Number.isFinite).map((_, i) => Number(got[i] === 0))) - 0.25)).toBeLessThan(
      five(0.25, 4000)
    )
  })
})

describe('categorical', () => {
  it('draws classes as often as softmax says, and never one of −∞', () => {
    const logits = broadcastTo([6000, 4])(constant([4], [Math.log(0.5), Math.log(0.2), -Infinity, Math.log(0.3)]))

    const got = numbers(categorical(1)(seeded(3))(logits as Expr<'f32'>))

    ;[0.5, 0.2, 0, 0.3].forEach((p, i) =>
      expect(Math.abs(mean(got.map((c) => Number(c === i))) - p)).toBeLessThanOrEqual(five(p, 6000))
    )
  })
})

describe('permutation', () => {
  it('has every number once, in an order of its own for every key', () => {
    const [a, b] = [1, 2].map((seed) => numbers(permutation(50)(seeded(seed))))

    expect([...(a ?? [])].sort((x, y) => x - y)).toEqual(range(50))
    expect(a).not.toEqual(b)
  })

  it('puts every number first equally often', () => {
    const firsts = range(600).map((seed) => numbers(permutation(3)(seeded(seed)))[0])

    for (const i of range(3))
      expect(Math.abs(mean(firsts.map((f) => Number(f === i))) - 1 / 3)).toBeLessThan(five(1 / 3, 600))
  })
})

await onEveryTarget('draws from a key', (computed) => {
  it('are the same everywhere: permutations, classes, truths', async () => {
    for (const draw of [
      permutation(37)(seeded(5)),
      categorical(1)(seeded(6))(fill(0, [20, 5])),
      bernoulli(0.5, [50])(seeded(7))
    ])
      expect(await computed(draw)).toEqual(numbers(draw))
  })
})

/** Laws of samplers of one number: what is drawn from a key follows the distribution that is claimed. */
import * as fc from 'fast-check'
import type { Key } from '../src/core/Key.ts'
import { from, law, unless, type Laws } from './Laws.ts'

const stream = from('a sampler is a function of its key')
const smirnov = from('Kolmogorov 1933 and Smirnov 1948')

export type Sampler = (key: Key, n: number) => ArrayLike<number>

export interface Distribution {
  readonly min: number
  readonly max: number
  /** The probability of a number at most `x`; it may jump where the sampler clamps. */
  readonly cumulative: (x: number) => number
}

const word: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const keys: fc.Arbitrary<Key> = fc.tuple(word, word)
const count = 2048

/** The largest distance between what was drawn and what is claimed (Kolmogorov and Smirnov), at points of continuity. */
const distance = (xs: ReadonlyArray<number>, { cumulative }: Distribution): number =>
  [...xs]
    .sort((a, b) => a - b)
    .reduce((most, x, i, sorted) => {
      const jumps = sorted[i + 1] === x || sorted[i - 1] === x
      return jumps ? most : Math.max(most, Math.abs(cumulative(x) - (i + 0.5) / sorted.length))
    }, 0)

export const sampler = (draw: Sampler, distribution: Distribution): Laws => ({
  'the same key gives the same numbers': law(stream('draw(k) = draw(k)'), keys, (key) => {
    const again = draw(key, 16)
    return unless(
      Array.from(draw(key, 16)).every((x, i) => x === again[i]),
      () => 'numbers differ'
    )
  }),
  'different keys give different numbers': law(stream('draw(k) ≠ draw(k′)'), fc.tuple(keys, word), ([[a, b], c]) => {
    const other = draw([a, (b ^ (c | 1)) >>> 0], 16)
    return unless(
      Array.from(draw([a, b], 16)).some((x, i) => x !== other[i]),
      () => 'numbers are the same'
    )
  }),
  'numbers lie in the range': law(smirnov('min ≤ x ≤ max'), keys, (key) => {
    const outside = Array.from(draw(key, 64)).find((x) => !(x >= distribution.min && x <= distribution.max))
    return unless(outside === undefined, () => `${outside} is outside [${distribution.min}, ${distribution.max}]`)
  }),
  'numbers follow the distribution': law(smirnov('sup |F_n − F| ≤ 3/√n'), keys, (key) => {
    const gap = distance(Array.from(draw(key, count)), distribution)
    const limit = 3 / Math.sqrt(count)
    return unless(gap <= limit, () => `the distribution is off by ${gap}, more than ${limit}`)
  })
})

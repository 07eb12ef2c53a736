/** Laws of splittable, counter-based random keys. */
import * as fc from 'fast-check'
import type { Key } from '../src/core/Key.ts'
import { firstOf, from, law, unless, type Laws, type Verdict } from './Laws.ts'

const random123 = from('Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3')
const splittable = from('Claessen and Pałka 2013, Splittable pseudorandom number generators')
const moments = from('moments of the distribution, within eight standard deviations')

export interface Generator {
  readonly threefry: (key: Key, c0: number, c1: number) => readonly [number, number]
  readonly bits: (key: Key, n: number) => Uint32Array
  readonly split: (key: Key, n: number) => ReadonlyArray<Key>
  readonly fold: (key: Key, data: number) => Key
  readonly uniform: (key: Key, n: number) => Float64Array
  readonly normal: (key: Key, n: number) => Float64Array
  readonly integers: (key: Key, n: number, below: number) => Int32Array
}

interface Answer {
  readonly key: Key
  readonly counter: readonly [number, number]
  readonly output: readonly [number, number]
}

/** Random123's known answers for threefry2x32, 20 rounds. */
const answers: ReadonlyArray<Answer> = [
  { key: [0, 0], counter: [0, 0], output: [0x6b200159, 0x99ba4efe] },
  { key: [0xffffffff, 0xffffffff], counter: [0xffffffff, 0xffffffff], output: [0x1cb996fc, 0xbb002be7] },
  { key: [0x13198a2e, 0x03707344], counter: [0x243f6a88, 0x85a308d3], output: [0xc4923a9c, 0x483df7a0] }
]

const word: fc.Arbitrary<number> = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const keys: fc.Arbitrary<Key> = fc.tuple(word, word)

const text = ([a, b]: readonly [number, number]): string => `${a.toString(16)} ${b.toString(16)}`

const distinct = (pairs: ReadonlyArray<readonly [number, number]>): boolean =>
  new Set(pairs.map(text)).size === pairs.length

const count = 2048

const mean = (xs: Float64Array): number => xs.reduce((sum, x) => sum + x, 0) / xs.length

/** A mean of `count` draws, no further from what is expected than eight of its standard deviations. */
const averages = (what: string, xs: Float64Array, expected: number, deviation: number): Verdict => {
  const found = mean(xs)
  const limit = (8 * deviation) / Math.sqrt(xs.length)
  return unless(Math.abs(found - expected) <= limit, () => `${what} ${found} is not within ${limit} of ${expected}`)
}

const cipher = ({ threefry }: Generator): Laws => ({
  'gives the known answers': law(
    random123('the known answers of Random123 for threefry2x32-20'),
    fc.constantFrom(...answers),
    ({ key, counter, output }) => {
      const found = threefry(key, counter[0], counter[1])
      return unless(text(found) === text(output), () => `${text(found)}, not ${text(output)}`)
    }
  ),
  'different counters give different words': law(
    random123('threefry(k, ·) is injective'),
    fc.tuple(keys, word, word),
    ([key, a, b]) => {
      const counters = [[a, b], [a + 1, b], [a, b + 1], [b, a + 2] as const].map(
        ([c = 0, d = 0]) => [c >>> 0, d >>> 0] as const
      )
      const different = [...new Map(counters.map((counter) => [text(counter), counter])).values()]
      return unless(distinct(different.map(([c, d]) => threefry(key, c, d))), () => 'two counters gave the same words')
    }
  )
})

const splitting = ({ split, fold, bits }: Generator): Laws => ({
  'split keys are all different, and none is the key itself': law(
    splittable('split(k, n) ∪ {k} has n + 1 elements'),
    fc.tuple(keys, fc.integer({ min: 1, max: 64 })),
    ([key, n]) => {
      const parts = split(key, n)
      return firstOf([
        unless(parts.length === n, () => `${parts.length} keys, not ${n}`),
        unless(distinct([key, ...parts]), () => 'two keys are the same')
      ])
    }
  ),
  'folding in different numbers gives different keys': law(
    splittable('fold(k, a) ≠ fold(k, b) ≠ k for a ≠ b'),
    fc.tuple(keys, word),
    ([key, data]) => unless(distinct([key, fold(key, data), fold(key, data + 1)]), () => 'two keys are the same')
  ),
  'streams of split keys are not correlated': law(splittable('E[agreement of bits] = ½'), keys, (key) => {
    const [a = key, b = key] = split(key, 2)
    const other = bits(b, count)
    const agreement = Float64Array.from(bits(a, count), (x, i) => ((x ^ (other[i] ?? 0)) & 1 ? 1 : -1))
    return averages('agreement', agreement, 0, 1)
  })
})

const drawing = ({ uniform, normal }: Generator): Laws => ({
  'the same key gives the same numbers': law(splittable('uniform(k, n) = uniform(k, n)'), keys, (key) =>
    unless(
      uniform(key, 9).every((x, i) => x === uniform(key, 9)[i]),
      () => 'numbers differ'
    )
  ),
  'uniform numbers are in [0, 1), with their mean and variance': law(
    moments('E[u] = 1/2, E[u²] = 1/3'),
    keys,
    (key) => {
      const xs = uniform(key, count)
      return firstOf([
        unless(
          xs.every((x) => x >= 0 && x < 1),
          () => 'a number is not in [0, 1)'
        ),
        averages('mean', xs, 1 / 2, Math.sqrt(1 / 12)),
        averages(
          'mean square',
          xs.map((x) => x * x),
          1 / 3,
          Math.sqrt(4 / 45)
        )
      ])
    }
  ),
  'normal numbers have mean 0, variance 1 and no skew': law(moments('E[z] = 0, E[z²] = 1, E[z³] = 0'), keys, (key) => {
    const xs = normal(key, count)
    return firstOf([
      averages('mean', xs, 0, 1),
      averages(
        'mean square',
        xs.map((x) => x * x),
        1,
        Math.sqrt(2)
      ),
      averages(
        'mean cube',
        xs.map((x) => x * x * x),
        0,
        Math.sqrt(15)
      )
    ])
  })
})

const choosing = ({ integers }: Generator): Laws => ({
  'integers are in [0, below), all of them possible': law(
    moments('{integers} = {0, …, below − 1}'),
    fc.tuple(keys, fc.integer({ min: 1, max: 8 })),
    ([key, below]) => {
      const seen = new Set(integers(key, count, below))
      return unless(
        seen.size === below && [...seen].every((i) => i >= 0 && i < below),
        () => `${[...seen]} are not the integers below ${below}`
      )
    }
  )
})

export const key = (generator: Generator): Laws => ({
  ...cipher(generator),
  ...splitting(generator),
  ...drawing(generator),
  ...choosing(generator)
})

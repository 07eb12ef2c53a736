/** Generators of random numbers that are not quite. */
import * as Key from '../../src/core/Key.ts'
import { key, type Generator } from '../key.ts'
import type { Mutant } from '../Laws.ts'
import { mutantsOf } from './mutant.ts'

const mutant = mutantsOf<Generator>(key, Key)

const stuck = (k: Key.Key, n: number): Float64Array => Key.uniform(k, n).map((u) => u * u)

export const keyMutants: ReadonlyArray<Mutant> = [
  mutant('a cipher with its words exchanged', 'gives the known answers', {
    threefry: (k, c0, c1) => Key.threefry(k, c1, c0)
  }),
  mutant('a cipher that looks at half a counter', 'different counters give different words', {
    threefry: (k, c0) => Key.threefry(k, c0, 0)
  }),
  mutant('a split that keeps the key', 'split keys are all different, and none is the key itself', {
    split: (k, n) => [k, ...Key.split(k, n - 1)]
  }),
  mutant('a fold that looks at even numbers', 'folding in different numbers gives different keys', {
    fold: (k, data) => Key.fold(k, data & ~1)
  }),
  mutant('bits that ignore their key', 'streams of split keys are not correlated', {
    bits: (_, n) => Key.bits([1, 2], n)
  }),
  mutant('numbers that depend on the time of day', 'the same key gives the same numbers', {
    uniform: (k, n) => Float64Array.from(Key.uniform(k, n), (u) => u + NaN)
  }),
  mutant('uniform numbers squared', 'uniform numbers are in [0, 1), with their mean and variance', { uniform: stuck }),
  mutant('normal numbers that are uniform', 'normal numbers have mean 0, variance 1 and no skew', {
    normal: (k, n) => Key.uniform(k, n).map((u) => Math.sqrt(12) * u * u)
  }),
  mutant('integers that are rounded', 'integers are in [0, below), all of them possible', {
    integers: (k, n, below) => Int32Array.from(Key.uniform(k, n), (u) => Math.round(u * below))
  })
]

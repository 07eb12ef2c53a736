/** Samplers of uniform numbers that are not. */
import { uniform } from '../../src/core/Key.ts'
import type { Mutant } from '../Laws.ts'
import { sampler, type Distribution, type Sampler } from '../sampler.ts'

const flat: Distribution = { min: 0, max: 1, cumulative: (x) => Math.min(1, Math.max(0, x)) }

/** A counter that no key holds, so that two draws differ. */
const count = { calls: 0 }

const mutant = (name: string, brokenLaw: string, wrong: Sampler): Mutant => ({
  name,
  brokenLaw,
  laws: sampler(wrong, flat)
})

export const samplerMutants: ReadonlyArray<Mutant> = [
  mutant('a sampler with a memory', 'the same key gives the same numbers', (key, n) => {
    count.calls++
    return uniform([key[0], key[1] + count.calls], n)
  }),
  mutant('a sampler that looks at half a key', 'different keys give different numbers', (key, n) =>
    uniform([key[0], 0], n)
  ),
  mutant('a sampler of [−1, 1)', 'numbers lie in the range', (key, n) => uniform(key, n).map((u) => 2 * u - 1)),
  mutant('a sampler of squares', 'numbers follow the distribution', (key, n) => uniform(key, n).map((u) => u * u))
]

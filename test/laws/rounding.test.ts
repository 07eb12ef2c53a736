import { describe } from 'vitest'
import { roundingMutants } from '../../laws/mutants/rounding.ts'
import { rounding } from '../../laws/rounding.ts'
import { formats, narrow, rounding as nearest, widen, type Format } from '../../src/core/narrow.ts'
import { covered, hold, reject } from './hold.ts'

/** By way of the pattern that is stored. */
const throughPatterns = (format: Format): ((x: number) => number) => {
  const [store, load] = [narrow(format), widen(format)]
  return (x) => {
    const out = new Float64Array(1)
    load(store([x]), out)
    return out[0] ?? NaN
  }
}

for (const [name, format] of Object.entries(formats))
  describe(name, () => {
    describe('rounding', () => hold(rounding({ format, round: nearest(format) })))
    describe('what is stored', () => hold(rounding({ format, round: throughPatterns(format) })))
  })

describe('mutants of rounding', () => {
  reject(roundingMutants)
  covered(rounding({ format: formats.bf16, round: nearest(formats.bf16) }), roundingMutants)
})

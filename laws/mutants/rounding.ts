/** Ways of storing a number in half a word that are nearly right. */
import { formats, rounding as nearest } from '../../src/core/narrow.ts'
import type { Mutant } from '../Laws.ts'
import { rounding, type Rounding } from '../rounding.ts'
import { mutantsOf } from './mutant.ts'

const format = formats.bf16
const right = nearest(format)
const mutant = mutantsOf<Rounding>(rounding, { format, round: right })

/** A number in steps of the format, rounded in another way. */
const stepwise =
  (whole: (steps: number) => number): Rounding['round'] =>
  (x) => {
    const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), format.least) - format.fraction)
    return whole(x / step) * step
  }

export const roundingMutants: ReadonlyArray<Mutant> = [
  mutant('digits cut off', 'gives the nearest number', { round: stepwise(Math.trunc) }),
  mutant('ties away from zero', 'gives a tie to the even number', {
    round: stepwise((steps) => Math.sign(steps) * Math.floor(Math.abs(steps) + 0.5))
  }),
  mutant('a step more each time', 'changes no number of the format', { round: (x) => right(x) * (1 + 2 ** -7) }),
  mutant('towards minus infinity', 'treats both signs alike', { round: stepwise(Math.floor) }),
  mutant('an exponent that wraps around', 'keeps order', { round: (x) => (Math.abs(x) > 2 ** 64 ? 0 : right(x)) }),
  mutant('the largest number for all beyond', 'overflows to infinity', {
    round: (x) => (Number.isFinite(right(x)) ? right(x) : Math.sign(x) * (2 - 2 ** -7) * 2 ** 127)
  })
]

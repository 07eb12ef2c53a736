/** Laws of the rounding to a narrow format of floats: how a target stores what it computed in a wider one. */
import * as fc from 'fast-check'
import type { Format } from '../src/core/narrow.ts'
import { firstOf, from, law, unless, type Laws } from './Laws.ts'

const standard = from('IEEE 754-2019 §4.3.1, roundTiesToEven')

export interface Rounding {
  readonly format: Format
  readonly round: (x: number) => number
}

/** The distance between the numbers of a format at a number. */
const spacing = ({ least, fraction }: Format, x: number): number =>
  2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), least) - fraction)

const largestOf = ({ least, fraction, infinity }: Format): number =>
  2 ** (infinity / 2 ** fraction - 2 + least) * (2 - 2 ** -fraction)

const same = (what: string, got: number, expected: number): string | undefined =>
  unless(Object.is(got, expected), () => `${what} is ${got}, not ${expected}`)

/** The nearest number of the format, of two the even one, and infinity from half a step beyond the largest. */
export const rounding = ({ format, round }: Rounding): Laws => {
  const largest = largestOf(format)
  const small = fc.double({ noNaN: true, min: 2 ** format.least / 8, max: 8 })
  const large = fc.double({ noNaN: true, min: 1, max: largest })
  const sizes = fc.oneof(small, large)
  const numbers = fc.tuple(sizes, fc.boolean()).map(([size, negative]) => (negative ? -size : size))
  const patterns = fc.integer({ min: 2 ** format.fraction, max: format.infinity - 2 })
  /** The number of a pattern that is not below the smallest normal one. */
  const numberOf = (pattern: number): number => {
    const below = 2 ** format.fraction
    return (1 + (pattern % below) / below) * 2 ** (Math.floor(pattern / below) - 1 + format.least)
  }
  return {
    'gives the nearest number': law(standard('|round(x) − x| ≤ ½ ulp(x)'), numbers, (x) =>
      unless(Math.abs(round(x) - x) <= spacing(format, x) / 2, () => `${x} becomes ${round(x)}`)
    ),
    'gives a tie to the even number': law(
      standard('round((a + b) / 2) is the even one of a, b'),
      patterns,
      (pattern) => {
        const [a, b] = [numberOf(pattern), numberOf(pattern + 1)]
        return same(`(${a} + ${b}) / 2`, round(a / 2 + b / 2), pattern % 2 === 0 ? a : b)
      }
    ),
    'changes no number of the format': law(standard('round(round(x)) = round(x)'), numbers, (x) =>
      same(`${round(x)} again`, round(round(x)), round(x))
    ),
    'treats both signs alike': law(standard('round(−x) = −round(x)'), sizes, (x) =>
      same(`${-x}`, round(-x), -round(x))
    ),
    'keeps order': law(standard('x ≤ y ⇒ round(x) ≤ round(y)'), fc.tuple(numbers, numbers), ([x, y]) =>
      unless(x > y || round(x) <= round(y), () => `${x} ≤ ${y}, and ${round(x)} > ${round(y)}`)
    ),
    'overflows to infinity': law(
      standard('round(x) = ∞ from half a step beyond the largest'),
      fc.constant(largest),
      (top) =>
        firstOf([
          same('the largest', round(top), top),
          same('half a step beyond', round(top + spacing(format, top) / 2), Infinity)
        ])
    )
  }
}

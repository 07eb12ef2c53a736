/**
 * Sixteen-bit floats. The one idea: numbers of one sign and format, in order, have consecutive bit patterns, so that
 * rounding to a whole number of quanta gives the pattern, carries into the exponent included.
 *
 * Laws: `test/core/narrow.test.ts` (`narrow ∘ widen = id`; nearest; ties to even).   Source: IEEE 754-2019 §4.3.1.
 */
import type { Elements } from './Tensor.ts'

/** A format of sixteen bits: the exponent of the smallest normal number, and the bits of the fraction. */
export interface Format {
  readonly least: number
  readonly fraction: number
  readonly infinity: number
}

export const f16: Format = { least: -14, fraction: 10, infinity: 0x7c00 }
export const bf16: Format = { least: -126, fraction: 7, infinity: 0x7f80 }

export const formats: Readonly<Record<'f16' | 'bf16', Format>> = { f16, bf16 }

/** Rounds a non-negative number below 2⁵¹ to the nearest integer, ties to even: the addition does it. */
const nearest = (x: number): number => x + 2 ** 52 - 2 ** 52

/** A number of a list; `NaN` beyond its end, where the exponents of what is not finite lead. */
const entry = (list: ArrayLike<number>, i: number): number => list[i] ?? NaN

/** The patterns of the numbers, each rounded once, to the nearest, ties to even; beyond the largest is infinity. */
export const narrow = (format: Format): ((values: Elements | ReadonlyArray<number>) => Uint16Array) => {
  const below = 2 ** format.fraction
  const quiet = format.infinity | (below / 2)
  const exponents = Float64Array.from({ length: 2048 }, (_, biased) => Math.max(biased - 1023, format.least))
  const scales = exponents.map((exponent) => 2 ** (format.fraction - exponent))
  const bases = exponents.map((exponent) => (exponent - format.least) * below)
  return (values) => {
    const out = new Uint16Array(values.length)
    const double = new DataView(new ArrayBuffer(8))
    for (let i = 0; i < out.length; i++) {
      const value = entry(values, i)
      double.setFloat64(0, value)
      const high = double.getUint32(0)
      const biased = (high >>> 20) & 0x7ff
      const quanta = nearest(Math.abs(value) * entry(scales, biased))
      const pattern = Math.min(entry(bases, biased) + quanta, format.infinity)
      out[i] = ((high >>> 31) << 15) | (Number.isNaN(value) ? quiet : pattern)
    }
    return out
  }
}

/** The numbers of the patterns, exactly, written to `out` from `at`. */
export const widen = (format: Format): ((patterns: Uint16Array, out: Elements, at?: number) => void) => {
  const below = 2 ** format.fraction
  const special = format.infinity / below
  const scales = Float64Array.from(
    { length: special },
    (_, e) => 2 ** (Math.max(e, 1) - 1 + format.least - format.fraction)
  )
  return (patterns, out, at = 0) => {
    for (let i = 0; i < patterns.length; i++) {
      const pattern = entry(patterns, i)
      const exponent = (pattern & 0x7fff) >>> format.fraction
      const rest = pattern & (below - 1)
      const finite = (rest + (exponent === 0 ? 0 : below)) * entry(scales, exponent)
      const magnitude = exponent < special ? finite : rest === 0 ? Infinity : NaN
      out[at + i] = pattern & 0x8000 ? -magnitude : magnitude
    }
  }
}

/** The nearest number of a format, ties to even; what `widen` makes of `narrow`, for one number. */
export const rounding = ({ least, fraction, infinity }: Format): ((x: number) => number) => {
  const largest = 2 ** (infinity / 2 ** fraction - 2 + least) * (2 - 2 ** -fraction)
  return (x) => {
    const magnitude = Math.abs(x)
    if (!(magnitude < Infinity) || magnitude === 0) return x
    // A logarithm that rounds up to a power of two is of a number that rounds to it as well.
    const quantum = 2 ** (Math.max(Math.floor(Math.log2(magnitude)), least) - fraction)
    const near = nearest(magnitude / quantum) * quantum
    return Math.sign(x) * (near > largest ? Infinity : near)
  }
}

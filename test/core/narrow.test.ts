import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bf16, f16, narrow, widen, type Format } from '../../src/core/narrow.ts'

const wide = (format: Format, patterns: Uint16Array): Float64Array => {
  const out = new Float64Array(patterns.length)
  widen(format)(patterns, out)
  return out
}

const every = Uint16Array.from({ length: 65536 }, (_, i) => i)
const largest: Readonly<Record<string, number>> = { f16: 65504, bf16: 2 ** 127 * (2 - 2 ** -7) }

describe.each([
  ['f16', f16],
  ['bf16', bf16]
])('%s', (name, format) => {
  const values = wide(format, every)
  const finite = [...new Set(values.filter(Number.isFinite))].sort((a, b) => a - b)

  it('gives back every pattern that is a number', () => {
    const back = narrow(format)(values)
    const wrong = every.filter((pattern) => back[pattern] !== pattern && !Number.isNaN(values[pattern] ?? NaN))
    expect(wrong).toEqual(new Uint16Array())
    expect(wide(format, narrow(format)([NaN]))[0]).toBeNaN()
  })

  it('rounds to the nearest number', () => {
    const top = largest[name] ?? 0
    fc.assert(
      fc.property(
        fc.oneof(fc.double({ noNaN: true, min: -top, max: top }), fc.double({ noNaN: true, min: -1, max: 1 })),
        (x) => {
          const y = wide(format, narrow(format)([x]))[0] ?? NaN
          const above = finite.findIndex((v) => v >= x)
          const gap = Math.min(
            Math.abs((finite[above] ?? NaN) - x),
            Math.abs((finite[Math.max(above - 1, 0)] ?? NaN) - x)
          )
          expect(Math.abs(y - x)).toBe(gap)
        }
      )
    )
  })

  it('gives a tie to the even pattern', () => {
    const ties = every.filter((pattern) => pattern < format.infinity - 1)
    const middles = Float64Array.from(ties, (p) => ((values[p] ?? NaN) + (values[p + 1] ?? NaN)) / 2)
    const expected = ties.map((pattern) => pattern + (pattern % 2))
    expect(narrow(format)(middles)).toEqual(expected)
  })

  it('rounds once, not by way of single precision', () => {
    const above = 1 + 2 ** -(format.fraction + 1) + 2 ** -40
    expect(wide(format, narrow(format)([above]))[0]).toBe(1 + 2 ** -format.fraction)
  })

  it('overflows to infinity and keeps the sign of zero', () => {
    const top = largest[name] ?? 0
    expect([...wide(format, narrow(format)([top, -top * 1.01, Infinity, 1e300, -0, 1e-300]))]).toEqual([
      top,
      -Infinity,
      Infinity,
      Infinity,
      -0,
      0
    ])
  })
})

describe('bf16', () => {
  it('is the upper half of a single-precision number', () => {
    const words = Uint32Array.from(every, (pattern) => pattern << 16)
    const single = new Float32Array(words.buffer)
    expect(wide(bf16, every)).toEqual(Float64Array.from(single))
  })
})

describe('f16', () => {
  it('has the values of the standard', () => {
    const patterns = Uint16Array.of(0x0001, 0x03ff, 0x0400, 0x3555, 0x3c00, 0x7bff, 0xc000)
    expect([...wide(f16, patterns)]).toEqual([2 ** -24, 1023 * 2 ** -24, 2 ** -14, 0.333251953125, 1, 65504, -2])
  })
})

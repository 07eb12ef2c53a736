import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bounds, coefficient, parse, print, without } from '../../../src/compile/wgsl/Index.ts'

// Texts of the kind that views write, and what they are worth -------------------------------------

const ranges = new Map([
  ['i', 23],
  ['r', 6],
  ['e', 3]
])

type Names = Readonly<Record<string, number>>

/** The value of WGSL that computes a `u32`: the specification that normal forms are held to. */
const worth = (text: string, names: Names): number => {
  const tokens = text.match(/min|\d+|[a-z]\w*|[()+\-*/%,]/g) ?? [] // local
  const atom = (): number => {
    const token = tokens.shift() ?? ''
    if (token === 'u') return atom()
    if (token === '(') {
      const inside = sum()
      tokens.shift()
      return inside
    }
    if (token === 'min') {
      tokens.shift()
      const a = sum()
      tokens.shift()
      const b = sum()
      tokens.shift()
      return Math.min(a, b)
    }
    const value = /\d/.test(token) ? Number(token) : (names[token] ?? NaN)
    if (tokens[0] === 'u') tokens.shift()
    return value
  }
  const product = (): number => {
    let value = atom()
    while (['*', '/', '%'].includes(tokens[0] ?? '')) {
      const symbol = tokens.shift()
      const by = atom()
      value = symbol === '*' ? Math.imul(value, by) >>> 0 : symbol === '/' ? Math.floor(value / by) : value % by
    }
    return value
  }
  const sum = (): number => {
    let value = product()
    while (['+', '-'].includes(tokens[0] ?? '')) {
      const sign = tokens.shift()
      const by = product()
      value = (sign === '+' ? value + by : value - by) >>> 0
    }
    return value
  }
  return sum()
}

const small = fc.integer({ min: 1, max: 12 })

const texts = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    fc.constantFrom('i', 'r', 'e'),
    small.map((n) => `${n}u`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie('text'), small).map(([a, n]) => `(${n * 7}u - ${a})`),
    fc.tuple(tie('text'), small).map(([a, n]) => `(${a} - ${n}u)`),
    fc.tuple(tie('text'), small).map(([a, n]) => `(${a} * ${n}u)`),
    fc.tuple(tie('text'), small).map(([a, n]) => `(${a} / ${n}u)`),
    fc.tuple(tie('text'), small).map(([a, n]) => `(${a} % ${n}u)`),
    fc.tuple(tie('text'), small).map(([a, n]) => `min(${a}, ${n}u)`)
  ) as fc.Arbitrary<{ text: string }['text']>
})).text

const places = fc.record({
  i: fc.integer({ min: 0, max: 23 }),
  r: fc.integer({ min: 0, max: 6 }),
  e: fc.integer({ min: 0, max: 3 })
})

describe('index arithmetic', () => {
  it('has the value of its text in normal form', () =>
    fc.assert(
      fc.property(texts, places, (text, names) => {
        expect(worth(print(parse(text, ranges)), names)).toBe(worth(text, names))
      }),
      { numRuns: 2000 }
    ))

  it('lies within its bounds', () =>
    fc.assert(
      fc.property(texts, places, (text, names) => {
        const [low, high] = bounds(parse(text, ranges))
        const value = worth(text, names)
        expect(high === Infinity || low < 0 || high >= 2 ** 32 || (low <= value && value <= high)).toBe(true)
      })
    ))

  it('is the sum of a name times its coefficient and the rest', () =>
    fc.assert(
      fc.property(texts, places, (text, names) => {
        const index = parse(text, ranges)
        const times = coefficient(index, 'e')
        if (times === undefined || times < 0) return
        const rest = worth(print(without(index, 'e')), names)
        expect((rest + times * names.e) >>> 0).toBe(worth(text, names))
      })
    ))

  const cancelled: ReadonlyArray<readonly [string, string]> = [
    ['((i / 12u) * 12u + ((i / 4u) % 3u) * 4u + i % 4u)', 'i'],
    ['(((r * 4u + e) / 4u) * 8u + (r * 4u + e) % 4u)', '(r * 8u + e)'],
    ['((i * 12u + r) / 12u)', 'i'],
    ['((i * 12u + r) % 12u)', 'r'],
    ['((r * 4u + e) / 12u)', '(r / 3u)'],
    ['(i / 24u)', '0u'],
    ['(i % 24u)', 'i'],
    ['((5u - e) * 2u)', '(10u - e * 2u)']
  ]
  for (const [text, normal] of cancelled)
    it(`turns ${text} into ${normal}`, () => {
      expect(print(parse(text, ranges))).toBe(normal)
    })
})

/**
 * Laws of index arithmetic: a normal form of the sums, products, quotients and remainders that views write has the value
 * of the text that it was read from, as a `u32` of WGSL has it.
 */
import * as fc from 'fast-check'
import { from, law, unless, type Laws } from './Laws.ts'

const indices = from('the contract of `src/compile/wgsl/Index.ts`; arithmetic of `u32`, WGSL §8.7')

// model ----------------------------------------------------------------------------------

/** A normal form `I`, with what is known of it. */
export interface IndexArithmetic<I> {
  /** `ranges` has the greatest value of every name. */
  readonly parse: (text: string, ranges: ReadonlyMap<string, number>) => I
  readonly print: (index: I) => string
  readonly bounds: (index: I) => readonly [low: number, high: number]
  /** What a name is multiplied by, where the index is linear in it; the index without that part. */
  readonly coefficient: (index: I, name: string) => number | undefined
  readonly without: (index: I, name: string) => I
}

type Names = Readonly<Record<string, number>>

// the value of a text ----------------------------------------------------------------------

const wrapped = (value: number): number => value >>> 0

const combined: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => wrapped(a + b),
  '-': (a, b) => wrapped(a - b),
  '*': (a, b) => wrapped(Math.imul(a, b)),
  '/': (a, b) => Math.floor(a / b),
  '%': (a, b) => a % b
}

/** The value of WGSL that computes a `u32` from names, whole numbers, `+ - * / %`, brackets and `min`. */
const worth = (text: string, names: Names): number => {
  const tokens: Array<string> = text.match(/min|\d+u|[a-z]\w*|[()+\-*/%,]/g) ?? [] // local
  const chain = (symbols: ReadonlyArray<string>, part: () => number): number => {
    for (let value = part(); ; value = combined[tokens.shift() ?? '']?.(value, part()) ?? NaN)
      if (!symbols.includes(tokens[0] ?? '')) return value
  }
  const sum = (): number => chain(['+', '-'], product)
  const product = (): number => chain(['*', '/', '%'], atom)
  const inside = (): number => {
    const value = sum()
    tokens.shift()
    return value
  }
  const atom = (): number => {
    const token = tokens.shift() ?? ''
    if (token === '(') return inside()
    if (token === 'min') {
      tokens.shift()
      return Math.min(inside(), inside())
    }
    return /^\d/.test(token) ? Number.parseInt(token, 10) : (names[token] ?? NaN)
  }
  return sum()
}

// what is drawn --------------------------------------------------------------------------

const ranges: ReadonlyMap<string, number> = new Map([
  ['i', 23],
  ['r', 6],
  ['e', 3]
])

const places: fc.Arbitrary<Names> = fc.record({
  i: fc.integer({ min: 0, max: 23 }),
  r: fc.integer({ min: 0, max: 6 }),
  e: fc.integer({ min: 0, max: 3 })
})

/** Mostly sizes of axes, now and then one whose reciprocal is rounded. */
const small = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 12 }) }, fc.constantFrom(49, 103, 30_276))

const steps: ReadonlyArray<(a: string, n: number) => string> = [
  (a, n) => `(${n * 7}u - ${a})`,
  (a, n) => `(${a} - ${n}u)`,
  (a, n) => `(${a} * ${n}u)`,
  (a, n) => `(${a} / ${n}u)`,
  (a, n) => `(${a} % ${n}u)`,
  (a, n) => `((${a} * ${n}u) / ${n}u)`,
  (a, n) => `min(${a}, ${n}u)`
]

/** Texts of the kind that views write. */
const texts: fc.Arbitrary<string> = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    fc.constantFrom('i', 'r', 'e'),
    small.map((n) => `${n}u`),
    fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
    ...steps.map((step) => fc.tuple(tie('text'), small).map(([a, n]) => step(a, n)))
  )
})).text

const drawn = fc.tuple(texts, places)

// laws -----------------------------------------------------------------------------------

const differ = (text: string, normal: string, got: number, expected: number): string =>
  `${text} is ${expected}, and as ${normal} it is ${got}`

/** Bounds hold where nothing wraps around. */
const isExact = ([low, high]: readonly [number, number]): boolean => low >= 0 && high < 2 ** 32

export const indexArithmetic = <I>({ parse, print, bounds, coefficient, without }: IndexArithmetic<I>): Laws => ({
  'has the value of its text': law(indices('⟦print(parse(text))⟧ = ⟦text⟧'), drawn, ([text, names]) => {
    const normal = print(parse(text, ranges))
    const [got, expected] = [worth(normal, names), worth(text, names)]
    return unless(got === expected, () => differ(text, normal, got, expected))
  }),
  'lies within its bounds': law(indices('low ≤ ⟦text⟧ ≤ high'), drawn, ([text, names]) => {
    const [low, high] = bounds(parse(text, ranges))
    const value = worth(text, names)
    return unless(
      !isExact([low, high]) || (low <= value && value <= high),
      () => `${text} is ${value}, outside ${low} to ${high}`
    )
  }),
  'is a name times its coefficient, and the rest': law(
    indices('⟦text⟧ = k · name + ⟦rest⟧'),
    drawn,
    ([text, names]) => {
      const index = parse(text, ranges)
      const times = coefficient(index, 'e')
      if (times === undefined || times < 0) return undefined
      const rest = print(without(index, 'e'))
      const [got, expected] = [wrapped(worth(rest, names) + times * (names['e'] ?? NaN)), worth(text, names)]
      return unless(got === expected, () => differ(text, `${times} e + ${rest}`, got, expected))
    }
  )
})

/** Equations of arithmetic that save an operation. In floating point they hold up to rounding. */
import type { Expr } from '../../core/Expr.ts'
import { $ } from '../../ops/registry.ts'
import type { Rule } from '../rewrite.ts'
import { float, isNumber, numberOf, onBinary, onPair, onUnary, rescaled, splat, under } from './match.ts'

const zero = isNumber(0)
const one = isNumber(1)
const minusOne = isNumber(-1)

/** What has a sign to change. */
const signed = (x: Expr): boolean => float(x) || x.dtype === 'i32'

const negated = (x: Expr): Expr | undefined => under(x, 'neg')?.[0]

const neutral: ReadonlyArray<Rule> = [
  // One order for what other rules look for.
  ...(['add', 'mul'] as const).map((op) =>
    onBinary(`${op} with the number last`, op, (x, y) =>
      numberOf(x) !== undefined && numberOf(y) === undefined ? $[op](y, x) : undefined
    )
  ),
  onPair('x + 0 = x', 'add', (x, y) => (zero(y) ? x : undefined)),
  onBinary('x − 0 = x', 'sub', (x, y) => (zero(y) ? x : undefined)),
  onBinary('0 − x = −x', 'sub', (x, y) => (zero(x) && signed(y) ? $.neg(y) : undefined)),
  onPair('x · 1 = x', 'mul', (x, y) => (one(y) ? x : undefined)),
  onPair('x · −1 = −x', 'mul', (x, y) => (minusOne(y) && signed(x) ? $.neg(x) : undefined)),
  // Of a float it would hide a NaN.
  onPair('x · 0 = 0 of integers', 'mul', (_, y) => (zero(y) && !float(y) ? y : undefined)),
  onBinary('0 held against infinity, by a number', 'annihilate', (x, y) => {
    const [a, b] = [numberOf(x), numberOf(y)]
    if (a !== undefined && a !== 0) return $.mul(y, x)
    return a === 0 ? x : b !== undefined && Number.isFinite(b) ? $.mul(x, y) : undefined
  }),
  onBinary('x / 1 = x', 'div', (x, y) => (one(y) ? x : undefined))
]

const signs: ReadonlyArray<Rule> = [
  onUnary('−−x = x', 'neg', negated),
  onUnary('−(x − y) = y − x', 'neg', (x) => {
    const [a, b] = under(x, 'sub') ?? []
    return a && b && $.sub(b, a)
  }),
  onUnary('−(x · c) = x · −c', 'neg', (x) => {
    const [a, c] = under(x, 'mul') ?? []
    const factor = c && numberOf(c)
    return a !== undefined && factor !== undefined && signed(a) ? rescaled(a, -factor) : undefined
  }),
  onPair('x + −y = x − y', 'add', (x, y) => {
    const b = negated(y)
    return b && $.sub(x, b)
  }),
  onBinary('x − −y = x + y', 'sub', (x, y) => {
    const b = negated(y)
    return b && $.add(x, b)
  }),
  onPair('−x · y = −(x · y)', 'mul', (x, y) => {
    const a = negated(x)
    const factor = numberOf(y)
    return a && (factor === undefined ? $.neg($.mul(a, y)) : rescaled(a, -factor))
  }),
  onBinary('−x / y = −(x / y)', 'div', (x, y) => {
    const a = negated(x)
    return a && $.neg($.div(a, y))
  }),
  onBinary('x / −y = −(x / y)', 'div', (x, y) => {
    const b = negated(y)
    return b && $.neg($.div(x, b))
  })
]

/** Factors in the range where neither they nor their products leave single precision. */
const ordinary = (value: number): boolean => Math.abs(value) > 1e-18 && Math.abs(value) < 1e18

const quotients: ReadonlyArray<Rule> = [
  onBinary('x / c = x · 1/c', 'div', (x, y) => {
    const c = numberOf(y)
    return c !== undefined && float(x) && ordinary(c) && splat(x) === undefined ? rescaled(x, 1 / c) : undefined
  }),
  onPair('x · 1/y = x / y', 'mul', (x, y) => {
    const b = under(y, 'reciprocal')?.[0]
    return b && $.div(x, b)
  })
]

const powers: ReadonlyArray<Rule> = [
  onBinary('powers that are products or roots', 'pow', (x, y) => {
    switch (numberOf(y)) {
      case 1:
        return x
      case 2:
        return $.mul(x, x)
      case 3:
        return $.mul($.mul(x, x), x)
      case 0.5:
        return $.sqrt(x)
      case -0.5:
        return $.rsqrt(x)
      case -1:
        return $.reciprocal(x)
      default:
        return undefined
    }
  })
]

const logic: ReadonlyArray<Rule> = [
  onUnary('¬¬x = x', 'not', (x) => under(x, 'not')?.[0]),
  ...['and', 'or', 'maximum', 'minimum'].map((op) =>
    onBinary(`${op} of equals`, op, (x, y) => (x === y ? x : undefined))
  ),
  {
    name: 'the branch that is known',
    on: ['where'],
    rewrite: ({ term: { inputs } }) => {
      const [c, x, y] = inputs
      const known = c && numberOf(c)
      return x === y ? x : known === undefined ? undefined : known === 0 ? y : x
    }
  }
]

const conversions: ReadonlyArray<Rule> = [
  onUnary('x as its own type is x', 'cast', (x, _, node) => (x.dtype === node.dtype ? x : undefined)),
  // Derivatives have been taken by now.
  onUnary('x held constant is x', 'stopGradient', (x) => x)
]

export const arithmetic: ReadonlyArray<Rule> = [...neutral, ...signs, ...quotients, ...powers, ...logic, ...conversions]

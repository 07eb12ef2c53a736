/**
 * Index arithmetic in normal form: a sum of digits. A digit of `i` is `⌊i / d⌋ mod m`; what views do to indices is to
 * take numbers apart into digits and to put digits together again, and most of that cancels once it is seen as a sum.
 * `((i / 12) * 12 + (i / 4 % 3) * 4 + i % 4)` is `i`.
 *
 * Laws: `laws/indexArithmetic.ts` (a normal form has the value of its text).
 */

// model ----------------------------------------------------------------------------------

/** `times · (⌊base / divide⌋ mod modulo)`. `base` is a name, or an expression that nothing more is known of. */
interface Term {
  readonly base: string
  /** The greatest value that the base can have; ∞ where unknown. */
  readonly baseHigh: number
  readonly divide: number
  readonly modulo: number
  readonly times: number
}

export interface Index {
  readonly constant: number
  readonly terms: ReadonlyArray<Term>
}

/** The greatest value of a name, `undefined` where nothing is known. */
export type Ranges = ReadonlyMap<string, number>

// constructors ---------------------------------------------------------------------------

const whole = (constant: number): Index => ({ constant, terms: [] })

const digit = (base: string, baseHigh: number, divide = 1, modulo = Infinity): Index => {
  const high = Math.floor(baseHigh / divide)
  return high === 0 || modulo === 1
    ? whole(0)
    : { constant: 0, terms: [{ base, baseHigh, divide, modulo: modulo > high ? Infinity : modulo, times: 1 }] }
}

const highOf = ({ baseHigh, divide, modulo }: Term): number => Math.min(Math.floor(baseHigh / divide), modulo - 1)

/** The least and the greatest value. */
export const bounds = ({ constant, terms }: Index): readonly [low: number, high: number] => [
  terms.reduce((sum, t) => (t.times < 0 ? sum + t.times * highOf(t) : sum), constant),
  terms.reduce((sum, t) => (t.times > 0 ? sum + t.times * highOf(t) : sum), constant)
]

/** Whether no partial result leaves the unsigned integers, so that the rules of the integers hold. */
const safe = (x: Index): boolean => {
  const [low, high] = bounds(x)
  return low >= 0 && high < 2 ** 32
}

/** An expression that cannot be seen through. */
const opaque = (text: string, high = Infinity): Index => digit(text, high)

// normal form ----------------------------------------------------------------------------

const same = (a: Term, b: Term): boolean => a.base === b.base && a.divide === b.divide && a.modulo === b.modulo

/** Two neighbouring digits of one number, put together as one digit. */
const joined = (upper: Term, lower: Term): Term | undefined =>
  upper.base === lower.base &&
  upper.divide === lower.divide * lower.modulo &&
  upper.times === lower.times * lower.modulo
    ? { ...lower, modulo: lower.modulo * upper.modulo }
    : same(upper, lower)
      ? { ...lower, times: lower.times + upper.times }
      : undefined

/** The terms with one more, joined with those that it completes. */
const insert = (terms: ReadonlyArray<Term>, term: Term): ReadonlyArray<Term> => {
  if (term.times === 0) return terms
  for (const [i, other] of terms.entries()) {
    const one = joined(other, term) ?? joined(term, other)
    if (one !== undefined)
      return insert(
        terms.filter((_, j) => j !== i),
        one
      )
  }
  return [...terms, term]
}

const add = (a: Index, b: Index): Index => ({
  constant: a.constant + b.constant,
  terms: b.terms.reduce(insert, a.terms)
})

const scale = ({ constant, terms }: Index, by: number): Index =>
  by === 0 ? whole(0) : { constant: constant * by, terms: terms.map((t) => ({ ...t, times: t.times * by })) }

/** A sum of multiples of `by`, divided by it: a quotient, since the reciprocal of most numbers is rounded. */
const quotient = ({ constant, terms }: Index, by: number): Index => ({
  constant: constant / by,
  terms: terms.map((t) => ({ ...t, times: t.times / by }))
})

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b))

/** `x = step · big + small` with `0 ≤ small < step`, for the greatest divisor `step` of `by` for which that holds. */
const splitAt = (x: Index, by: number): readonly [step: number, big: Index, small: Index] => {
  const steps = [by, ...x.terms.map((t) => gcd(by, t.times)).sort((a, b) => b - a)]
  for (const step of steps) {
    const small: Index = { constant: x.constant % step, terms: x.terms.filter((t) => t.times % step !== 0) }
    const [low, high] = bounds(small)
    const big: Index = {
      constant: Math.floor(x.constant / step),
      terms: x.terms.filter((t) => t.times % step === 0).map((t) => ({ ...t, times: t.times / step }))
    }
    if (low >= 0 && high < step && bounds(big)[0] >= 0) return [step, big, small]
  }
  return [1, x, whole(0)]
}

const alone = ({ constant, terms }: Index): Term | undefined =>
  constant === 0 && terms.length === 1 && terms[0]?.times === 1 ? terms[0] : undefined

const divideWhole = (x: Index, by: number): Index => {
  const t = alone(x)
  if (t !== undefined && (t.modulo === Infinity || t.modulo % by === 0))
    return digit(t.base, t.baseHigh, t.divide * by, t.modulo / by)
  return digit(print(x), bounds(x)[1], by)
}

const moduloWhole = (x: Index, by: number): Index => {
  const t = alone(x)
  if (t !== undefined && (t.modulo === Infinity || t.modulo % by === 0)) return digit(t.base, t.baseHigh, t.divide, by)
  return digit(print(x), bounds(x)[1], 1, by)
}

/** `⌊x / by⌋`. */
export const divide = (x: Index, by: number): Index => {
  if (by === 1) return x
  if (!safe(x)) return opaque(`(${print(x)} / ${by}u)`)
  // Multiples of the divisor come out whole.
  const outer: Index = { constant: 0, terms: x.terms.filter((t) => t.times % by === 0) }
  const inner: Index = { constant: x.constant, terms: x.terms.filter((t) => t.times % by !== 0) }
  const [step, big] = splitAt(inner, by)
  return add(quotient(outer, by), step === by ? big : divideWhole(big, by / step))
}

/** `x mod by`. */
export const modulo = (x: Index, by: number): Index => {
  if (by === 1) return whole(0)
  if (!safe(x)) return opaque(`(${print(x)} % ${by}u)`, by - 1)
  const rest: Index = { constant: x.constant, terms: x.terms.filter((t) => t.times % by !== 0) }
  if (bounds(rest)[1] < by) return rest
  const [step, big, small] = splitAt(rest, by)
  return step === by ? small : add(scale(moduloWhole(big, by / step), step), small)
}

// text -----------------------------------------------------------------------------------

const printTerm = ({ base, divide, modulo, times }: Term): string => {
  const divided = divide === 1 ? base : `${base} / ${divide}u`
  const cut = modulo === Infinity ? divided : `${divide === 1 ? base : `(${divided})`} % ${modulo}u`
  const factor = Math.abs(times)
  return factor === 1 ? cut : `${cut === base ? base : `(${cut})`} * ${factor}u`
}

/** The terms in an order that depends on the sum alone: the coarsest first. */
const sorted = (terms: ReadonlyArray<Term>): ReadonlyArray<Term> =>
  [...terms].sort((a, b) => b.times - a.times || (a.base < b.base ? -1 : a.base > b.base ? 1 : b.divide - a.divide))

/** The index as WGSL, in brackets unless it is a name or a number. */
export const print = ({ constant, terms }: Index): string => {
  const order = sorted(terms)
  const plus = order.filter((t) => t.times > 0).map(printTerm)
  const minus = order.filter((t) => t.times < 0).map(printTerm)
  const sum = [...plus, ...(constant > 0 || plus.length === 0 ? [`${Math.max(constant, 0)}u`] : [])].join(' + ')
  const text = [sum, ...minus, ...(constant < 0 ? [`${-constant}u`] : [])].join(' - ')
  return /^(\w+|\(.*\))$/.test(text) && balanced(text) ? text : `(${text})`
}

/** Whether the first bracket closes at the end. */
const balanced = (text: string): boolean => {
  const depth = { now: 0 } // local
  for (let i = 0; i < text.length - 1; i++) {
    depth.now += text[i] === '(' ? 1 : text[i] === ')' ? -1 : 0
    if (text[0] === '(' && depth.now === 0) return false
  }
  return true
}

// parsing --------------------------------------------------------------------------------

interface Cursor {
  readonly text: string
  readonly ranges: Ranges
  at: number
}

const space = (c: Cursor): void => {
  while (c.text[c.at] === ' ') c.at++
}

const eat = (c: Cursor, symbols: string): string | undefined => {
  space(c)
  const symbol = c.text[c.at]
  if (symbol === undefined || !symbols.includes(symbol)) return undefined
  c.at++
  return symbol
}

const word = (c: Cursor, pattern: RegExp): string | undefined => {
  space(c)
  pattern.lastIndex = c.at
  const found = pattern.exec(c.text)?.[0]
  c.at += found?.length ?? 0
  return found
}

const difference = (a: Index, b: Index): Index => {
  const out = add(a, scale(b, -1))
  // A difference that may be negative wraps around: it is left as it was written.
  return safe(out) ? out : opaque(`(${print(a)} - ${print(b)})`)
}

const product = (a: Index, b: Index): Index =>
  b.terms.length === 0
    ? scale(a, b.constant)
    : a.terms.length === 0
      ? scale(b, a.constant)
      : opaque(`(${print(a)} * ${print(b)})`, bounds(a)[1] * bounds(b)[1])

const parseSum = (c: Cursor): Index | undefined => {
  const terms: Array<readonly [string, Index]> = [] // local
  for (let sign = '+' as string | undefined; sign !== undefined; sign = eat(c, '+-')) {
    const term = parseProduct(c)
    if (term === undefined) return undefined
    terms.push([sign, term])
  }
  return terms.reduce<Index>((sum, [sign, x]) => (sign === '+' ? add(sum, x) : difference(sum, x)), whole(0))
}

const parseProduct = (c: Cursor): Index | undefined => {
  const factors: Array<readonly [string, Index]> = [] // local
  for (let symbol = '=' as string | undefined; symbol !== undefined; symbol = eat(c, '*/%')) {
    const factor = parseFactor(c)
    if (factor === undefined) return undefined
    factors.push([symbol, factor])
  }
  return factors.reduce<Index>((a, [symbol, b]) => {
    if (symbol === '=') return b
    if (symbol === '*') return product(a, b)
    if (b.terms.length > 0 || b.constant === 0) return opaque(`(${print(a)} ${symbol} ${print(b)})`)
    return symbol === '/' ? divide(a, b.constant) : modulo(a, b.constant)
  }, whole(0))
}

/** How much deeper a symbol leads. */
const nesting = (symbol: string): number => ('([<'.includes(symbol) ? 1 : ')]>'.includes(symbol) ? -1 : 0)

/** The text up to the bracket that closes the one before the cursor. */
const enclosed = (c: Cursor): string => {
  const start = c.at
  for (let depth = 1; depth > 0 && c.at < c.text.length; c.at++) depth += nesting(c.text.charAt(c.at))
  return c.text.slice(start, c.at - 1)
}

const call = (name: string, inside: string, ranges: Ranges): Index => {
  const cut = name === 'min' ? inside.search(/, \d+u$/) : -1
  if (cut < 0) return opaque(`${name}(${inside})`)
  const limit = Number.parseInt(inside.slice(cut + 2), 10)
  const x = parse(inside.slice(0, cut), ranges)
  return safe(x) && bounds(x)[1] <= limit ? x : opaque(`min(${print(x)}, ${limit}u)`, limit)
}

const parseFactor = (c: Cursor): Index | undefined => {
  if (eat(c, '(') !== undefined) {
    const inside = parseSum(c)
    return eat(c, ')') === undefined ? undefined : inside
  }
  const number = word(c, /\d+u?/y)
  if (number !== undefined) return whole(Number.parseInt(number, 10))
  const name = word(c, /[A-Za-z_][\w.]*/y)
  if (name === undefined) return undefined
  if (c.text[c.at] === '(') {
    c.at++
    return call(name, enclosed(c), c.ranges)
  }
  return c.text[c.at] === '[' || c.text[c.at] === '<' ? undefined : opaque(name, c.ranges.get(name))
}

/** The normal form of WGSL that computes a `u32`; what is not index arithmetic stays as it is. */
export const parse = (text: string, ranges: Ranges): Index => {
  const cursor: Cursor = { text, ranges, at: 0 }
  const found = parseSum(cursor)
  space(cursor)
  return found === undefined || cursor.at < text.length ? opaque(`(${text})`) : found
}

// questions ------------------------------------------------------------------------------

/** Whether the base `name` has any part in the value. */
export const mentions = ({ terms }: Index, name: string): boolean =>
  terms.some((t) => t.base === name || (!/^\w+$/.test(t.base) && new RegExp(`\\b${name}\\b`).test(t.base)))

/** The coefficient of the name as a whole; `undefined` where it enters in another way. */
export const coefficient = (x: Index, name: string): number | undefined => {
  const own = x.terms.filter((t) => t.base === name && t.divide === 1 && t.modulo === Infinity)
  return own.length === 1 && !mentions(without(x, name), name) ? own[0]?.times : mentions(x, name) ? undefined : 0
}

/** The index where `name` is 0, for a name with a coefficient. */
export const without = ({ constant, terms }: Index, name: string): Index => ({
  constant,
  terms: terms.filter((t) => !(t.base === name && t.divide === 1 && t.modulo === Infinity))
})

/** Whether the value is a multiple of `n` whatever its names stand for. */
export const divisible = ({ constant, terms }: Index, n: number): boolean =>
  constant % n === 0 && terms.every((t) => t.times % n === 0)

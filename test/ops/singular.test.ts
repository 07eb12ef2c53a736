import { describe, expect, it } from 'vitest'
import { vjp } from '../../src/autodiff/vjp.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { floats } from '../../src/core/Tensor.ts'
import {
  attention,
  constant,
  div,
  erfinv,
  exp,
  expm1,
  fill,
  input,
  less,
  log,
  log1p,
  logSumExp,
  maskedSoftmax,
  mul,
  pow,
  prod,
  reciprocal,
  rsqrt,
  scalar,
  sqrt,
  square,
  sum,
  where
} from '../../src/ops/api.ts'
import { onEveryTarget } from './onTargets.ts'

type F = Expr<'f32'>

const gradient = (y: F, x: F): Expr => vjp([sum('all')(y)], [x])([scalar(1)])[0] as Expr

/** The wanted part where `x` lies within the bounds, a constant elsewhere. */
const within = (min: number, max: number, f: (x: F) => F) => {
  const values = constant([5], [-1, 0, 0.5, 1, 200])
  const x = input('x', 'f32', [5])
  const inside = where(less(fill(min, [5]), x), less(x, fill(max, [5])), less(x, x))
  return { graph: gradient(where(inside, f(x), fill(7, [5])), x), values }
}

const x = floats([5], [-1, 0, 0.5, 1, 200])

/** Each at 0.5 alone: elsewhere its value or its derivative is infinite or no number. */
const functions: Readonly<Record<string, readonly [f: (x: F) => F, atHalf: number]>> = {
  log: [log, 2],
  log1p: [log1p, 1 / 1.5],
  sqrt: [sqrt, Math.SQRT1_2],
  rsqrt: [rsqrt, -0.5 * 0.5 ** -1.5],
  reciprocal: [reciprocal, -4],
  quotient: [(v) => div(fill(3, [5]), v), -12],
  exp: [exp, Math.exp(0.5)],
  expm1: [expm1, Math.exp(0.5)],
  erfinv: [erfinv, 0.5 * Math.sqrt(Math.PI) * Math.exp(0.4769362762044699 ** 2)],
  'power of a power': [(v) => pow(v, v), Math.SQRT1_2 * (1 + Math.log(0.5))],
  'product of infinite factors': [
    (v) => mul(log(v), exp(square(v))),
    2 * Math.exp(0.25) + Math.log(0.5) * Math.exp(0.25)
  ],
  'function of a function': [(v) => sqrt(log(reciprocal(v))), -1 / (2 * 0.5 * Math.sqrt(Math.LN2))]
}

await onEveryTarget('the unused branch of where', (numbers) => {
  for (const [name, [f, atHalf]] of Object.entries(functions))
    it(`has gradient 0: ${name}`, async () => {
      const got = await numbers(within(0.1, 0.9, f).graph, new Map([['x', x]]))

      expect(got.map((g, i) => (i === 2 ? Math.abs(g / atHalf - 1) < 1e-5 : g === 0))).toEqual([
        true,
        true,
        true,
        true,
        true
      ])
    })

  it('has gradient 0 through a length that is 0', async () => {
    const v = input('v', 'f32', [2, 2])
    const length = sqrt(sum([1], 'kept')(square(v)))
    const unit = where(less(fill(0, []), length), div(v, length), fill(0, [2, 2]))

    const got = await numbers(
      gradient(mul(unit, constant([2], [1, 2])), v),
      new Map([['v', floats([2, 2], [0, 0, 3, 4])]])
    )

    expect(got.slice(0, 2)).toEqual([0, 0])
    expect(got[2]).toBeCloseTo((1 * 16 - 2 * 12) / 125, 6)
    expect(got[3]).toBeCloseTo((2 * 9 - 1 * 12) / 125, 6)
  })

  it('keeps the second derivative where a cotangent happens to be 0', async () => {
    // (ln x)² at x = 1: the cotangent of ln x is 0 there, the second derivative is 2.
    const v = input('v', 'f32', [1])

    expect(await numbers(gradient(gradient(square(log(v)), v) as F, v), new Map([['v', floats([1], [1])]]))).toEqual([
      2
    ])
  })
})

await onEveryTarget('rows of nothing', (numbers) => {
  const logits = input('logits', 'f32', [3, 2])
  const mask = less(constant([3, 2], [0, 0, 0, 1, 1, 1]), constant([2], [0.5, 0.5]))
  const none = less(constant([3, 2], [1, 1, 0, 1, 0, 0]), constant([2], [0.5, 0.5]))
  const values = new Map([['logits', floats([3, 2], [1, 2, 3, 4, 5, 5])]])

  it('are 0 in a masked softmax, with gradient 0', async () => {
    const y = maskedSoftmax(1)(logits, none)

    expect(await numbers(y, values)).toEqual([0, 0, 1, 0, 0.5, 0.5])
    expect(await numbers(gradient(mul(y, constant([2], [1, 3])), logits), values)).toEqual([0, 0, 0, 0, -0.5, 0.5])
    expect((await numbers(maskedSoftmax(1)(logits, mask), values)).slice(2)).toEqual([1, 0, 0, 0])
  })

  it('are 0 in attention, with gradient 0', async () => {
    const named = (name: string): F => input(name, 'f32', [1, 2, 1, 2])
    const [q, k, v] = [named('q'), named('k'), named('v')]
    const bias = input('bias', 'f32', [2, 2])
    const given = new Map([
      ['q', floats([1, 2, 1, 2], [1, 2, 3, 4])],
      ['k', floats([1, 2, 1, 2], [4, 3, 2, 1])],
      ['v', floats([1, 2, 1, 2], [1, 2, 5, 4])],
      ['bias', floats([2, 2], [-Infinity, -Infinity, 0, -Infinity])]
    ])
    const y = attention(q, k, v, bias)

    expect(await numbers(y, given)).toEqual([0, 0, 1, 2])
    for (const x of [q, k, bias])
      expect((await numbers(gradient(square(y), x), given)).map((g) => g + 0)).toEqual([0, 0, 0, 0])
    expect(await numbers(gradient(square(y), v), given)).toEqual([2, 4, 0, 0])
  })

  it('are −∞ in a log of a sum of exponentials, with gradient 0', async () => {
    const infinite = new Map([['logits', floats([3, 2], [-Infinity, -Infinity, 1000, 1000, -Infinity, 5])]])

    const [a, b = NaN, c] = await numbers(logSumExp([1])(logits), infinite)
    expect([a, c]).toEqual([-Infinity, 5])
    expect(b).toBeCloseTo(1000 + Math.LN2, 3)
    const pulled = await numbers(gradient(logSumExp([1])(logits), logits), infinite)
    expect(pulled.map((g) => Math.round(g * 1e4) / 1e4)).toEqual([0, 0, 0.5, 0.5, 0, 1])
  })
})

await onEveryTarget('factors of 0', (numbers) => {
  const factors = input('factors', 'f32', [3, 3])
  const given = new Map([['factors', floats([3, 3], [2, 0, 3, 0, 5, 0, 2, 3, 4])]])
  const weighted = mul(prod([1])(factors), constant([3], [1, 1, 2])) as F

  it('have the product of the others for gradient', async () => {
    expect(await numbers(gradient(weighted, factors), given)).toEqual([0, 6, 0, 0, 0, 0, 24, 16, 12])
    expect(await numbers(gradient(prod('all')(factors), factors), given)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('have second derivatives', async () => {
    // Σ ∂²/∂xᵢ∂xⱼ over i: the sum of what is left when two are taken away.
    const second = gradient(gradient(weighted, factors) as F, factors)

    expect(await numbers(second, given)).toEqual([3, 5, 2, 5, 0, 5, 14, 12, 10])
  })
})

/** Numbers that single precision has, on both sides of 0. */
const near = [1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 0.1, 0.34, 0.36, 0.39, 0.41].flatMap((v) => [
  Math.fround(v),
  -Math.fround(v)
])

/** By their series, where a direct formula would lose digits. */
const worst = (got: ReadonlyArray<number>, wanted: (x: number) => number, at: ReadonlyArray<number>): number =>
  got.reduce((most, y, i) => Math.max(most, Math.abs(y / wanted(at[i] ?? NaN) - 1)), 0)

/** The inverse of erf by bisection of its Maclaurin series. */
const bisected = (p: number): number => {
  const erf = (y: number): number => {
    let [sum, term] = [0, y]
    for (let n = 0; n < 120; n++) {
      sum += term / (2 * n + 1)
      term *= (-y * y) / (n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let [low, high] = [-4, 4]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (erf(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

await onEveryTarget('functions near their edges', (numbers) => {
  const at = (values: ReadonlyArray<number>) => new Map([['x', floats([values.length], values)]])
  const of = (f: (x: F) => F, values: ReadonlyArray<number>) =>
    numbers(f(input('x', 'f32', [values.length])), at(values))

  it('keep all digits of single precision: expm1 and log1p near 0', async () => {
    expect(worst(await of(expm1, near), Math.expm1, near)).toBeLessThan(4e-7)
    expect(worst(await of(log1p, near), Math.log1p, near)).toBeLessThan(4e-7)
  })

  it('are right to 1e-6: erfinv on all of its domain', async () => {
    const values = [1e-8, 1e-3, 0.1, 0.5, 0.9, 0.99, 0.995, 0.999, 0.9999, 0.99999, 1 - 2 ** -23]
      .map(Math.fround)
      .flatMap((v) => [v, -v])

    expect(worst(await of(erfinv, values), bisected, values)).toBeLessThan(1e-6)
  })

  it('are infinite: erfinv at 1', async () => {
    expect(await of(erfinv, [-1, 1])).toEqual([-Infinity, Infinity])
  })
})

describe('the inverse of erf by bisection', () => {
  it('is that of a table', () => {
    expect(bisected(0.5)).toBeCloseTo(0.4769362762044699, 12)
  })
})

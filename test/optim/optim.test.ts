import { describe, expect, it } from 'vitest'
import { floats, type Tensor } from '../../src/core/Tensor.ts'
import { adamW, adamWDefaults, type AdamWOptions, type Moments } from '../../src/optim/adamw.ts'
import { clipFactor, globalNorm, scrub } from '../../src/optim/clip.ts'
import { constantRate, halfLifeRate, powerRate, updateAverage } from '../../src/optim/ema.ts'
import { learn, untrained, type LearnerOptions } from '../../src/optim/learner.ts'
import { constantSchedule, cosine, warmUp } from '../../src/optim/schedule.ts'
import { div, scale, sub } from '../../src/ops/api.ts'
import { fixed, gap, noise, valuesOf, type Real } from '../flow/numbers.ts'

const options: AdamWOptions = { ...adamWDefaults, rate: constantSchedule(1e-2) }
const step = (i: number): Real => fixed([i], [])

interface Weights {
  readonly a: Real
  readonly nested: ReadonlyArray<Real>
}
const weights: Weights = { a: noise(1, [3]), nested: [noise(2, [2, 2])] }
const still: Weights = { a: scale(0)(weights.a), nested: weights.nested.map(scale(0)) }
const begin: Moments<Weights> = { first: still, second: still, step: step(0) }
const gradientOf = (seed: number): Weights => ({ a: noise(seed, [3]), nested: [noise(seed + 1, [2, 2])] })

/** The definition, element by element, as it is printed. */
const printed = (p: number, gradients: ReadonlyArray<number>, { betas: [b1, b2], epsilon, decay }: AdamWOptions) =>
  gradients.reduce(
    ({ p, m, v }, g, i) => {
      const [m1, v1] = [b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g]
      const [mHat, vHat] = [m1 / (1 - b1 ** (i + 1)), v1 / (1 - b2 ** (i + 1))]
      return { p: p * (1 - 1e-2 * decay) - (1e-2 * mHat) / (Math.sqrt(vHat) + epsilon), m: m1, v: v1 }
    },
    { p, m: 0, v: 0 }
  ).p

describe('adamW', () => {
  it('does what its definition says, step after step', () => {
    const gradients = [gradientOf(10), gradientOf(20), gradientOf(30)]
    const last = gradients.reduce(({ params, moments }, g) => adamW(options)(params, g, moments), {
      params: weights,
      moments: begin
    })
    const of = gradients.map((g) => valuesOf(g.a))
    const expected = valuesOf(weights.a).map((p, i) =>
      printed(
        p,
        of.map((g) => g[i] ?? NaN),
        options
      )
    )
    expect(gap(last.params.a, fixed(expected))).toBeLessThan(1e-12)
    expect(valuesOf(last.moments.step)).toEqual([3])
  })

  it('changes nothing without gradient and decay, and shrinks with decay alone', () => {
    expect(gap(adamW({ ...options, decay: 0 })(weights, still, begin).params.a, weights.a)).toBe(0)
    expect(gap(adamW({ ...options, decay: 0.5 })(weights, still, begin).params.a, scale(1 - 5e-3)(weights.a))).toBe(0)
  })
})

describe('clipping', () => {
  it('shortens what is too long to the limit and leaves the rest', () => {
    const norm = globalNorm(weights)
    const [length = NaN] = valuesOf(norm)
    expect(valuesOf(clipFactor(length / 2, norm))[0]).toBeCloseTo(0.5, 5)
    expect(valuesOf(clipFactor(2 * length, norm))).toEqual([1])
  })

  it('measures all leaves as one vector', () => {
    const all = [...valuesOf(weights.a), ...weights.nested.flatMap((x) => valuesOf(x))]
    expect(valuesOf(globalNorm(weights))[0]).toBeCloseTo(Math.hypot(...all), 12)
  })

  it('replaces what is no number by 0', () => {
    const zero = fixed([0, 1])
    expect(valuesOf(scrub({ x: div(zero, zero) }).x)).toEqual([0, 1])
  })
})

describe('averages', () => {
  it('copy at rate 0, stand still at rate 1', () => {
    const [a, p] = [noise(4, [3]), noise(5, [3])]
    expect(gap(updateAverage(step(0))(a, p), p)).toBe(0)
    expect(gap(updateAverage(step(1))(a, p), a)).toBe(0)
  })

  it('by power and half-life begin as copies and forget more slowly as training goes on', () => {
    for (const rate of [powerRate(6.94), halfLifeRate({ halfLife: 0.5, batch: 64 })]) {
      const kept = [1, 2, 5, 50].map((i) => valuesOf(rate(step(i)))[0] ?? NaN)
      expect(kept[0]).toBe(0)
      expect(kept.every((beta, i) => i === 0 || beta > (kept[i - 1] ?? 1))).toBe(true)
    }
  })
})

describe('schedules', () => {
  it('warm up in a line and then follow the schedule', () => {
    const rate = warmUp(10, constantSchedule(2))
    expect([1, 5, 10, 99].map((i) => valuesOf(rate(step(i)))[0])).toEqual([0.2, 1, 2, 2])
  })

  it('fall along half a cosine and stay at its end', () => {
    const rate = cosine({ from: 4, to: 2, steps: 100 })
    const at = [0, 50, 100, 1000].map((i) => valuesOf(rate(step(i)))[0] ?? NaN)
    expect(at.map((value) => Math.round(value * 1e9) / 1e9)).toEqual([4, 3, 2, 2])
  })
})

describe('a learner', () => {
  const learning: LearnerOptions = { ...options, clip: 1, scrub: true, average: constantRate(0.5) }
  const zero: Tensor = floats([2], [1, 2])

  it('begins with nothing remembered and its own average', () => {
    const { moments, average } = untrained({ w: zero }, true)
    expect(Array.from(moments.first.w.data)).toEqual([0, 0])
    expect(average).toEqual({ w: zero })
    expect(untrained({ w: zero }, false).average).toBeUndefined()
  })

  it('averages the parameters that an update leaves', () => {
    const learner = { params: weights, moments: begin, average: weights }
    const { learner: after, norm } = learn(learning)(learner, gradientOf(7))
    expect(gap(after.average?.a ?? step(0), scale(0.5)(sub(weights.a, scale(-1)(after.params.a))))).toBeLessThan(1e-12)
    expect(valuesOf(norm)[0]).toBeGreaterThan(1)
  })

  it('does not see how long a clipped gradient was', () => {
    const learner = { params: weights, moments: begin }
    const long = { a: scale(100)(noise(7, [3])), nested: [scale(100)(noise(8, [2, 2]))] }
    const one = learn(learning)(learner, gradientOf(7)).learner.moments.first.a
    const hundred = learn(learning)(learner, long).learner.moments.first.a
    expect(gap(one, hundred)).toBeLessThan(1e-6)
  })
})

import { describe, expect, it } from 'vitest'
import { gradOf } from '../../src/autodiff/grad.ts'
import { grid } from '../../src/flow/schedule.ts'
import { add, constant, mean, narrow, scale, square } from '../../src/ops/api.ts'
import { weigh } from '../../src/ops/perSample.ts'
import { withoutHead, type VelocityModel } from '../../src/tmd/model.ts'
import { samplePath, type SampleOptions } from '../../src/tmd/sample.ts'
import { simulated } from '../../src/tmd/simulation.ts'
import { gap, noise, type Real } from '../flow/numbers.ts'

const shape = [3, 2]
const context = noise(3, shape)
const outer = (steps: number) => grid({ steps, gamma: 3, rule: 'plain' })
const options = (steps: number): SampleOptions => ({
  target: 'velocity',
  noise: 'implied',
  outer: outer(steps),
  grid: outer(2),
  step: 'transition',
  start: 'noise',
  frequencies: 4
})
const noises = {
  noise: noise(4, shape),
  innerNoise: [noise(5, shape), noise(6, shape), noise(7, shape)],
  fresh: [noise(8, shape), noise(9, shape), noise(10, shape)]
}
const velocity: VelocityModel<Real | null, Real> = (p, x, t, c) =>
  add(scale(0.3)(c), weigh(t.value)(p === null ? x : add(x, p)))
const student = withoutHead(velocity)
const times = (values: ReadonlyArray<number>): Real => constant([values.length], values)
const row = (x: Real, i: number): Real => narrow(0, i, i + 1)(x)

describe('a simulated beginning', () => {
  it('is noise for a student of one outer step', () => {
    const t = times([1, 1, 1].map((x) => x * (outer(1).at(-1) ?? NaN)))
    expect(gap(simulated(options(1))(student)(null, noises, t, context), noises.noise)).toBe(0)
  })

  it('is, sample by sample, where the student comes to at the time of that sample', () => {
    const [, low = NaN, middle = NaN, high = NaN] = outer(3)
    const begun = simulated(options(3))(student)(null, noises, times([low, high, middle]), context)
    const path = samplePath(options(3))(student)(null, noises, context)
    for (const [sample, state] of [2, 0, 1].entries()) {
      expect(gap(row(begun, sample), row(path[state] as Real, sample))).toBe(0)
      expect(gap(row(begun, sample), row(path[state === 0 ? 1 : 0] as Real, sample))).toBeGreaterThan(1e-3)
    }
  })

  it('lets no gradient through', () => {
    const [, low = NaN] = outer(2)
    const p = noise(11, shape)
    const begun = simulated(options(2))(student)(p, noises, times([low, low, low]), context)
    const loss = mean('all')(square(velocity(p, begun, { value: times([low, low, low]), features: context }, context)))
    const fixed = mean('all')(square(add(scale(0.3)(context), scale(low)(add(begun, p)))))
    expect(gap(gradOf(loss)(p), gradOf(fixed)(p))).toBeLessThan(1e-9)
    expect(gap(gradOf(mean('all')(begun))(p), scale(0)(p))).toBe(0)
  })
})

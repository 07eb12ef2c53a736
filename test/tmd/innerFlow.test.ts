import { describe, expect, it } from 'vitest'
import type { InnerNoise } from '../../src/flow/flowMap.ts'
import { grid } from '../../src/flow/schedule.ts'
import { constantTime, type Time } from '../../src/nn/time.ts'
import { add, scale, sub } from '../../src/ops/api.ts'
import { innerFlow } from '../../src/tmd/innerFlow.ts'
import { withoutHead, type StudentModel, type VelocityModel } from '../../src/tmd/model.ts'
import { sample, type SampleOptions } from '../../src/tmd/sample.ts'
import { weigh } from '../../src/ops/perSample.ts'
import { euler } from '../../src/flow/solver.ts'
import { gap, noise, type Real } from '../flow/numbers.ts'

const shape = [3, 2]
const [y1, h, context] = [noise(1, shape), noise(2, shape), noise(3, shape)]
const clock = constantTime(3, 4)
const steps = (n: number) => grid({ steps: n, gamma: 10, rule: 'plain' })
const constantHead = (): Real => h

describe('the inner flow', () => {
  it('with implied noise ends at what a constant head says, whatever the grid', () => {
    for (const n of [1, 2, 4])
      expect(gap(innerFlow({ grid: steps(n), noise: 'implied' }, clock)(constantHead)(y1), h)).toBeLessThan(1e-12)
  })

  it('with sampled noise keeps what the grid leaves of it', () => {
    const left = add(scale(0.999)(h), scale(1 - 0.999)(y1))
    expect(gap(innerFlow({ grid: steps(4), noise: 'sampled' }, clock)(constantHead)(y1), left)).toBeLessThan(1e-12)
  })

  it('in one step from time 1 is the head itself', () => {
    const seen = (y: Real, s: Time, span: Time): Real => add(y, weigh(add(s.value, span.value))(y))
    for (const kind of ['implied', 'sampled'] satisfies ReadonlyArray<InnerNoise>) {
      const made = innerFlow({ grid: [0, 1], noise: kind }, clock)(seen)(y1)
      expect(gap(made, seen(y1, clock(1), clock(1)))).toBeLessThan(1e-12)
    }
  })
})

describe('sampling', () => {
  const velocity: VelocityModel<null, Real> = (_, x, t, c) => add(scale(0.3)(c), weigh(t.value)(x))
  const options: SampleOptions = {
    target: 'velocity',
    noise: 'implied',
    outer: steps(3),
    grid: steps(2),
    step: 'transition',
    start: 'noise',
    frequencies: 4
  }
  const noises = {
    noise: noise(4, shape),
    innerNoise: [noise(5, shape), noise(6, shape), noise(7, shape)],
    fresh: [noise(8, shape), noise(9, shape), noise(10, shape)]
  }
  const run = (change: Partial<Pick<SampleOptions, 'step' | 'start'>>, model = withoutHead(velocity)): Real =>
    sample({ ...options, ...change })(model)(null, noises, context)

  it('by a student without a head is what Euler makes of its velocity', () => {
    const followed = euler({ grid: options.outer, time: clock })((x, t) => velocity(null, x, t, context))
    expect(gap(run({}), followed(noises.noise))).toBeLessThan(1e-12)
  })

  it('moves alike by Algorithm 1 and by Eq. 18, and not by Eq. 18 as printed', () => {
    expect(gap(run({ step: 'eq18' }), run({}))).toBeLessThan(1e-12)
    expect(gap(run({ step: 'eq18printed' }), run({}))).toBeGreaterThan(1e-2)
  })

  it('uses fresh noise for Eq. 19 alone', () => {
    const other = { ...noises, fresh: noises.innerNoise }
    const with_ = (step: SampleOptions['step']): Real =>
      sample({ ...options, step })(withoutHead(velocity))(null, other, context)
    expect(gap(with_('transition'), run({}))).toBe(0)
    expect(gap(with_('eq19'), run({ step: 'eq19' }))).toBeGreaterThan(1e-2)
  })

  it('of data as target arrives where the same student arrives with velocity as target', () => {
    const model: StudentModel<null, Real> = withoutHead(velocity)
    const ofData = sample({ ...options, target: 'data', noise: 'implied' })(model)(null, noises, context)
    expect(gap(ofData, run({}))).toBeLessThan(1e-12)
  })

  it('can begin from scaled noise', () => {
    expect(gap(run({ start: 'scaled' }), run({}))).toBeGreaterThan(1e-5)
    expect(gap(run({ start: 'scaled' }), sub(run({ start: 'scaled' }), scale(0)(y1)))).toBe(0)
  })
})

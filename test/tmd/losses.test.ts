import { describe, expect, it } from 'vitest'
import { gradOf } from '../../src/autodiff/grad.ts'
import { key } from '../../src/core/Key.ts'
import { grid } from '../../src/flow/schedule.ts'
import { embed, neg, scale, sub } from '../../src/ops/api.ts'
import { divide } from '../../src/ops/perSample.ts'
import { tensors } from '../../src/nn/params.ts'
import { discriminatorLoss, generatorLoss } from '../../src/tmd/discriminator.ts'
import { stage1DrawDefaults, stage1Draws, stage1Times, type Stage1Draws } from '../../src/tmd/draws.ts'
import { fakeScoreLoss } from '../../src/tmd/flowMatching.ts'
import { headError, meanFlow, meanFlowDefaults, type MeanFlowOptions } from '../../src/tmd/meanFlowLoss.ts'
import type { StudentModel } from '../../src/tmd/model.ts'
import { vsd, vsdDefaults } from '../../src/tmd/vsd.ts'
import { interpolate } from '../../src/flow/path.ts'
import { fixed, gap, noise, valuesOf, type Real } from '../flow/numbers.ts'

const shape = [8, 3]
const drawOptions = {
  ...stage1DrawDefaults,
  outer: grid({ steps: 2, gamma: 10, rule: 'plain' }),
  inner: grid({ steps: 2, gamma: 10, rule: 'plain' }),
  level: 0.5,
  frequencies: 4
}

/** A student of one known data point: it can tell the target from `x_t`, and tells it whatever it is asked. */
const knowing = (x: Real, wrong: number): StudentModel<Real, Real> => ({
  backbone: (p, xt, t) => scale(1 + wrong)(divide(t.value)(sub(sub(xt, x), scale(0)(p)))),
  head: (_, m) => m
})

describe('the MeanFlow loss', () => {
  const x = scale(0.5)(noise(1, shape))
  const draws = tensors.map(stage1Draws(drawOptions)(key(2), 8), embed) as unknown as Stage1Draws
  const inputs = {
    x,
    noise: noise(2, shape),
    innerNoise: noise(3, shape),
    context: x,
    negative: x,
    draws
  }
  const lossOf = (options: Partial<MeanFlowOptions>, wrong: number): number =>
    valuesOf(meanFlow({ ...meanFlowDefaults, ...options } as MeanFlowOptions)(knowing(x, wrong))(x, inputs).loss)[0] ??
    NaN

  it('is nothing where the target is known, in either form of the noise, and something where it is not', () => {
    for (const noise of ['implied', 'sampled'] as const) {
      expect(lossOf({ target: 'velocity', noise }, 0)).toBeLessThan(1e-12)
      expect(lossOf({ target: 'velocity', noise }, 0.1)).toBeGreaterThan(1e-4)
    }
  })

  it('is nothing for a known target of data', () => {
    expect(lossOf({ target: 'data', noise: 'implied' }, 0)).toBeLessThan(1e-12)
  })

  it('has the derivative by differences where there is none to have', () => {
    const parts = meanFlow(meanFlowDefaults)(knowing(x, 0))(x, inputs)
    expect(Math.max(...valuesOf(parts.derivative).map(Math.abs))).toBeLessThan(1e-9)
  })

  it('is below 1 and its head error is finite however small s is', () => {
    const parts = meanFlow(meanFlowDefaults)(knowing(x, 0.3))(x, inputs)
    expect(valuesOf(parts.loss)[0]).toBeLessThan(1)
    expect(valuesOf(headError(meanFlowDefaults, parts, draws))[0]).toBeGreaterThan(0)
  })
})

describe('the times of stage 1', () => {
  it('are the same for the same key', () => {
    expect(stage1Times(drawOptions)(key(5), 16)).toEqual(stage1Times(drawOptions)(key(5), 16))
    expect(stage1Times(drawOptions)(key(5), 16)).not.toEqual(stage1Times(drawOptions)(key(6), 16))
  })

  it('have r at s as often as they are told, else on the grid below', () => {
    const { s, r } = stage1Times({ ...drawOptions, level: 0.75 })(key(7), 4000)
    const level = Array.from(s).filter((time, i) => time === r[i]).length / s.length
    expect(Math.abs(level - 0.75)).toBeLessThan(0.03)
    expect(Array.from(r).every((end, i) => end === s[i] || drawOptions.inner.includes(end))).toBe(true)
    expect(Array.from(r).every((end, i) => end <= (s[i] ?? 0))).toBe(true)
  })

  it('have r = s always where only transitions are matched', () => {
    const { s, r } = stage1Times({ ...drawOptions, level: 1 })(key(7), 50)
    expect(r).toEqual(s)
  })
})

describe('score distillation', () => {
  const [sample, fake, teacher] = [noise(1, shape), noise(2, shape), noise(3, shape)]

  it('pulls at a sample as said: g over batch and elements', () => {
    const { loss, direction } = vsd(vsdDefaults)({ sample, fake, teacher })
    expect(gap(gradOf(loss)(sample), scale(1 / 24)(direction))).toBeLessThan(1e-12)
  })

  it('gives nothing to teacher and fake score', () => {
    const { loss } = vsd(vsdDefaults)({ sample, fake, teacher })
    expect(gap(gradOf(loss)(fake), scale(0)(fake))).toBe(0)
    expect(gap(gradOf(loss)(teacher), scale(0)(teacher))).toBe(0)
  })

  it('does not pull where fake score and teacher agree', () => {
    const { loss } = vsd(vsdDefaults)({ sample, fake: teacher, teacher })
    expect(gap(gradOf(loss)(sample), scale(0)(sample))).toBe(0)
  })

  it('as printed has one length, whatever the difference, and turns with its sign', () => {
    const printed = vsd({ normaliser: 'paper', epsilon: 0 })
    const there = printed({ sample, fake, teacher }).direction
    const back = printed({ sample, fake: teacher, teacher: fake }).direction
    const total = valuesOf(there).reduce((sum, g) => sum + Math.abs(g), 0)
    expect(total).toBeCloseTo(8, 10)
    expect(gap(there, neg(back))).toBeLessThan(1e-12)
  })

  it('in the default form grows with the difference', () => {
    const near = sub(teacher, scale(0.1)(sub(teacher, fake)))
    const far = vsd(vsdDefaults)({ sample, fake, teacher }).direction
    expect(gap(vsd(vsdDefaults)({ sample, fake: near, teacher }).direction, scale(0.1)(far))).toBeLessThan(1e-12)
  })
})

describe('the game', () => {
  const [real, fake] = [noise(4, [5, 2]), noise(5, [5, 2])]

  it('starts at 2 ln 2 against ln 2', () => {
    const zero = scale(0)(real)
    expect(valuesOf(discriminatorLoss(zero, zero))[0]).toBeCloseTo(2 * Math.LN2, 12)
    expect(valuesOf(generatorLoss(zero))[0]).toBeCloseTo(Math.LN2, 12)
  })

  it('is lost by neither when logits grow in the right direction', () => {
    const value = (x: Real): number => valuesOf(x)[0] ?? NaN
    const [up, down] = [fixed([3], [1, 1]), fixed([-3], [1, 1])]
    expect(value(discriminatorLoss(up, down))).toBeLessThan(value(discriminatorLoss(down, up)))
    expect(value(generatorLoss(up))).toBeLessThan(value(generatorLoss(down)))
    expect(value(discriminatorLoss(real, fake))).toBeGreaterThan(0)
  })
})

describe('the loss of the fake score', () => {
  it('among data is t² that among velocities, sample by sample', () => {
    const [x, eps, v] = [noise(1, shape), noise(2, shape), noise(3, shape)]
    const times = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    const t = fixed(times)
    const prediction = { v, xt: interpolate(x, eps, t), t, x, noise: eps }
    const asData = valuesOf(fakeScoreLoss('data')(prediction).perSample)
    const asVelocity = valuesOf(fakeScoreLoss('velocity')(prediction).perSample)
    asData.forEach((value, i) => expect(value).toBeCloseTo((times[i] ?? NaN) ** 2 * (asVelocity[i] ?? NaN), 10))
  })
})

import { describe, expect, it } from 'vitest'
import { sampledDeviation, sampledDeviationLimit } from '../../src/flow/bias.ts'
import { flowMap as transport } from '../../src/flow/flowMap.ts'
import * as G from '../../src/flow/gaussian.ts'
import { grid } from '../../src/flow/schedule.ts'
import { euler, guided, heun, rungeKutta } from '../../src/flow/solver.ts'
import { add, scale, sub } from '../../src/ops/api.ts'
import { fixed, gap, noise, valuesOf, type Real } from './numbers.ts'

const law: G.Gaussian = { mean: fixed([0.7], []), deviation: fixed([0.6], []) }
const x = noise(5, [4])
const at = (t: number): Real => fixed([t, t, t, t])

describe('the flow map of Gaussian data', () => {
  const f = G.flowMap(law)

  it('composes, and is undone by itself', () => {
    expect(gap(f(f(x, at(0.9), at(0.5)), at(0.5), at(0.2)), f(x, at(0.9), at(0.2)))).toBeLessThan(1e-12)
    expect(gap(f(f(x, at(0.9), at(0.2)), at(0.2), at(0.9)), x)).toBeLessThan(1e-12)
  })

  it('is where the average velocity leads', () => {
    const u = G.averageVelocity(law)(x, at(0.9), at(0.2))
    expect(gap(transport(x, u, 0.9 - 0.2), f(x, at(0.9), at(0.2)))).toBeLessThan(1e-12)
  })

  it('has the velocity as its average over nothing', () => {
    expect(gap(G.averageVelocity(law)(x, at(0.4), at(0.4)), G.velocity(law)(x, at(0.4)))).toBeLessThan(1e-12)
  })

  it('is what integration of the velocity finds, with an error that falls as the fourth power of the step', () => {
    const exact = f(x, at(0.9), at(0.1))
    const error = (steps: number): number => gap(rungeKutta(steps)(G.velocity(law))(x, at(0.9), at(0.1)), exact)
    expect(error(32)).toBeLessThan(1e-5)
    expect(error(16) / error(32)).toBeGreaterThan(13)
  })
})

describe('a mixture of one component', () => {
  it('is the Gaussian', () => {
    const mixture: G.Mixture = { weights: fixed([1]), means: fixed([0.7], [1, 1]), deviations: fixed([0.6]) }
    const column = fixed([...valuesOf(x)], [4, 1])
    expect(gap(G.mixtureVelocity(mixture)(column, at(0.3)), G.velocity(law)(column, at(0.3)))).toBeLessThan(1e-12)
    expect(gap(G.mixtureScore(mixture)(column, at(0.3)), G.score(law)(column, at(0.3)))).toBeLessThan(1e-12)
  })
})

describe('solvers', () => {
  const walk = (steps: number) => ({ grid: grid({ steps, gamma: 1, rule: 'linspace' }), time: at })
  const exact = G.flowMap(law)(x, at(0.999), at(0))

  it('come closer with more steps, Heun faster than Euler', () => {
    const error = (solver: typeof euler, steps: number): number => gap(solver(walk(steps))(G.velocity(law))(x), exact)
    expect(error(euler, 40)).toBeLessThan(0.6 * error(euler, 20))
    expect(error(heun, 40)).toBeLessThan(0.35 * error(heun, 20))
    expect(error(heun, 40)).toBeLessThan(error(euler, 40))
  })

  it('follow the negative velocity under no guidance at all', () => {
    const other: G.Gaussian = { ...law, mean: fixed([-1], []) }
    const both = guided(0)(G.velocity(law), G.velocity(other))
    expect(gap(both(x, at(0.5)), G.velocity(other)(x, at(0.5)))).toBeLessThan(1e-12)
  })
})

describe('the inner velocity from the outer posterior mean', () => {
  it('is that of the Gaussian law of the target', () => {
    const [xt, t, ys, s] = [noise(6, [4]), at(0.8), noise(7, [4]), at(0.5)]
    const made = G.glass(G.posteriorMean(law))({ xt, t, ys, s }).velocity
    expect(gap(made, G.velocity(G.inner(law, xt, t))(ys, s))).toBeLessThan(1e-12)
  })

  it('differs from that of another law', () => {
    const [xt, t, ys, s] = [noise(6, [4]), at(0.8), noise(7, [4]), at(0.5)]
    const other: G.Gaussian = { ...law, deviation: add(law.deviation, fixed([0.1], [])) }
    const made = G.glass(G.posteriorMean(other))({ xt, t, ys, s }).velocity
    expect(gap(made, G.velocity(G.inner(law, xt, t))(ys, s))).toBeGreaterThan(1e-3)
  })
})

describe('the printed form of the inner noise', () => {
  const inner = (steps: number): ReadonlyArray<number> => [...grid({ steps, gamma: 10, rule: 'plain' }).slice(0, -1), 1]

  it('loses more than a third of the spread', () => {
    expect(sampledDeviation(1, inner(1))).toBeCloseTo(Math.asinh(1) / Math.SQRT2, 10)
    expect(sampledDeviation(1, inner(4))).toBeCloseTo(0.6211, 4)
    expect(sampledDeviationLimit(1, 500)).toBeCloseTo(0.4933, 4)
  })

  it('approaches its limit as steps grow', () => {
    const fine = Array.from({ length: 2001 }, (_, i) => i / 2000)
    expect(Math.abs(sampledDeviation(1, fine) - sampledDeviationLimit(1, 500))).toBeLessThan(1e-3)
  })
})

describe('weights of samples', () => {
  it('keep a number and one number per sample apart from nothing but their form', () => {
    expect(gap(transport(x, scale(2)(x), 0.25), transport(x, scale(2)(x), at(0.25)))).toBe(0)
    expect(gap(transport(x, x, 0), sub(x, scale(0)(x)))).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import {
  differenceAt,
  finiteDifference,
  modeOf,
  type DifferenceOptions,
  type Probes
} from '../../src/autodiff/finiteDifference.ts'
import { add, expandDims, mul, scale, square } from '../../src/ops/api.ts'
import { fixed, gap, noise, type Real } from '../flow/numbers.ts'

const options: DifferenceOptions = { delta: 0.005, min: 0.001, max: 0.999, rule: 'fastgen' }

const probes = (chosen: DifferenceOptions, s: ReadonlyArray<number>, r: number): Probes<Real> => {
  const all = s.map((time) => differenceAt(chosen)(time, r))
  const side = (name: 'ahead' | 'behind') => ({
    time: fixed(all.map((one) => one[name])),
    offset: fixed(all.map((one, i) => one[name] - (s[i] ?? NaN)))
  })
  return { ahead: side('ahead'), behind: side('behind'), factor: fixed(all.map(({ factor }) => factor)) }
}

describe('the choice of a difference', () => {
  const mode = (s: number, r: number, rule: DifferenceOptions['rule'] = 'fastgen'): number =>
    modeOf(s)(differenceAt({ ...options, rule })(s, r))

  it('is central inside and one-sided at the ends', () => {
    expect(mode(0.5, 0.1)).toBe(2)
    expect(mode(0.996, 0.1)).toBe(-1)
    expect(mode(0.004, 0)).toBe(1)
  })

  it('never steps back past r, but for the rule of the paper', () => {
    expect(mode(0.5, 0.5)).toBe(1)
    expect(mode(0.5, 0.5, 'paper')).toBe(2)
  })

  it('is none where neither side is allowed', () => {
    expect(mode(0.996, 0.996)).toBe(0)
    expect(differenceAt(options)(0.996, 0.996).factor).toBe(0)
  })
})

describe('finite differences', () => {
  const s = [0.2, 0.5, 0.8]
  const [x, v] = [noise(1, [3, 2]), noise(2, [3, 2])]
  // along the path x + (s' − s) v this is quadratic in s'
  const f = (y: Real, time: Real): Real => add(mul(y, expandDims(1)(time)), scale(3)(square(y)))
  const exact = add(add(mul(v, expandDims(1)(fixed(s))), x), scale(6)(mul(x, v)))

  it('are exact for what is quadratic along the path', () => {
    expect(gap(finiteDifference(f)(x, v, probes(options, s, 0)), exact)).toBeLessThan(1e-12)
  })

  it('are off by the order of the step where they are one-sided', () => {
    const forward = { ...options, min: 1 }
    const error = gap(finiteDifference(f)(x, v, probes(forward, s, 0)), exact)
    expect(error).toBeGreaterThan(1e-4)
    expect(error).toBeLessThan(0.5)
  })

  it('are 0 where no step is allowed', () => {
    const none = { ...options, min: 1, max: 0 }
    expect(gap(finiteDifference(f)(x, v, probes(none, s, 0)), scale(0)(x))).toBe(0)
  })
})

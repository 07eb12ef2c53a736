import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key } from '../../src/core/Key.ts'
import {
  chooseR,
  descent,
  drawnTime,
  grid,
  latest,
  pointMass,
  sampleGrid,
  sampleTimes,
  shift,
  shiftDerivative,
  shiftMean,
  shifted,
  unshift
} from '../../src/flow/schedule.ts'

const gamma = fc.double({ min: 0.1, max: 20, noNaN: true })
const time = fc.double({ min: 0, max: 1, noNaN: true })

describe('shift', () => {
  it('composes by multiplying', () => {
    fc.assert(
      fc.property(gamma, gamma, time, (a, b, t) => {
        expect(shift(a)(shift(b)(t))).toBeCloseTo(shift(a * b)(t), 12)
      })
    )
  })

  it('is undone by unshift', () => {
    fc.assert(
      fc.property(gamma, time, (a, t) => {
        expect(unshift(a)(shift(a)(t))).toBeCloseTo(t, 10)
      })
    )
  })

  it('has the derivative that a difference quotient approaches', () => {
    const h = 1e-6
    fc.assert(
      fc.property(gamma, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (a, t) => {
        const quotient = (shift(a)(t + h) - shift(a)(t - h)) / (2 * h)
        expect(Math.abs(quotient / shiftDerivative(a)(t) - 1)).toBeLessThan(1e-6)
      })
    )
  })

  it('has the mean of many shifted times', () => {
    const n = 20_000
    const mean = Array.from({ length: n }, (_, i) => shift(5)((i + 0.5) / n)).reduce((sum, t) => sum + t, 0) / n
    expect(mean).toBeCloseTo(shiftMean(5), 6)
  })
})

describe('grid', () => {
  it('gives the lists that FastGen ships', () => {
    expect(grid({ steps: 4, gamma: 5, rule: 'floor' })).toEqual([0, 0.624, 0.833, 0.937, 0.999])
    expect(grid({ steps: 2, gamma: 10, rule: 'floor' })).toEqual([0, 0.908, 0.999])
    expect(grid({ steps: 2, gamma: 5, rule: 'floor' })).toEqual([0, 0.833, 0.999])
  })

  it('rises from 0 to the latest time, and its steps add up to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 10 }), (steps, g) => {
        const times = grid({ steps, gamma: g, rule: 'plain' })
        expect([times[0], times.at(-1)]).toEqual([0, latest])
        expect(times.every((t, i) => i === 0 || t > (times[i - 1] ?? 1))).toBe(true)
        expect(descent(times).reduce((sum, { from, to }) => sum + from - to, 0)).toBeCloseTo(latest, 12)
      })
    )
  })
})

describe('the choice of r', () => {
  const times = grid({ steps: 2, gamma: 10, rule: 'plain' })

  it('takes the neighbour below, and on the grid depends on the rule', () => {
    expect(chooseR(times, 'below')(0.95)).toBe(times[1])
    expect(chooseR(times, 'atMost')(latest)).toBe(latest)
    expect(chooseR(times, 'below')(latest)).toBe(times[1])
  })
})

describe('drawn times', () => {
  it('are the same for the same key and within their range', () => {
    const law = shifted(5)
    const drawn = sampleTimes(law)(key(3), 500)
    expect(drawn).toEqual(sampleTimes(law)(key(3), 500))
    expect(drawn).not.toEqual(sampleTimes(law)(key(4), 500))
    expect(drawn.every((t) => t >= law.min && t <= law.max)).toBe(true)
  })

  it('hit the end of their range as often as they are said to', () => {
    const law = shifted(10)
    const n = 100_000
    const hits = Array.from({ length: n }, (_, i) => drawnTime(law)((i + 0.5) / n)).filter((t) => t === law.max).length
    expect(hits / n).toBeCloseTo(pointMass(law), 4)
  })

  it('of a grid are never 0 and reach every other entry', () => {
    const times = grid({ steps: 4, gamma: 10, rule: 'plain' })
    const drawn = new Set(sampleGrid(times)(key(1), 200))
    expect([...drawn].sort((a, b) => a - b)).toEqual(times.slice(1))
  })
})

/**
 * Laws of a flow map `f(y, s, r)`, which carries a point along a flow from time `s` to time `r`, and of its average
 * velocity `u`: `f(y, s, r) = y − (s − r) u(y, s, r)`. Times run from data (0) to noise (1); `s ≥ r` goes toward data.
 *
 * Source: Geng et al. 2025 (arXiv 2505.13447), the MeanFlow identity.
 */
import * as fc from 'fast-check'
import type { Close } from '../src/core/Close.ts'
import { between, vector } from './draw.ts'
import { closeVectors, law, type Laws, type Vector } from './Laws.ts'

export interface FlowMap {
  readonly map: (y: Vector, s: number, r: number) => Vector
  /** The average velocity between `r` and `s` along the path through `y` at `s`; its limit at `r = s`. */
  readonly average: (y: Vector, s: number, r: number) => Vector
  /** The velocity of the flow. */
  readonly velocity: (y: Vector, s: number) => Vector
}

interface Passage {
  readonly y: Vector
  readonly s: number
  readonly q: number
  readonly r: number
}

/** Three times in descending order, apart from each other and from both ends. */
const passages: fc.Arbitrary<Passage> = fc.record({
  y: vector(2),
  s: between(0.75, 0.95),
  q: between(0.4, 0.6),
  r: between(0.05, 0.25)
})

const h = 1e-4

const combine = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector =>
  a.map((x, i) => f(x, b[i] ?? NaN))
const along = (y: Vector, direction: Vector, distance: number): Vector =>
  combine(y, direction, (a, b) => a + distance * b)

/** The derivative at 0, by central differences of fourth order. */
const derivative = (f: (x: number) => Vector): Vector => {
  const central = (step: number): Vector => combine(f(step), f(-step), (a, b) => (a - b) / (2 * step))
  return combine(central(h), central(2 * h), (near, far) => (4 * near - far) / 3)
}

/** Differentiated in double precision. */
const differentiated: Close = { absolute: 1e-7, relative: 1e-6 }

const semigroup = ({ map }: FlowMap, close: Close): Laws => ({
  'going nowhere is the identity': law(passages, ({ y, s }) => closeVectors(close, map(y, s, s), y)),
  'two passages in a row are one': law(passages, ({ y, s, q, r }) =>
    closeVectors(close, map(map(y, s, q), q, r), map(y, s, r))
  ),
  'going back undoes going': law(passages, ({ y, s, r }) => closeVectors(close, map(map(y, s, r), r, s), y))
})

const averages = ({ map, average, velocity }: FlowMap, close: Close): Laws => ({
  'moves by the average velocity, against time': law(passages, ({ y, s, r }) =>
    closeVectors(close, map(y, s, r), along(y, average(y, s, r), r - s))
  ),
  'the average over no time is the velocity': law(passages, ({ y, s }) =>
    closeVectors(close, average(y, s, s), velocity(y, s))
  ),
  'displacements add up along the path': law(passages, ({ y, s, q, r }) => {
    const first = average(y, s, q).map((u) => (s - q) * u)
    const second = average(map(y, s, q), q, r).map((u) => (q - r) * u)
    return closeVectors(
      close,
      combine(first, second, (a, b) => a + b),
      average(y, s, r).map((u) => (s - r) * u)
    )
  })
})

const equations = ({ map, average, velocity }: FlowMap): Laws => ({
  'the end moves with the velocity there (Lagrange)': law(passages, ({ y, s, r }) =>
    closeVectors(
      differentiated,
      derivative((d) => map(y, s, r + d)),
      velocity(map(y, s, r), r)
    )
  ),
  'the end stays where it is when the start moves along the flow (Euler)': law(passages, ({ y, s, r }) =>
    closeVectors(
      differentiated,
      derivative((d) => map(along(y, velocity(y, s), d), s + d, r)),
      y.map(() => 0)
    )
  ),
  'velocity is average plus elapsed time times its rate of change (MeanFlow)': law(passages, ({ y, s, r }) => {
    const rate = derivative((d) => average(along(y, velocity(y, s), d), s + d, r))
    return closeVectors(differentiated, along(average(y, s, r), rate, s - r), velocity(y, s))
  })
})

/** All laws of an exact flow map; `close` is how exact it is. */
export const flowMap = (flow: FlowMap, close: Close): Laws => ({
  ...semigroup(flow, close),
  ...averages(flow, close),
  ...equations(flow)
})

/**
 * The exact flow of data that are normal with the given means and deviation, in closed form: a flow map to test others by.
 *
 * `f(y, s, r) = m_r + (σ_r/σ_s)(y − m_s)`, `m_t = (1 − t) μ`, `σ_t² = (1 − t)² S² + t²`.
 */
export const gaussianFlow = (mean: number, deviation: number): FlowMap => {
  const centre = (t: number): number => (1 - t) * mean
  const variance = (t: number): number => ((1 - t) * deviation) ** 2 + t * t
  const map: FlowMap['map'] = (y, s, r) =>
    y.map((x) => centre(r) + Math.sqrt(variance(r) / variance(s)) * (x - centre(s)))
  const velocity: FlowMap['velocity'] = (y, s) =>
    y.map((x) => -mean + ((s - (1 - s) * deviation ** 2) / variance(s)) * (x - centre(s)))
  return {
    map,
    velocity,
    average: (y, s, r) => (s === r ? velocity(y, s) : combine(y, map(y, s, r), (a, b) => (a - b) / (s - r)))
  }
}

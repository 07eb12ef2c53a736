/**
 * Laws of a flow map `f(y, s, r)`, which carries a point along a flow from time `s` to time `r`, and of its average
 * velocity `u`: `f(y, s, r) = y − (s − r) u(y, s, r)`. Times run from data (0) to noise (1); `s ≥ r` goes toward data.
 *
 * Source: Geng et al. 2025 (arXiv 2505.13447), the MeanFlow identity.
 */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import { between, vector } from './draw.ts'
import { closeVectors, from, law, type Laws, type Vector } from './Laws.ts'
import { along, zip } from './vectors.ts'

const boffi = from('Boffi et al. 2024, Flow map matching (arXiv 2406.07507)')
const meanFlow = from('Geng et al. 2025 (arXiv 2505.13447), Eq. 6')
const method = from('Nie et al. 2026 (arXiv 2601.09881), Eqs. 7 to 13, sign corrected')

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

/** The derivative at 0, by central differences of fourth order. */
const derivative = (f: (x: number) => Vector): Vector => {
  const central = (step: number): Vector => zip(f(step), f(-step), (a, b) => (a - b) / (2 * step))
  return zip(central(h), central(2 * h), (near, far) => (4 * near - far) / 3)
}

/** Differentiated in double precision. */
const differentiated: Close = { absolute: 1e-7, relative: 1e-6 }

const semigroup = ({ map }: FlowMap, close: Close): Laws => ({
  'going nowhere is the identity': law(boffi('f(y, s, s) = y', 13), passages, ({ y, s }) =>
    closeVectors(close, map(y, s, s), y)
  ),
  'two passages in a row are one': law(boffi('f(f(y, s, q), q, r) = f(y, s, r)', 14), passages, ({ y, s, q, r }) =>
    closeVectors(close, map(map(y, s, q), q, r), map(y, s, r))
  ),
  'going back undoes going': law(boffi('f(f(y, s, r), r, s) = y', 15), passages, ({ y, s, r }) =>
    closeVectors(close, map(map(y, s, r), r, s), y)
  )
})

const averages = ({ map, average, velocity }: FlowMap, close: Close): Laws => ({
  'moves by the average velocity, against time': law(
    method('f(y, s, r) = y − (s − r) u(y, s, r)'),
    passages,
    ({ y, s, r }) => closeVectors(close, map(y, s, r), along(y, average(y, s, r), r - s))
  ),
  'the average over no time is the velocity': law(meanFlow('u(y, s, s) = v(y, s)', 16), passages, ({ y, s }) =>
    closeVectors(close, average(y, s, s), velocity(y, s))
  ),
  'displacements add up along the path': law(
    meanFlow('(s − r) u(y, s, r) = (s − q) u(y, s, q) + (q − r) u(y_q, q, r)', 20),
    passages,
    ({ y, s, q, r }) => {
      const first = average(y, s, q).map((u) => (s - q) * u)
      const second = average(map(y, s, q), q, r).map((u) => (q - r) * u)
      return closeVectors(
        close,
        zip(first, second, (a, b) => a + b),
        average(y, s, r).map((u) => (s - r) * u)
      )
    }
  )
})

const equations = ({ map, average, velocity }: FlowMap): Laws => ({
  'leaves with the velocity': law(boffi('∂_r f(y, s, r) at r = s is v(y, s)', 16), passages, ({ y, s }) =>
    closeVectors(
      differentiated,
      derivative((d) => map(y, s, s + d)),
      velocity(y, s)
    )
  ),
  'the end moves with the velocity there (Lagrange)': law(
    boffi('∂_r f(y, s, r) = v(f(y, s, r), r)', 17),
    passages,
    ({ y, s, r }) =>
      closeVectors(
        differentiated,
        derivative((d) => map(y, s, r + d)),
        velocity(map(y, s, r), r)
      )
  ),
  'the end stays where it is when the start moves along the flow (Euler)': law(
    boffi('∂_s f + v(y, s) · ∂_y f = 0', 18),
    passages,
    ({ y, s, r }) =>
      closeVectors(
        differentiated,
        derivative((d) => map(along(y, velocity(y, s), d), s + d, r)),
        y.map(() => 0)
      )
  ),
  'velocity is average plus elapsed time times its rate of change (MeanFlow)': law(
    meanFlow('u + (s − r)(v · ∂_y u + ∂_s u) = v', 19),
    passages,
    ({ y, s, r }) => {
      const rate = derivative((d) => average(along(y, velocity(y, s), d), s + d, r))
      return closeVectors(differentiated, along(average(y, s, r), rate, s - r), velocity(y, s))
    }
  )
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
    average: (y, s, r) => (s === r ? velocity(y, s) : zip(y, map(y, s, r), (a, b) => (a - b) / (s - r)))
  }
}

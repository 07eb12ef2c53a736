/** Laws of the curvature of a trajectory: how far its velocity is from that of the line between its ends. */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import { between, vector } from './draw.ts'
import { gaussianFlow } from './flowMap.ts'
import { closeVectors, from, law, unless, type Laws, type Vector } from './Laws.ts'
import { along, largest, times as scaled } from './vectors.ts'

const bent = from('Nie et al. 2026 (arXiv 2601.09881), App. B.2, with x_1 − x for the printed x − x_0')

/** The curvature of every step of a trajectory, of states in the order of their rising times. */
export type Curvature = (states: ReadonlyArray<Vector>, times: Vector) => Vector

const count = 5
const times: Vector = Array.from({ length: count }, (_, i) => i / (count - 1))

const points = vector(3)

/** The states of data `N(0.3, S²)` on their way to the noise `x₁`. */
const gaussianStates = (noise: Vector, deviation: number): ReadonlyArray<Vector> =>
  times.map((t) => gaussianFlow(0.3, deviation).map(noise, 1, t))

export const curvature = (instance: Curvature, close: Close): Laws => ({
  'of a straight trajectory is 0': law(bent('x_t = x + t v ⇒ C = 0', 42), fc.tuple(points, points), ([x, v]) => {
    const found = instance(
      times.map((t) => along(x, v, t)),
      times
    )
    return closeVectors(close, found, scaled(0, times.slice(1)))
  }),
  'of data of some spread is positive': law(
    bent('C > 0 on a Gaussian flow of S > 0', 42),
    fc.tuple(between(0.5, 2), between(0.2, 0.8)),
    ([noise, deviation]) => {
      const found = instance(gaussianStates([noise + 0.3, noise, -noise], deviation), times)
      return unless(
        found.every((c) => c > 1e-6),
        () => `${found}`
      )
    }
  ),
  'of data without spread is 0': law(bent('C → 0 as S → 0', 42), points, (noise) => {
    const found = instance(gaussianStates(noise, 1e-6), times)
    return unless(found.length === count - 1 && largest(found) < 1e-6, () => `${found}`)
  })
})

/**
 * Laws of the straight path from data to noise, `x_t = (1 − t) x + t x₁` (`x` data, `x₁` noise), and of the conversions
 * between what a network may predict: the velocity `x₁ − x`, the data, the noise.
 */
import * as fc from 'fast-check'
import type { Close } from '../src/core/Close.ts'
import { between, vector } from './draw.ts'
import { closeVectors, firstOf, law, type Laws, type Vector } from './Laws.ts'

/** A path and its conversions, at a point `xt` of time `t`. */
export interface Path {
  readonly interpolate: (x: Vector, noise: Vector, t: number) => Vector
  readonly velocity: (x: Vector, noise: Vector) => Vector
  readonly dataOfVelocity: (xt: Vector, v: Vector, t: number) => Vector
  readonly noiseOfVelocity: (xt: Vector, v: Vector, t: number) => Vector
  readonly velocityOfData: (xt: Vector, x: Vector, t: number) => Vector
  readonly noiseOfData: (xt: Vector, x: Vector, t: number) => Vector
  readonly dataOfNoise: (xt: Vector, noise: Vector, t: number) => Vector
}

const dimensions = 3
const points = vector(dimensions)
const inside = between(0.02, 0.98)

const combine = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector =>
  a.map((x, i) => f(x, b[i] ?? NaN))

const ends = ({ interpolate, velocity }: Path, close: Close): Laws => ({
  'begins at data and ends at noise': law(fc.tuple(points, points), ([x, noise]) =>
    firstOf([closeVectors(close, interpolate(x, noise, 0), x), closeVectors(close, interpolate(x, noise, 1), noise)])
  ),
  'is straight: every difference quotient is the velocity': law(
    fc.tuple(points, points, between(0, 0.45), between(0.55, 1)),
    ([x, noise, r, t]) => {
      const chord = combine(interpolate(x, noise, t), interpolate(x, noise, r), (a, b) => (a - b) / (t - r))
      return closeVectors(close, chord, velocity(x, noise))
    }
  )
})

const conversions = (path: Path, close: Close): Laws => ({
  'the velocity leads back to both ends': law(fc.tuple(points, points, inside), ([x, noise, t]) => {
    const xt = path.interpolate(x, noise, t)
    const v = path.velocity(x, noise)
    return firstOf([
      closeVectors(close, path.dataOfVelocity(xt, v, t), x),
      closeVectors(close, path.noiseOfVelocity(xt, v, t), noise)
    ])
  }),
  'data to velocity to data is the identity': law(fc.tuple(points, points, inside), ([xt, x, t]) =>
    closeVectors(close, path.dataOfVelocity(xt, path.velocityOfData(xt, x, t), t), x)
  ),
  'velocity to data to velocity is the identity': law(fc.tuple(points, points, inside), ([xt, v, t]) =>
    closeVectors(close, path.velocityOfData(xt, path.dataOfVelocity(xt, v, t), t), v)
  ),
  'data to noise to data is the identity': law(fc.tuple(points, points, inside), ([xt, x, t]) =>
    closeVectors(close, path.dataOfNoise(xt, path.noiseOfData(xt, x, t), t), x)
  )
})

export const interpolant = (path: Path, close: Close): Laws => ({ ...ends(path, close), ...conversions(path, close) })

/** Classifier-free guidance: from the prediction without and the prediction with the condition, at a scale. */
export type Guidance = (negative: Vector, positive: Vector, scale: number) => Vector

export const guidance = (guide: Guidance, path: Path, close: Close): Laws => ({
  'scale 1 is the condition, scale 0 its absence': law(fc.tuple(points, points), ([negative, positive]) =>
    firstOf([
      closeVectors(close, guide(negative, positive, 1), positive),
      closeVectors(close, guide(negative, positive, 0), negative)
    ])
  ),
  'commutes with conversion of what is predicted': law(
    fc.tuple(points, points, points, inside, between(0, 8)),
    ([xt, negative, positive, t, scale]) => {
      const data = (v: Vector): Vector => path.dataOfVelocity(xt, v, t)
      return closeVectors(close, data(guide(negative, positive, scale)), guide(data(negative), data(positive), scale))
    }
  )
})

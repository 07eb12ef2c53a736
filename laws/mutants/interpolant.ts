/** Paths and conversions with the usual confusions of sign and of time. */
import { f64 } from '../../src/core/Close.ts'
import { guidance, interpolant, type Guidance, type Path } from '../interpolant.ts'
import type { Mutant, Vector } from '../Laws.ts'
import { mutantsOf } from './mutant.ts'

const zip = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector => a.map((x, i) => f(x, b[i] ?? NaN))

/** The straight path, over plain vectors. */
export const straightPath: Path = {
  interpolate: (x, noise, t) => zip(x, noise, (a, b) => (1 - t) * a + t * b),
  velocity: (x, noise) => zip(noise, x, (b, a) => b - a),
  dataOfVelocity: (xt, v, t) => zip(xt, v, (a, b) => a - t * b),
  noiseOfVelocity: (xt, v, t) => zip(xt, v, (a, b) => a + (1 - t) * b),
  velocityOfData: (xt, x, t) => zip(xt, x, (a, b) => (a - b) / t),
  noiseOfData: (xt, x, t) => zip(xt, x, (a, b) => (a - (1 - t) * b) / t),
  dataOfNoise: (xt, noise, t) => zip(xt, noise, (a, b) => (a - t * b) / (1 - t))
}

const mutant = mutantsOf((path: Path) => interpolant(path, f64), straightPath)

export const interpolantMutants: ReadonlyArray<Mutant> = [
  mutant('a path from noise to data', 'begins at data and ends at noise', {
    interpolate: (x, noise, t) => straightPath.interpolate(noise, x, t)
  }),
  mutant('a path on the circle', 'is straight: every difference quotient is the velocity', {
    interpolate: (x, noise, t) =>
      zip(x, noise, (a, b) => Math.cos((t * Math.PI) / 2) * a + Math.sin((t * Math.PI) / 2) * b)
  }),
  mutant('a velocity toward data', 'the velocity leads back to both ends', {
    velocity: (x, noise) => straightPath.velocity(noise, x)
  }),
  mutant('data with the sign of time wrong', 'data to velocity to data is the identity', {
    dataOfVelocity: (xt, v, t) => straightPath.dataOfVelocity(xt, v, -t)
  }),
  mutant('a velocity without its division', 'velocity to data to velocity is the identity', {
    velocityOfData: (xt, x) => straightPath.velocityOfData(xt, x, 1)
  }),
  mutant('noise with its coefficients exchanged', 'data to noise to data is the identity', {
    noiseOfData: (xt, x, t) => straightPath.noiseOfData(xt, x, 1 - t)
  })
]

const ofGuidance = (name: string, brokenLaw: string, wrong: Guidance): Mutant => ({
  name,
  brokenLaw,
  laws: guidance(wrong, straightPath, f64)
})

export const guidanceMutants: ReadonlyArray<Mutant> = [
  ofGuidance('a scale that counts from the condition', 'scale 1 is the condition, scale 0 its absence', (n, p, scale) =>
    zip(n, p, (a, b) => b + scale * (b - a))
  ),
  ofGuidance('guidance that rescales', 'commutes with conversion of what is predicted', (n, p, scale) =>
    zip(n, p, (a, b) => (a + scale * (b - a)) / (1 + Math.abs(scale * (scale - 1))))
  )
]

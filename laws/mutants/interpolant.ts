/** Paths and conversions with the usual confusions of sign and of time. */
import { f64 } from '../../src/measure/Close.ts'
import {
  coordinates,
  guidance,
  interpolant,
  scores,
  type Coordinates,
  type Guidance,
  type Path,
  type Scores
} from '../interpolant.ts'
import type { Mutant, Vector } from '../Laws.ts'
import { along } from '../vectors.ts'
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

const someScores: Scores = {
  dataOfVelocity: (xt, v, t) => along(xt, v, -t),
  dataOfScore: (xt, score, t) => along(xt, score, t * t).map((x) => x / (1 - t)),
  scoreOfVelocity: (xt, v, t) => along(xt, v, 1 - t).map((x) => -x / t)
}

const ofScores = mutantsOf((one: Scores) => scores(one, f64), someScores)

export const scoresMutants: ReadonlyArray<Mutant> = [
  ofScores('data against the velocity', 'differences of data are −t differences of velocity', {
    dataOfVelocity: (xt, v, t) => along(xt, v, t)
  }),
  ofScores('a score of noise, not of density', 'differences of data are t²/(1 − t) differences of score', {
    dataOfScore: (xt, score, t) => along(xt, score, t).map((x) => x / (1 - t))
  }),
  ofScores('a score with the sign of the noise', 'the score is what Tweedie says', {
    scoreOfVelocity: (xt, v, t) => along(xt, v, 1 - t).map((x) => x / t)
  })
]

const someCoordinates: Coordinates = {
  sigmaOf: (t) => t / (1 - t),
  timeOfSigma: (sigma) => sigma / (1 + sigma),
  angleOf: (t) => Math.atan2(t, 1 - t),
  trigInputScale: (t) => Math.hypot(t, 1 - t),
  toEdm: (xt, t) => xt.map((x) => x / (1 - t)),
  toTrig: (xt, t) => xt.map((x) => x / Math.hypot(t, 1 - t))
}

const ofCoordinates = mutantsOf((one: Coordinates) => coordinates(one, f64), someCoordinates)

export const coordinatesMutants: ReadonlyArray<Mutant> = [
  ofCoordinates('a square for a deviation', 'σ is the odds of noise, and leads back', {
    sigmaOf: (t) => (t / (1 - t)) ** 2
  }),
  ofCoordinates('a point that is not scaled', 'the exploding path is data plus σ times noise', { toEdm: (xt) => xt }),
  ofCoordinates('an angle in proportion to time', 'the tangent of the angle is the odds of noise', {
    angleOf: (t) => (t * Math.PI) / 2
  }),
  ofCoordinates('a point that is scaled twice', 'the circular path has cosine and sine as its weights', {
    toTrig: (xt, t) => xt.map((x) => x / Math.hypot(t, 1 - t) ** 2)
  }),
  ofCoordinates('the scale the other way', 'the scale of inputs is the inverse of cosine plus sine', {
    trigInputScale: (t) => 1 / Math.hypot(t, 1 - t)
  })
]

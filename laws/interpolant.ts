/**
 * Laws of the straight path from data to noise, `x_t = (1 − t) x + t x₁` (`x` data, `x₁` noise), and of the conversions
 * between what a network may predict: the velocity `x₁ − x`, the data, the noise.
 */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import { between, vector } from './draw.ts'
import { closeNumbers, closeVectors, firstOf, from, law, type Laws, type Vector, type Verdict } from './Laws.ts'
import { along, minus, times, zip } from './vectors.ts'

const straight = from('Lipman et al. 2023 (arXiv 2210.02747) and Liu et al. 2023 (arXiv 2209.03003)')
const edm = from('Karras et al. 2022 (arXiv 2206.00364)')
const trig = from('Lu and Song 2025, TrigFlow (arXiv 2410.11081); NVlabs/rcm')
const distilled = from('Efron 2011, Tweedie’s formula; Yin et al. 2024 (arXiv 2311.18828)')
const guided = from('Ho and Salimans 2022 (arXiv 2207.12598)')

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

const ends = ({ interpolate, velocity }: Path, close: Close): Laws => ({
  'begins at data and ends at noise': law(straight('x_0 = x, x_1 = noise', 9), fc.tuple(points, points), ([x, noise]) =>
    firstOf([closeVectors(close, interpolate(x, noise, 0), x), closeVectors(close, interpolate(x, noise, 1), noise)])
  ),
  'is straight: every difference quotient is the velocity': law(
    straight('(x_t − x_r)/(t − r) = x_1 − x', 9),
    fc.tuple(points, points, between(0, 0.45), between(0.55, 1)),
    ([x, noise, r, t]) => {
      const chord = zip(interpolate(x, noise, t), interpolate(x, noise, r), (a, b) => (a - b) / (t - r))
      return closeVectors(close, chord, velocity(x, noise))
    }
  )
})

const conversions = (path: Path, close: Close): Laws => ({
  'the velocity leads back to both ends': law(
    straight('x_t − t (x_1 − x) = x, x_t + (1 − t)(x_1 − x) = x_1', 11),
    fc.tuple(points, points, inside),
    ([x, noise, t]) => {
      const xt = path.interpolate(x, noise, t)
      const v = path.velocity(x, noise)
      return firstOf([
        closeVectors(close, path.dataOfVelocity(xt, v, t), x),
        closeVectors(close, path.noiseOfVelocity(xt, v, t), noise)
      ])
    }
  ),
  'data to velocity to data is the identity': law(
    straight('x → v → x', 10),
    fc.tuple(points, points, inside),
    ([xt, x, t]) => closeVectors(close, path.dataOfVelocity(xt, path.velocityOfData(xt, x, t), t), x)
  ),
  'velocity to data to velocity is the identity': law(
    straight('v → x → v', 10),
    fc.tuple(points, points, inside),
    ([xt, v, t]) => closeVectors(close, path.velocityOfData(xt, path.dataOfVelocity(xt, v, t), t), v)
  ),
  'data to noise to data is the identity': law(
    straight('x → ε → x', 10),
    fc.tuple(points, points, inside),
    ([xt, x, t]) => closeVectors(close, path.dataOfNoise(xt, path.noiseOfData(xt, x, t), t), x)
  )
})

export const interpolant = (path: Path, close: Close): Laws => ({ ...ends(path, close), ...conversions(path, close) })

/** Classifier-free guidance: from the prediction without and the prediction with the condition, at a scale. */
export type Guidance = (negative: Vector, positive: Vector, scale: number) => Vector

export const guidance = (guide: Guidance, path: Path, close: Close): Laws => ({
  'scale 1 is the condition, scale 0 its absence': law(
    guided('g(n, p, 1) = p, g(n, p, 0) = n', 12),
    fc.tuple(points, points),
    ([negative, positive]) =>
      firstOf([
        closeVectors(close, guide(negative, positive, 1), positive),
        closeVectors(close, guide(negative, positive, 0), negative)
      ])
  ),
  'commutes with conversion of what is predicted': law(
    guided('data(g(n, p, ω)) = g(data(n), data(p), ω), and noise likewise', 12),
    fc.tuple(points, points, points, inside, between(0, 8)),
    ([xt, negative, positive, t, scale]) => {
      const commutes = (read: (xt: Vector, v: Vector, t: number) => Vector): Verdict => {
        const [n, p] = [read(xt, negative, t), read(xt, positive, t)]
        return closeVectors(close, read(xt, guide(negative, positive, scale), t), guide(n, p, scale))
      }
      return firstOf([commutes(path.dataOfVelocity), commutes(path.noiseOfVelocity)])
    }
  )
})

// scores ---------------------------------------------------------------------------------

/** What a score `∇ log p_t` says of the data, beside what a velocity says. */
export interface Scores {
  readonly dataOfVelocity: (xt: Vector, v: Vector, t: number) => Vector
  readonly dataOfScore: (xt: Vector, score: Vector, t: number) => Vector
  readonly scoreOfVelocity: (xt: Vector, v: Vector, t: number) => Vector
}

/** How differences of two models' predictions at one place are related: what score distillation is made of. */
export const scores = ({ dataOfVelocity, dataOfScore, scoreOfVelocity }: Scores, close: Close): Laws => ({
  'differences of data are −t differences of velocity': law(
    distilled('D_f − D_T = −t (v_f − v_T)', 35),
    fc.tuple(points, points, points, inside),
    ([xt, f, teacher, t]) =>
      closeVectors(close, minus(dataOfVelocity(xt, f, t), dataOfVelocity(xt, teacher, t)), times(-t, minus(f, teacher)))
  ),
  'differences of data are t²/(1 − t) differences of score': law(
    distilled('D_f − D_T = t²/(1 − t) (∇ log p_f − ∇ log p_T)', 35),
    fc.tuple(points, points, points, inside),
    ([xt, f, teacher, t]) =>
      closeVectors(
        close,
        minus(dataOfScore(xt, f, t), dataOfScore(xt, teacher, t)),
        times(t ** 2 / (1 - t), minus(f, teacher))
      )
  ),
  'the score is what Tweedie says': law(
    distilled('score = −(x_t + (1 − t) v)/t', 35, 43),
    fc.tuple(points, points, inside),
    ([xt, v, t]) => closeVectors(close, scoreOfVelocity(xt, v, t), times(-1 / t, along(xt, v, 1 - t)))
  )
})

// other coordinates ------------------------------------------------------------------------

/** The straight path as others write it: variance exploding, with `σ`, and on the circle, with an angle `θ`. */
export interface Coordinates {
  readonly sigmaOf: (t: number) => number
  readonly timeOfSigma: (sigma: number) => number
  readonly angleOf: (t: number) => number
  /** What takes a point of the circle to the straight path. */
  readonly trigInputScale: (t: number) => number
  readonly toEdm: (xt: Vector, t: number) => Vector
  readonly toTrig: (xt: Vector, t: number) => Vector
}

const sigmas = ({ sigmaOf, timeOfSigma, toEdm }: Coordinates, close: Close): Laws => ({
  'σ is the odds of noise, and leads back': law(edm('σ = t/(1 − t), t = σ/(1 + σ)', 8), inside, (t) =>
    firstOf([closeNumbers(close, sigmaOf(t), t / (1 - t)), closeNumbers(close, timeOfSigma(sigmaOf(t)), t)])
  ),
  'the exploding path is data plus σ times noise': law(
    edm('x_t/(1 − t) = x + σ ε', 8),
    fc.tuple(points, points, inside),
    ([x, noise, t]) =>
      closeVectors(
        close,
        toEdm(
          zip(x, noise, (a, b) => (1 - t) * a + t * b),
          t
        ),
        along(x, noise, t / (1 - t))
      )
  )
})

const angles = ({ angleOf, trigInputScale, toTrig }: Coordinates, close: Close): Laws => ({
  'the tangent of the angle is the odds of noise': law(trig('tan θ = t/(1 − t)', 8), inside, (t) =>
    closeNumbers(close, Math.tan(angleOf(t)), t / (1 - t))
  ),
  'the circular path has cosine and sine as its weights': law(
    trig('x_t/√((1 − t)² + t²) = cos θ x + sin θ ε, tan θ = t/(1 − t)', 8),
    fc.tuple(points, points, inside),
    ([x, noise, t]) => {
      const theta = Math.atan(t / (1 - t))
      const xt = zip(x, noise, (a, b) => (1 - t) * a + t * b)
      return closeVectors(
        close,
        toTrig(xt, t),
        zip(x, noise, (a, b) => Math.cos(theta) * a + Math.sin(theta) * b)
      )
    }
  ),
  'the scale of inputs is the inverse of cosine plus sine': law(trig('c_in = 1/(cos θ + sin θ)', 8), inside, (t) => {
    const theta = Math.atan(t / (1 - t))
    return closeNumbers(close, trigInputScale(t), 1 / (Math.cos(theta) + Math.sin(theta)))
  })
})

export const coordinates = (instance: Coordinates, close: Close): Laws => ({
  ...sigmas(instance, close),
  ...angles(instance, close)
})

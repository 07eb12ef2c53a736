/**
 * Laws of derivatives by differences along a path: of `f(y + a v, s + a)` by `a`, at 0. They are exact for what is
 * quadratic along the path, and the error for anything smooth falls with the step as the order says.
 */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import type { Expr } from '../src/core/Expr.ts'
import { add, fill, mul, sin } from '../src/ops/api.ts'
import { between, vector } from './draw.ts'
import { gaussianFlow } from './flowMap.ts'
import { closeVectors, firstOf, from, law, unless, type Laws, type Vector, type Verdict } from './Laws.ts'
import { largest, minus, times } from './vectors.ts'

const quotients = from('Nie et al. 2026 (arXiv 2601.09881), App. A.2')

// model ----------------------------------------------------------------------------------

/** A function of a state `[1, n]` and a time `[1]`, as a graph. */
export type Along = (y: Expr<'f32'>, s: Expr<'f32'>) => Expr<'f32'>

/** How far ahead and behind the function is asked; one of them may be 0. */
export interface Sides {
  readonly ahead: number
  readonly behind: number
}

/** The derivative of `f` along `(v, 1)` at `(y, s)`. */
export type Difference = (f: Along) => (y: Vector, v: Vector, s: number, sides: Sides) => Vector

// functions with known derivatives -----------------------------------------------------------

type Weights = readonly [a: number, b: number, c: number, d: number]

/** `a y² + b s y + c s² + d y`, element by element. */
const quadratic =
  ([a, b, c, d]: Weights): Along =>
  (y, s) => {
    const k = (x: number): Expr<'f32'> => fill(x, [])
    const inY = add(mul(k(a), mul(y, y)), mul(k(d), y))
    return add(inY, add(mul(k(b), mul(s, y)), mul(k(c), mul(s, s))))
  }

const quadraticRate = ([a, b, c, d]: Weights, y: Vector, v: Vector, s: number): Vector =>
  y.map((x, i) => 2 * a * x * (v[i] ?? NaN) + b * (x + s * (v[i] ?? NaN)) + 2 * c * s + d * (v[i] ?? NaN))

const wave: Along = (y, s) => sin(add(mul(fill(2, []), y), mul(fill(3, []), s)))

const waveRate = (y: Vector, v: Vector, s: number): Vector =>
  y.map((x, i) => (2 * (v[i] ?? NaN) + 3) * Math.cos(2 * x + 3 * s))

// laws -----------------------------------------------------------------------------------

const delta = 0.005
const points = vector(3)
const inside = between(0.1, 0.9)
const weights: fc.Arbitrary<Weights> = fc.tuple(between(-2, 2), between(-2, 2), between(-2, 2), between(-2, 2))

/** Roundoff is divided by the step. */
const divided = (close: Close): Close => ({ ...close, absolute: close.absolute / delta })

/** The error, and that of half the step: their ratio is 2 to the order, where there is an error to speak of. */
const falls = (error: (step: number) => number, order: number): Verdict => {
  const [whole, half] = [error(delta), error(delta / 2)]
  return unless(
    whole < 1e-7 || Math.abs(Math.log2(whole / half) - order) < 0.25,
    () => `the error ${whole} falls to ${half} with half the step`
  )
}

const exactness = (difference: Difference, close: Close): Laws => ({
  'is nothing where the function is constant': law(
    quotients('u ≡ y_1 − y ⇒ du/ds = 0', 21),
    fc.tuple(points, points, inside),
    ([y, v, s]) =>
      firstOf(
        [0, delta].map((behind) =>
          closeVectors(
            close,
            difference((x) => mul(x, fill(0, x.shape)))(y, v, s, { ahead: delta, behind }),
            times(0, y)
          )
        )
      )
  ),
  'from both sides is exact for a quadratic': law(
    quotients('(f(+δ) − f(−δ))/2δ = f′ for f quadratic along the path', 22),
    fc.tuple(points, points, inside, weights),
    ([y, v, s, w]) =>
      closeVectors(
        divided(close),
        difference(quadratic(w))(y, v, s, { ahead: delta, behind: delta }),
        quadraticRate(w, y, v, s)
      )
  )
})

const orders = (difference: Difference): Laws => ({
  'from both sides is of order two': law(
    quotients('|(f(+δ) − f(−δ))/2δ − f′| = O(δ²)', 22),
    fc.tuple(points, points, inside),
    ([y, v, s]) =>
      falls((h) => largest(minus(difference(wave)(y, v, s, { ahead: h, behind: h }), waveRate(y, v, s))), 2)
  ),
  'from one side is of order one': law(
    quotients('|(f(+δ) − f(0))/δ − f′| = O(δ), and behind likewise', 22),
    fc.tuple(vector(1, 0.2, 0.5), vector(1, 0.5, 1), between(0.1, 0.2), fc.boolean()),
    ([y, v, s, forward]) => {
      const sides = (h: number): Sides => (forward ? { ahead: h, behind: 0 } : { ahead: 0, behind: h })
      return falls((h) => largest(minus(difference(wave)(y, v, s, sides(h)), waveRate(y, v, s))), 1)
    }
  )
})

/** The average velocity of a Gaussian flow to a fixed end, as a graph, is what the suite is given beside the quotient. */
export interface GaussianAverage {
  readonly mean: number
  readonly deviation: number
  /** `u(·, ·, r)` of data `N(mean, deviation²)`. */
  readonly average: (r: number) => Along
}

const onGaussian = (difference: Difference, { mean, deviation, average }: GaussianAverage): Laws => ({
  'of the average velocity of a Gaussian flow is of order two': law(
    quotients('|du/ds by differences − (v − u)/(s − r)| = O(δ²), δ = .005', 50),
    fc.tuple(points, between(0.5, 0.9), between(0.05, 0.3)),
    ([y, s, r]) => {
      const flow = gaussianFlow(mean, deviation)
      const [u, v] = [flow.average(y, s, r), flow.velocity(y, s)]
      const exact = times(1 / (s - r), minus(v, u))
      const error = (h: number): number =>
        largest(minus(difference(average(r))(y, v, s, { ahead: h, behind: h }), exact))
      return firstOf([unless(error(delta) < 1e-3, () => `the error is ${error(delta)}`), falls(error, 2)])
    }
  )
})

/** Laws of derivatives by differences. */
export const difference = (instance: Difference, gaussian: GaussianAverage, close: Close): Laws => ({
  ...exactness(instance, close),
  ...orders(instance),
  ...onGaussian(instance, gaussian)
})

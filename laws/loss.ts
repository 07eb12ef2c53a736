/** Laws of losses, over plain vectors: one sample is one vector. */
import * as fc from 'fast-check'
import { exact, type Close } from '../src/core/Close.ts'
import { between, vector } from './draw.ts'
import { closeNumbers, closeVectors, firstOf, law, unless, type Laws, type Vector } from './Laws.ts'

const dimensions = 3
const points = vector(dimensions)

const moved = (x: Vector, i: number, by: number): Vector => x.map((xi, k) => (k === i ? xi + by : xi))

/** The gradient by central differences. */
const gradientOf = (f: (x: Vector) => number, x: Vector): Vector =>
  x.map((_, i) => (f(moved(x, i, 1e-5)) - f(moved(x, i, -1e-5))) / 2e-5)

const differentiated: Close = { absolute: 1e-6, relative: 1e-6 }

const squared = (a: Vector, b: Vector): number => a.reduce((sum, x, i) => sum + (x - (b[i] ?? NaN)) ** 2, 0)

// regression -----------------------------------------------------------------------------

/** A loss of a prediction against a target, and its gradient with respect to the prediction. */
export interface Regression {
  readonly value: (prediction: Vector, target: Vector) => number
  readonly gradient: (prediction: Vector, target: Vector) => Vector
}

export const regression = ({ value, gradient }: Regression): Laws => ({
  'is zero at the target, and nowhere negative': law(fc.tuple(points, points), ([x, y]) =>
    firstOf([
      unless(value(y, y) === 0, () => `${value(y, y)} at the target`),
      unless(value(x, y) >= 0, () => `${value(x, y)} is negative`)
    ])
  ),
  'its gradient is its derivative': law(fc.tuple(points, points), ([x, y]) =>
    closeVectors(
      differentiated,
      gradient(x, y),
      gradientOf((p) => value(p, y), x)
    )
  )
})

/** The adaptive loss `e / (stopGradient(e) + c)`, `e` the squared error of one sample: its value is flat, not its gradient. */
export const adaptive = ({ value, gradient }: Regression, c: number, close: Close): Laws => ({
  'is e/(e + c), below 1': law(fc.tuple(points, points), ([x, y]) => {
    const e = squared(x, y)
    return firstOf([
      closeNumbers(close, value(x, y), e / (e + c)),
      unless(value(x, y) < 1, () => `${value(x, y)} is not below 1`)
    ])
  }),
  'has the gradient 2(u − û)/(e + c)': law(fc.tuple(points, points), ([x, y]) => {
    const e = squared(x, y)
    return closeVectors(
      close,
      gradient(x, y),
      x.map((xi, i) => (2 * (xi - (y[i] ?? NaN))) / (e + c))
    )
  })
})

// distribution matching --------------------------------------------------------------------

/** The gradient that moves a sample by the difference of two denoisers of it. */
export type Matching = (sample: Vector, fake: Vector, teacher: Vector) => Vector

const scaled = (x: Vector, k: number): Vector => x.map((xi) => k * xi)

/** The form normalised by the sample's distance from the teacher. */
export const matching = (gradient: Matching, close: Close): Laws => ({
  'is zero where the denoisers agree': law(fc.tuple(points, points), ([x, d]) =>
    closeVectors(
      exact,
      gradient(x, d, d),
      d.map(() => 0)
    )
  ),
  'leads the sample from the fake toward the teacher': law(fc.tuple(points, points, points), ([x, fake, teacher]) => {
    const g = gradient(x, fake, teacher)
    return unless(
      g.every((gi, i) => Math.sign(gi) === Math.sign((fake[i] ?? 0) - (teacher[i] ?? 0))),
      () => `the gradient is ${g}`
    )
  }),
  'does not change with the unit of measurement': law(
    fc.tuple(points, points, points, between(0.5, 4)),
    ([x, fake, teacher, k]) =>
      unless(squared(x, teacher) < 1e-2, () => '') === undefined
        ? undefined
        : closeVectors(close, gradient(scaled(x, k), scaled(fake, k), scaled(teacher, k)), gradient(x, fake, teacher))
  )
})

// adversarial ----------------------------------------------------------------------------

/** Losses of logits, non-saturating: a generator's, and a discriminator's. */
export interface Adversarial {
  readonly generator: (fake: Vector) => number
  readonly discriminator: (fake: Vector, real: Vector) => number
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

export const adversarial = ({ generator, discriminator }: Adversarial, close: Close): Laws => ({
  'without an opinion the losses are ln 2 and 2 ln 2': law(fc.constant([0, 0, 0]), (zero) =>
    firstOf([
      closeNumbers(close, generator(zero), Math.LN2),
      closeNumbers(close, discriminator(zero, zero), 2 * Math.LN2)
    ])
  ),
  'the generator has the gradient −σ(−l)/n': law(points, (l) =>
    closeVectors(
      differentiated,
      gradientOf(generator, l),
      l.map((li) => -sigmoid(-li) / dimensions)
    )
  ),
  'the discriminator gains by telling real from fake': law(fc.tuple(points, between(0.01, 2)), ([l, d]) =>
    firstOf([
      unless(
        discriminator(
          l,
          scaled(l, 1).map((x) => x + d)
        ) < discriminator(l, l),
        () => 'a real logit rose in vain'
      ),
      unless(
        discriminator(
          l.map((x) => x - d),
          l
        ) < discriminator(l, l),
        () => 'a fake logit fell in vain'
      )
    ])
  )
})

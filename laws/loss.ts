/** Laws of losses, over plain vectors: one sample is one vector. */
import * as fc from 'fast-check'
import { exact, type Close } from '../src/measure/Close.ts'
import { between, vector } from './draw.ts'
import { closeNumbers, closeVectors, firstOf, from, law, unless, type Laws, type Vector } from './Laws.ts'
import { along, largest, mean, minus, squared, times, total } from './vectors.ts'

const regressing = from('a loss of a prediction: zero where it is right')
const adaptively = from('Geng et al. 2025 (arXiv 2505.13447), §4.3')
const matched = from('Yin et al. 2024, DMD2 (arXiv 2405.14867)')
const asPrinted = from('Nie et al. 2026 (arXiv 2601.09881), App. A.3')
const fakeScore = from('Yin et al. 2024, DMD2 (arXiv 2405.14867): the loss of the fake score')
const game = from('Goodfellow et al. 2014 (arXiv 1406.2661), the non-saturating game')

const dimensions = 3
const points = vector(dimensions)

const moved = (x: Vector, i: number, by: number): Vector => x.map((xi, k) => (k === i ? xi + by : xi))

/** The gradient by central differences. */
const gradientOf = (f: (x: Vector) => number, x: Vector): Vector =>
  x.map((_, i) => (f(moved(x, i, 1e-5)) - f(moved(x, i, -1e-5))) / 2e-5)

const differentiated: Close = { absolute: 1e-6, relative: 1e-6 }

// regression -----------------------------------------------------------------------------

/** A loss of a prediction against a target, and its gradient with respect to the prediction. */
export interface Loss {
  readonly value: (prediction: Vector, target: Vector) => number
  readonly gradient: (prediction: Vector, target: Vector) => Vector
}

export const loss = ({ value, gradient }: Loss): Laws => ({
  'is zero at the target, and nowhere negative': law(
    regressing('L(y, y) = 0, L(x, y) ≥ 0'),
    fc.tuple(points, points),
    ([x, y]) =>
      firstOf([
        unless(value(y, y) === 0, () => `${value(y, y)} at the target`),
        unless(value(x, y) >= 0, () => `${value(x, y)} is negative`)
      ])
  ),
  'its gradient is its derivative': law(regressing('∇L = ∂L/∂x'), fc.tuple(points, points), ([x, y]) =>
    closeVectors(
      differentiated,
      gradient(x, y),
      gradientOf((p) => value(p, y), x)
    )
  )
})

/** A family of losses, one for each normaliser `c > 0`. */
export type Adaptive = (c: number) => Loss

const normalisers = between(0.1, 4)

/** The adaptive loss `e / (stopGradient(e) + c)`, `e` the squared error of one sample: its value is flat, not its gradient. */
export const adaptive = (family: Adaptive, close: Close): Laws => ({
  'is e/(e + c), below 1': law(
    adaptively('L = e/(e + c) ∈ [0, 1)', 37),
    fc.tuple(points, points, normalisers),
    ([x, y, c]) => {
      const value = family(c).value(x, y)
      return firstOf([
        closeNumbers(close, value, squared(x, y) / (squared(x, y) + c)),
        unless(value >= 0 && value < 1, () => `${value} is not in [0, 1)`)
      ])
    }
  ),
  'has the gradient 2(u − û)/(e + c)': law(
    adaptively('∇L = 2(u − û)/(e + c)', 37),
    fc.tuple(points, points, normalisers),
    ([x, y, c]) => closeVectors(close, family(c).gradient(x, y), times(2 / (squared(x, y) + c), minus(x, y)))
  ),
  'with a large normaliser is the squared error, scaled': law(
    adaptively('c L → e as c → ∞', 37),
    fc.tuple(points, points),
    ([x, y]) => closeNumbers({ absolute: 1e-3, relative: 0 }, 1e6 * family(1e6).value(x, y), squared(x, y))
  )
})

// distribution matching --------------------------------------------------------------------

/** The gradient that moves a sample by the difference of two denoisers of it. */
export type Matching = (sample: Vector, fake: Vector, teacher: Vector) => Vector

/** The form normalised by the sample's distance from the teacher. */
export const matching = (gradient: Matching, close: Close): Laws => ({
  'is zero where the denoisers agree': law(matched('g = 0 where D_f = D_T', 34), fc.tuple(points, points), ([x, d]) =>
    closeVectors(
      exact,
      gradient(x, d, d),
      d.map(() => 0)
    )
  ),
  'leads the sample from the fake toward the teacher': law(
    matched('sign(g) = sign(D_f − D_T)'),
    fc.tuple(points, points, points),
    ([x, fake, teacher]) => {
      const g = gradient(x, fake, teacher)
      return unless(
        g.every((gi, i) => Math.sign(gi) === Math.sign((fake[i] ?? 0) - (teacher[i] ?? 0))),
        () => `the gradient is ${g}`
      )
    }
  ),
  'does not change with the unit of measurement': law(
    matched('g(k x̂, k D_f, k D_T) = g(x̂, D_f, D_T)', 34),
    fc.tuple(points, points, points, between(0.5, 4)),
    ([x, fake, teacher, k]) =>
      unless(squared(x, teacher) < 1e-2, () => '') === undefined
        ? undefined
        : closeVectors(close, gradient(times(k, x), times(k, fake), times(k, teacher)), gradient(x, fake, teacher))
  )
})

// score distillation -----------------------------------------------------------------------

/** A loss whose gradient at a sample is a direction, held constant; and what it gives to the denoisers. */
export interface Distillation {
  /** What the sample is moved against, and its value. */
  readonly direction: Matching
  readonly gradient: (sample: Vector, fake: Vector, teacher: Vector) => DistillationGradient
}

export interface DistillationGradient {
  readonly sample: Vector
  readonly fake: Vector
  readonly teacher: Vector
}

const triples = fc.tuple(points, points, points)

/** `share` is what the gradient at one sample is of the direction: `1/d` where the loss is a mean over elements. */
export const distillation = ({ direction, gradient }: Distillation, share: number, close: Close): Laws => ({
  'pulls at the sample along the direction': law(matched('∂L/∂x̂ = g/(B d)', 34), triples, ([x, fake, teacher]) =>
    closeVectors(close, gradient(x, fake, teacher).sample, times(share, direction(x, fake, teacher)))
  ),
  'gives nothing to fake score and teacher': law(
    matched('∂L/∂D_f = ∂L/∂D_T = 0', 34),
    triples,
    ([x, fake, teacher]) => {
      const found = gradient(x, fake, teacher)
      return closeVectors(exact, [...found.fake, ...found.teacher], times(0, [...fake, ...teacher]))
    }
  ),
  'turns round where fake score and teacher change places': law(
    matched('g(x̂, D_T, D_f) = −k g(x̂, D_f, D_T), k > 0', 36),
    triples,
    ([x, fake, teacher]) => {
      const [forth, back] = [direction(x, fake, teacher), direction(x, teacher, fake)]
      const k = largest(back) / largest(forth)
      return largest(forth) === 0 ? undefined : closeVectors(close, times(1 / k, back), times(-1, forth))
    }
  )
})

/** Not nearly equal in any element, so that a division by the distance is one. */
const apart = triples.filter(([, fake, teacher]) => largest(minus(fake, teacher)) > 1e-2)

/** The form that is printed: divided by the sum of `|D_f − D_T|`, of one length however close to convergence. */
export const printedMatching = (gradient: Matching, close: Close): Laws => ({
  'has length 1': law(asPrinted('‖g‖_1 = 1 for every sample', 34), apart, ([x, fake, teacher]) =>
    closeNumbers(close, total(gradient(x, fake, teacher).map(Math.abs)), 1)
  ),
  'does not change with the size of the difference alone': law(
    asPrinted('g(x̂, D_T + k (D_f − D_T), D_T) = g(x̂, D_f, D_T)', 34),
    fc.tuple(apart, between(0.5, 4)),
    ([[x, fake, teacher], k]) =>
      closeVectors(close, gradient(x, along(teacher, minus(fake, teacher), k), teacher), gradient(x, fake, teacher))
  ),
  'is antisymmetric in fake score and teacher': law(
    asPrinted('g(x̂, D_T, D_f) = −g(x̂, D_f, D_T)', 36),
    apart,
    ([x, fake, teacher]) => closeVectors(close, gradient(x, teacher, fake), times(-1, gradient(x, fake, teacher)))
  )
})

// spaces ---------------------------------------------------------------------------------

/** The error of one sample whose velocity is predicted at `x_t = (1 − t) x + t ε`: among data, and among velocities. */
export interface Spaces {
  readonly data: (v: Vector, x: Vector, noise: Vector, t: number) => number
  readonly velocity: (v: Vector, x: Vector, noise: Vector, t: number) => number
}

export const spaces = ({ data, velocity }: Spaces, close: Close): Laws => ({
  'the error among data is t² that among velocities': law(
    fakeScore('‖x_t − t v − x‖² = t² ‖v − (ε − x)‖²', 39),
    fc.tuple(points, points, points, between(0.02, 1)),
    ([v, x, noise, t]) => closeNumbers(close, data(v, x, noise, t), t ** 2 * velocity(v, x, noise, t))
  ),
  'the error among velocities is that of the path': law(
    fakeScore('L = mean (v − (ε − x))²', 39),
    fc.tuple(points, points, points, between(0.02, 1)),
    ([v, x, noise, t]) => closeNumbers(close, velocity(v, x, noise, t), squared(v, minus(noise, x)) / x.length)
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
  'the two sides of one logit differ by the logit': law(
    game('softplus(−l) − softplus(l) = −l, so D(l, l) − 2 G(l) = mean l', 38),
    points,
    (l) => closeNumbers(close, discriminator(l, l) - 2 * generator(l), mean(l))
  ),
  'without an opinion the losses are ln 2 and 2 ln 2': law(
    game('G(0) = ln 2, D(0, 0) = 2 ln 2', 38),
    fc.constant([0, 0, 0]),
    (zero) =>
      firstOf([
        closeNumbers(close, generator(zero), Math.LN2),
        closeNumbers(close, discriminator(zero, zero), 2 * Math.LN2)
      ])
  ),
  'the generator has the gradient −σ(−l)/n': law(game('∂G/∂l = −σ(−l)/n', 38), points, (l) =>
    closeVectors(
      differentiated,
      gradientOf(generator, l),
      l.map((li) => -sigmoid(-li) / dimensions)
    )
  ),
  'the discriminator gains by telling real from fake': law(
    game('D falls as l_real rises, and as l_fake falls'),
    fc.tuple(points, between(0.01, 2)),
    ([l, d]) =>
      firstOf([
        unless(
          discriminator(
            l,
            l.map((x) => x + d)
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

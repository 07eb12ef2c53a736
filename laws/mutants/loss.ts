/** Losses whose values or gradients are not what they claim. */
import { f64 } from '../../src/core/Close.ts'
import type { Mutant, Vector } from '../Laws.ts'
import {
  adaptive,
  adversarial,
  matching,
  regression,
  type Adversarial,
  type Matching,
  type Regression
} from '../loss.ts'
import { mutantsOf } from './mutant.ts'

const zip = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector => a.map((x, i) => f(x, b[i] ?? NaN))
const total = (xs: Vector): number => xs.reduce((sum, x) => sum + x, 0)
const squared = (a: Vector, b: Vector): number => total(zip(a, b, (x, y) => (x - y) ** 2))

/** The squared error of a sample. */
export const squaredError: Regression = {
  value: squared,
  gradient: (x, y) => zip(x, y, (a, b) => 2 * (a - b))
}

const ofRegression = mutantsOf<Regression>(regression, squaredError)

export const regressionMutants: ReadonlyArray<Mutant> = [
  ofRegression('a signed error', 'is zero at the target, and nowhere negative', {
    value: (x, y) => total(zip(x, y, (a, b) => a - b))
  }),
  ofRegression('a gradient without its factor', 'its gradient is its derivative', {
    gradient: (x, y) => zip(x, y, (a, b) => a - b)
  })
]

const c = 0.5

/** The adaptive loss over plain vectors: the weight is held constant. */
export const adaptiveError: Regression = {
  value: (x, y) => squared(x, y) / (squared(x, y) + c),
  gradient: (x, y) => zip(x, y, (a, b) => (2 * (a - b)) / (squared(x, y) + c))
}

const ofAdaptive = mutantsOf((loss: Regression) => adaptive(loss, c, f64), adaptiveError)

export const adaptiveMutants: ReadonlyArray<Mutant> = [
  ofAdaptive('the mean in place of the sum', 'is e/(e + c), below 1', {
    value: (x, y) => squared(x, y) / 3 / (squared(x, y) / 3 + c)
  }),
  ofAdaptive('a weight that is differentiated', 'has the gradient 2(u − û)/(e + c)', {
    gradient: (x, y) => zip(x, y, (a, b) => (2 * c * (a - b)) / (squared(x, y) + c) ** 2)
  })
]

/** The normalised difference of two denoisers. */
export const normalisedDifference: Matching = (x, fake, teacher) => {
  const weight = total(zip(x, teacher, (a, b) => Math.abs(a - b))) / x.length
  return zip(fake, teacher, (f, t) => (f - t) / weight)
}

const ofMatching = (name: string, brokenLaw: string, wrong: Matching): Mutant => ({
  name,
  brokenLaw,
  laws: matching(wrong, f64)
})

export const matchingMutants: ReadonlyArray<Mutant> = [
  ofMatching('a difference from the sample', 'is zero where the denoisers agree', (x, _, teacher) =>
    zip(x, teacher, (a, b) => a - b)
  ),
  ofMatching('teacher and fake exchanged', 'leads the sample from the fake toward the teacher', (x, fake, teacher) =>
    normalisedDifference(x, teacher, fake)
  ),
  ofMatching('a difference without its weight', 'does not change with the unit of measurement', (_, fake, teacher) =>
    zip(fake, teacher, (f, t) => f - t)
  )
]

const softplus = (x: number): number => Math.log1p(Math.exp(x))
const mean = (xs: Vector): number => total(xs) / xs.length

/** The non-saturating losses over plain logits. */
export const nonSaturating: Adversarial = {
  generator: (fake) => mean(fake.map((l) => softplus(-l))),
  discriminator: (fake, real) => mean(fake.map(softplus)) + mean(real.map((l) => softplus(-l)))
}

const ofAdversarial = mutantsOf((losses: Adversarial) => adversarial(losses, f64), nonSaturating)

export const adversarialMutants: ReadonlyArray<Mutant> = [
  ofAdversarial('logits summed, not averaged', 'without an opinion the losses are ln 2 and 2 ln 2', {
    generator: (fake) => total(fake.map((l) => softplus(-l)))
  }),
  ofAdversarial('the saturating loss', 'the generator has the gradient −σ(−l)/n', {
    generator: (fake) => -mean(fake.map(softplus))
  }),
  ofAdversarial('real and fake exchanged', 'the discriminator gains by telling real from fake', {
    discriminator: (fake, real) => nonSaturating.discriminator(real, fake)
  })
]

/** Losses whose values or gradients are not what they claim. */
import { f64 } from '../../src/measure/Close.ts'
import { distillation as distillationOf, spaces as spacesOf } from '../instances.ts'
import type { Mutant } from '../Laws.ts'
import {
  adaptive,
  adversarial,
  distillation,
  loss,
  matching,
  printedMatching,
  spaces,
  type Adaptive,
  type Adversarial,
  type Distillation,
  type Loss,
  type Matching,
  type Spaces
} from '../loss.ts'
import { mean, squared, times, total, zip } from '../vectors.ts'
import { mutantsOf } from './mutant.ts'

/** The squared error of a sample. */
export const squaredError: Loss = {
  value: squared,
  gradient: (x, y) => zip(x, y, (a, b) => 2 * (a - b))
}

const ofLoss = mutantsOf<Loss>(loss, squaredError)

export const lossMutants: ReadonlyArray<Mutant> = [
  ofLoss('a signed error', 'is zero at the target, and nowhere negative', {
    value: (x, y) => total(zip(x, y, (a, b) => a - b))
  }),
  ofLoss('a gradient without its factor', 'its gradient is its derivative', {
    gradient: (x, y) => zip(x, y, (a, b) => a - b)
  })
]

/** The adaptive loss over plain vectors: the weight is held constant. */
export const adaptiveError: Adaptive = (c) => ({
  value: (x, y) => squared(x, y) / (squared(x, y) + c),
  gradient: (x, y) => zip(x, y, (a, b) => (2 * (a - b)) / (squared(x, y) + c))
})

const ofAdaptive = (name: string, brokenLaw: string, wrong: (c: number) => Partial<Loss>): Mutant => ({
  name,
  brokenLaw,
  laws: adaptive((c) => ({ ...adaptiveError(c), ...wrong(c) }), f64)
})

export const adaptiveMutants: ReadonlyArray<Mutant> = [
  ofAdaptive('the mean in place of the sum', 'is e/(e + c), below 1', (c) => ({
    value: (x, y) => squared(x, y) / 3 / (squared(x, y) / 3 + c)
  })),
  ofAdaptive('a weight that is differentiated', 'has the gradient 2(u − û)/(e + c)', (c) => ({
    gradient: (x, y) => zip(x, y, (a, b) => (2 * c * (a - b)) / (squared(x, y) + c) ** 2)
  })),
  ofAdaptive('a normaliser that is rooted', 'with a large normaliser is the squared error, scaled', (c) => ({
    value: (x, y) => squared(x, y) / (squared(x, y) + Math.sqrt(c))
  }))
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

const ofDistillation = mutantsOf((one: Distillation) => distillation(one, 1 / 3, f64), distillationOf)

export const distillationMutants: ReadonlyArray<Mutant> = [
  ofDistillation('a loss that is summed, not averaged', 'pulls at the sample along the direction', {
    gradient: (...xs) => ({ ...distillationOf.gradient(...xs), sample: distillationOf.direction(...xs) })
  }),
  ofDistillation('a teacher that learns', 'gives nothing to fake score and teacher', {
    gradient: (...xs) => ({ ...distillationOf.gradient(...xs), teacher: distillationOf.direction(...xs) })
  }),
  ofDistillation('a pull that is positive', 'turns round where fake score and teacher change places', {
    direction: (...xs) => distillationOf.direction(...xs).map(Math.abs)
  })
]

const ofPrinted = (name: string, brokenLaw: string, wrong: Matching): Mutant => ({
  name,
  brokenLaw,
  laws: printedMatching(wrong, f64)
})

const difference: Matching = (_, fake, teacher) => zip(fake, teacher, (f, t) => f - t)

export const printedMatchingMutants: ReadonlyArray<Mutant> = [
  ofPrinted('the Euclidean norm', 'has length 1', (x, fake, teacher) => {
    const norm = Math.sqrt(squared(fake, teacher))
    return difference(x, fake, teacher).map((g) => g / norm)
  }),
  ofPrinted('the default form', 'does not change with the size of the difference alone', normalisedDifference),
  ofPrinted('the default form', 'is antisymmetric in fake score and teacher', normalisedDifference)
]

const ofSpaces = mutantsOf((one: Spaces) => spaces(one, f64), spacesOf)

export const spacesMutants: ReadonlyArray<Mutant> = [
  ofSpaces('data with the sign of the velocity turned', 'the error among data is t² that among velocities', {
    data: (v, x, noise, t) => spacesOf.data(times(-1, v), x, noise, t)
  }),
  ofSpaces('a velocity toward data', 'the error among velocities is that of the path', {
    velocity: (v, x, noise, t) => spacesOf.velocity(v, noise, x, t)
  })
]

const softplus = (x: number): number => Math.log1p(Math.exp(x))

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
  ofAdversarial('a generator that wants to look generated', 'the two sides of one logit differ by the logit', {
    generator: (fake) => mean(fake.map(softplus))
  }),
  ofAdversarial('the saturating loss', 'the generator has the gradient −σ(−l)/n', {
    generator: (fake) => -mean(fake.map(softplus))
  }),
  ofAdversarial('real and fake exchanged', 'the discriminator gains by telling real from fake', {
    discriminator: (fake, real) => nonSaturating.discriminator(real, fake)
  })
]

/** Closed forms with a term, a power or a dimension forgotten. */
import { f64 } from '../../src/measure/Close.ts'
import {
  closedForm,
  distillationDirection,
  mixtureForm,
  type ClosedForm,
  type MixtureForm,
  type Normal,
  type Pull
} from '../gaussian.ts'
import * as own from '../instances.ts'
import type { Mutant } from '../Laws.ts'
import { plus, times } from '../vectors.ts'
import { flowMapErrors } from './flowMap.ts'
import { mutantsOf } from './mutant.ts'

const ofClosed = mutantsOf((form: ClosedForm) => closedForm(form, f64), own.closedForm)

export const closedFormMutants: ReadonlyArray<Mutant> = [
  ofClosed('a deviation for a variance', 'the posterior mean and variance are those of the posterior', {
    posteriorVariance: (law, xt, t) => Math.sqrt(own.closedForm.posteriorVariance(law, xt, t))
  }),
  ofClosed('a velocity toward data', 'the velocity is what leads to the posterior mean', {
    velocity: (law, xt, t) => -own.closedForm.velocity(law, xt, t)
  }),
  ofClosed('a score of the data, not of what is seen', 'the score is the slope of the logarithm of the density', {
    score: (law, xt) => own.closedForm.score(law, xt, 0.01)
  }),
  ofClosed('a map to a later time', 'the flow map keeps how many deviations a point is from the mean', {
    flow: (law) => ({ ...own.gaussianMap(law), map: (y, s, r) => own.gaussianMap(law).map(y, s, (s + r) / 2) })
  }),
  ofClosed('the velocity for the average', 'the average velocity is the way by the time', {
    flow: (law) => ({ ...own.gaussianMap(law), average: own.gaussianMap(law).velocity })
  }),
  ofClosed('a target as wide as the data', 'a target from its posterior leads to data from theirs', {
    inner: (law, xt, t) => ({ ...own.closedForm.inner(law, xt, t), deviation: law.deviation })
  }),
  ...flowMapErrors<Normal>(own.gaussianMap).map(({ name, brokenLaw, flow }) =>
    ofClosed(name, brokenLaw, { flow: (law) => ({ ...own.gaussianMap(law), ...flow(law) }) })
  )
]

const ofMixture = mutantsOf((form: MixtureForm) => mixtureForm(form, f64), own.mixtureForm)

export const mixtureFormMutants: ReadonlyArray<Mutant> = [
  ofMixture('responsibilities of the weights alone', 'responsibilities are the posterior weights of the components', {
    responsibilities: (law) => law.map(({ weight }) => weight / law.reduce((sum, one) => sum + one.weight, 0))
  }),
  ofMixture('a mean of the first component', 'the posterior mean is that of the posterior', {
    posteriorMean: (law, xt, t) => own.mixtureForm.posteriorMean(law.slice(0, 1), xt, t)
  }),
  ofMixture('a velocity toward data', 'the velocity leads to the posterior mean', {
    velocity: (law, xt, t) => times(-1, own.mixtureForm.velocity(law, xt, t))
  }),
  ofMixture('a score in units of noise', 'the score is what Tweedie says of the posterior mean', {
    score: (law, xt, t) => times(t, own.mixtureForm.score(law, xt, t))
  }),
  ofMixture(
    'an inner velocity that does not look at the inner state',
    'the inner velocity is that of the posterior given both views',
    {
      innerVelocity: (law, xt, t, ys, s) => times(1 / s, plus(ys, times(-1, own.mixtureForm.velocity(law, xt, t))))
    }
  )
]

const ofPull = (name: string, brokenLaw: string, wrong: Pull): Mutant => ({
  name,
  brokenLaw,
  laws: distillationDirection(wrong, f64)
})

export const distillationDirectionMutants: ReadonlyArray<Mutant> = [
  ofPull(
    'a difference of scores',
    'the difference of the denoisers is the distance of the means',
    (laws, xt, t) => own.closedForm.score(laws.fake, xt, t) - own.closedForm.score(laws.teacher, xt, t)
  ),
  ofPull(
    'teacher and fake exchanged',
    'descent brings the mean of the samples to the teacher’s',
    (laws, xt, t) => -own.pull(laws, xt, t)
  )
]

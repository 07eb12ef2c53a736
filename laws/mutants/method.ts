/** Costs, trajectories, differences, inner flows and outer steps with the errors that print and code invite. */
import { f64 } from '../../src/measure/Close.ts'
import { cost, type Cost } from '../cost.ts'
import { curvature, type Curvature } from '../curvature.ts'
import { difference, type Difference } from '../difference.ts'
import { innerFlow, printedForm, type InnerFlow, type PrintedForm } from '../innerFlow.ts'
import * as own from '../instances.ts'
import type { Mutant } from '../Laws.ts'
import { meanFlow, type MeanFlow, type MeanFlowCase, type MeanFlowParts } from '../meanFlow.ts'
import { sub } from '../../src/ops/api.ts'
import { transition, type OuterSteps } from '../transition.ts'
import { along, minus, plus, times, toward } from '../vectors.ts'
import { mutantsOf } from './mutant.ts'

// cost -----------------------------------------------------------------------------------

const ofCost = (name: string, brokenLaw: string, wrong: Cost): Mutant => ({ name, brokenLaw, laws: cost(wrong, f64) })

export const costMutants: ReadonlyArray<Mutant> = [
  ofCost(
    'a head that is counted beside the whole network',
    'with one inner step it is the number of outer steps',
    (at) => at.outerSteps * (1 + (at.innerSteps * at.headBlocks) / at.blocks)
  ),
  ofCost('a head that is free', 'a head that is the whole network costs all inner steps', (at) => at.outerSteps),
  ofCost('blocks of the backbone that count twice', 'it is the blocks that run, of those there are', (at) => {
    const { outerSteps: m, innerSteps: n, headBlocks: h, blocks: l } = at
    return (m * (2 * (l - h) + n * h)) / l
  }),
  ofCost(
    'a share of the head that is squared',
    'it is linear in the inner steps and in the blocks of the head',
    (at) => at.outerSteps * (1 + (at.innerSteps - 1) * (at.headBlocks / at.blocks) ** 2)
  ),
  ofCost('a backbone that runs once for all', 'outer steps add up', (at) =>
    at.outerSteps > 1 ? own.cost({ ...at, outerSteps: at.outerSteps - 1 }) : own.cost(at)
  )
]

// curvature ------------------------------------------------------------------------------

const ofCurvature = (name: string, brokenLaw: string, wrong: Curvature): Mutant => ({
  name,
  brokenLaw,
  laws: curvature(wrong, f64)
})

export const curvatureMutants: ReadonlyArray<Mutant> = [
  ofCurvature('data and noise exchanged, as printed', 'of a straight trajectory is 0', (states, times) =>
    own.curvature(
      states,
      times.map((t) => -t)
    )
  ),
  ofCurvature('a trajectory of its ends', 'of data of some spread is positive', (states, times) =>
    own.curvature(
      states.map((_, i) => toward(states[0] ?? [], states.at(-1) ?? [], times[i] ?? NaN)),
      times
    )
  ),
  ofCurvature('steps that are not divided by their time', 'of data without spread is 0', (states) =>
    own.curvature(
      states,
      states.map((_, i) => i)
    )
  )
]

// differences ----------------------------------------------------------------------------

const ofDifference = (name: string, brokenLaw: string, wrong: Difference): Mutant => ({
  name,
  brokenLaw,
  laws: difference(wrong, own.gaussianAverage, f64)
})

/** The difference of a function whose state stays where it is. */
const timeAlone: Difference = (f) => (y, _, s, sides) => own.difference(f)(y, times(0, y), s, sides)

const oneSided: Difference =
  (f) =>
  (y, v, s, { ahead, behind }) =>
    own.difference(f)(y, v, s, { ahead: ahead + behind, behind: 0 })

export const differenceMutants: ReadonlyArray<Mutant> = [
  ofDifference(
    'an offset',
    'is nothing where the function is constant',
    (f) => (y, v, s, sides) =>
      own
        .difference(f)(y, v, s, sides)
        .map((x) => x + 1e-3)
  ),
  ofDifference('both probes ahead', 'from both sides is exact for a quadratic', oneSided),
  ofDifference('both probes ahead', 'from both sides is of order two', oneSided),
  ofDifference('a state that stays where it is', 'from one side is of order one', timeAlone),
  ofDifference(
    'a state that stays where it is',
    'of the average velocity of a Gaussian flow is of order two',
    timeAlone
  )
]

// inner flow -----------------------------------------------------------------------------

const ofInner = mutantsOf((one: InnerFlow) => innerFlow(one, f64), own.innerFlow)

export const innerFlowMutants: ReadonlyArray<Mutant> = [
  ofInner(
    'the sampled form for the implied',
    'in the implied form a head that says one thing is followed, on every grid',
    { flow: (_, grid, head) => own.innerFlow.flow('sampled', grid, head) }
  ),
  ofInner('shares that change places', 'in the implied form a step goes a share of the way to the prediction', {
    step: (form, at) => own.innerFlow.step(form, { ...at, h: at.ys, ys: at.h })
  }),
  ofInner('the implied form for the sampled', 'in the sampled form a rest of the noise stays', {
    flow: (_, grid, head) => own.innerFlow.flow('implied', grid, head)
  }),
  ofInner(
    'the sign as printed',
    'the forms differ by how far the state is from the line between prediction and noise',
    {
      step: (form, at) =>
        form === 'implied' ? own.innerFlow.step(form, at) : along(at.ys, minus(at.y1, at.h), at.s - at.r)
    }
  ),
  ofInner('a head that is told the end for the length', 'one step from 1 to 0 is what the head says', {
    flow: (form, grid, head) => own.innerFlow.flow(form, grid, (y, s, span) => head(y, s, sub(s, span)))
  }),
  ofInner('the sampled form for the implied', 'the implied form keeps the spread of the target', {
    flow: (_, grid, head) => own.innerFlow.flow('sampled', grid, head)
  })
]

const ofPrintedForm = mutantsOf<PrintedForm>(printedForm, own.printedForm)

export const printedFormMutants: ReadonlyArray<Mutant> = [
  ofPrintedForm('the prediction at the start', 'its optimum is the mean prediction along the path', {
    optimum: (deviation, s) => own.printedForm.optimum(deviation, s, s - 1e-6)
  }),
  ofPrintedForm('a form without a bias', 'it loses the spread that is known', { spread: (deviation) => deviation }),
  ofPrintedForm('a sine for a sine hyperbolic', 'with one step it loses what a sine hyperbolic says', {
    spread: () => Math.asin(1) / Math.SQRT2
  })
]

// the MeanFlow loss ------------------------------------------------------------------------

const ofMeanFlow = (
  name: string,
  brokenLaw: string,
  wrong: {
    readonly given?: (at: MeanFlowCase) => MeanFlowCase
    readonly found?: (parts: MeanFlowParts) => MeanFlowParts
  }
): Mutant => {
  const { given = (at) => at, found = (parts) => parts } = wrong
  const broken: MeanFlow = (at) => found(own.meanFlow(given(at)))
  return { name, brokenLaw, laws: meanFlow(broken, f64) }
}

export const meanFlowMutants: ReadonlyArray<Mutant> = [
  ofMeanFlow(
    'the sign of the elapsed time turned',
    'the target is the velocity less the elapsed time times the derivative',
    { found: (parts) => ({ ...parts, target: minus(times(2, parts.velocity), parts.target) }) }
  ),
  ofMeanFlow(
    'an elapsed time that is kept from 0',
    'over no time the target is the guided velocity, whatever the derivative',
    { given: (at) => ({ ...at, r: Math.min(at.r, at.s - 0.001) }) }
  ),
  ofMeanFlow(
    'a scale that counts from the condition',
    'over no time the head is told the guided target, whatever the noise',
    { given: (at) => ({ ...at, guidance: at.guidance + 1 }) }
  ),
  ofMeanFlow('noise that is drawn too wide', 'a head that says the target has no derivative and no loss', {
    given: (at) => ({ ...at, head: times(1.01, at.head) })
  }),
  ofMeanFlow('a mean for a sum', 'the loss is e/(e + c) of the squared distance from the target', {
    given: (at) => ({ ...at, normaliser: at.normaliser * 3 })
  }),
  ofMeanFlow('the average velocity against time', 'the average velocity is that of the form', {
    found: (parts) => ({ ...parts, u: times(-1, parts.u) })
  })
]

// outer steps ----------------------------------------------------------------------------

const ofTransition = mutantsOf((one: OuterSteps) => transition(one, f64), own.outerSteps)

const dataOf = ({ xt, y, t }: Parameters<OuterSteps['step']>[1]): ReadonlyArray<number> => along(xt, y, -t)

/** Eq. 18 with its coefficients as printed. */
const asPrinted: OuterSteps['step'] = (form, at) =>
  form === 'eq18' ? toward(at.xt, dataOf(at), at.to / at.t) : own.outerSteps.step(form, at)

/** A step against the target. */
const backwards: OuterSteps['step'] = (form, at) =>
  form === 'transition' ? along(at.xt, at.y, at.t - at.to) : own.outerSteps.step(form, at)

export const transitionMutants: ReadonlyArray<Mutant> = [
  ofTransition('the coefficients as printed', 'the step along the target is the corrected step to the data', {
    step: asPrinted
  }),
  ofTransition('a step against the target', 'it is the step that keeps the noise which is implied', {
    step: backwards
  }),
  ofTransition('the coefficients as printed', 'the last step ends at the data', { step: asPrinted }),
  ofTransition('a step against the target', 'a sampled target takes one marginal to the other', { step: backwards }),
  ofTransition('a step against the target', 'its mean is the step of Euler', { step: backwards }),
  ofTransition('new noise that is too wide', 'resampling the noise takes one marginal to the other, too', {
    step: (form, at) => own.outerSteps.step(form, { ...at, fresh: times(1.1, at.fresh) })
  }),
  ofTransition('new noise that makes up for the spread', 'resampling around the mean of the data loses spread', {
    step: (form, at) => own.outerSteps.step(form, { ...at, fresh: times(3, at.fresh) })
  }),
  ofTransition(
    'the noise of the printed form',
    'a head that says what the teacher says leads where it leads, in any number of steps',
    { rollout: (velocity, at) => own.outerSteps.rollout(velocity, { ...at, form: 'sampled', target: 'velocity' }) }
  ),
  ofTransition('an inner flow that begins short of noise', 'in one step it is the one-step student, to the last bit', {
    rollout: (velocity, at) =>
      own.outerSteps.rollout(velocity, { ...at, grid: at.grid.map((s) => 0.999 * s), form: 'sampled' })
  }),
  ofTransition('data with a sign turned', 'targets of velocity and of data lead to the same data', {
    rollout: (velocity, at) => {
      const rolled = own.outerSteps.rollout(velocity, at)
      return at.target === 'data' ? rolled : { ...rolled, sample: plus(at.xt, times(at.t, rolled.y)) }
    }
  })
]

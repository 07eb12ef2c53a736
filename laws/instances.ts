/**
 * Fluxion's own flows, losses and steps as the laws see them: functions of numbers and plain vectors, each a graph that is
 * evaluated. Copy one to hold your own to the same laws.
 */
import { finiteDifference, type Probe } from '../src/autodiff/finiteDifference.ts'
import { gradOf } from '../src/autodiff/grad.ts'
import type { Expr } from '../src/core/Expr.ts'
import * as bias from '../src/flow/bias.ts'
import * as bent from '../src/flow/curvature.ts'
import { headStep } from '../src/flow/flowMap.ts'
import * as gaussian from '../src/flow/gaussian.ts'
import * as path from '../src/flow/path.ts'
import { constantTime, type Time } from '../src/nn/time.ts'
import { tensors } from '../src/nn/params.ts'
import { concat, constant, embed, fill, mul, square, sub, sum } from '../src/ops/api.ts'
import { adamW, adamWDefaults } from '../src/optim/adamw.ts'
import { powerRate, updateAverage } from '../src/optim/ema.ts'
import { discriminatorLoss, generatorLoss } from '../src/tmd/discriminator.ts'
import { stage1DrawDefaults, stage1DrawsOf, type Stage1Draws } from '../src/tmd/draws.ts'
import { effectiveNfe } from '../src/tmd/effectiveNfe.ts'
import { fakeScoreLoss, flowMatching, type RegressionSpace } from '../src/tmd/flowMatching.ts'
import { innerFlow as runInnerFlow } from '../src/tmd/innerFlow.ts'
import { adaptive as adaptiveLoss, meanFlow as runMeanFlow, meanFlowDefaults } from '../src/tmd/meanFlowLoss.ts'
import { denoised, withoutHead, type Aim, type StudentModel, type VelocityModel } from '../src/tmd/model.ts'
import { rollout as runRollout } from '../src/tmd/rollout.ts'
import { sample as runSample } from '../src/tmd/sample.ts'
import { vsd, type VsdOptions } from '../src/tmd/vsd.ts'
import type { Cost } from './cost.ts'
import type { Curvature } from './curvature.ts'
import type { Difference, GaussianAverage } from './difference.ts'
import type { FlowMap } from './flowMap.ts'
import type { ClosedForm, MixtureForm, MixtureLaw, Normal, Pull } from './gaussian.ts'
import type { InnerFlow, InnerForm, PrintedForm } from './innerFlow.ts'
import type { Coordinates, Guidance, Path, Scores } from './interpolant.ts'
import type { Vector } from './Laws.ts'
import { lift } from './lift.ts'
import type { Adaptive, Adversarial, Distillation, Matching, Spaces } from './loss.ts'
import type { MeanFlow, MeanFlowCase } from './meanFlow.ts'
import type { BatchGradient, KeptShare, MovingAverage, Optimiser } from './optimiser.ts'
import type { OuterSteps, RolloutCase, StepForm } from './transition.ts'

type Real = Expr<'f32'>

const row = (values: Vector): Real => constant([1, values.length], values)
const at = (t: number): Real => fill(t, [1])

/** The value of a graph without inputs. */
const valueOf = (x: Real): Vector => lift(() => x)()
const numberOf = (x: Real): number => valueOf(x)[0] ?? NaN

// path -----------------------------------------------------------------------------------

const convert =
  (from: path.Prediction, to: path.Prediction) =>
  (xt: Vector, prediction: Vector, t: number): Vector =>
    valueOf(path.convert(from, to)({ xt: row(xt), t })(row(prediction)))

/** The straight path and what can be predicted on it. */
export const straight: Path = {
  interpolate: (x, noise, t) => valueOf(path.interpolate(row(x), row(noise), t)),
  velocity: (x, noise) => valueOf(path.velocity(row(x), row(noise))),
  dataOfVelocity: (xt, v, t) => valueOf(path.toData(row(xt), row(v), t)),
  noiseOfVelocity: convert('velocity', 'noise'),
  velocityOfData: (xt, x, t) => valueOf(path.fromData(row(xt), row(x), t)),
  noiseOfData: convert('data', 'noise'),
  dataOfNoise: convert('noise', 'data')
}

export const guidance: Guidance = (negative, positive, scale) =>
  valueOf(path.guide(scale, row(positive), row(negative)))

export const scores: Scores = {
  dataOfVelocity: convert('velocity', 'data'),
  dataOfScore: convert('score', 'data'),
  scoreOfVelocity: convert('velocity', 'score')
}

export const coordinates: Coordinates = {
  sigmaOf: path.sigmaOf,
  timeOfSigma: path.timeOfSigma,
  angleOf: path.angleOf,
  trigInputScale: path.trigInputScale,
  toEdm: (xt, t) => valueOf(path.toEdm({ xt: row(xt), t })),
  toTrig: (xt, t) => valueOf(path.toTrig({ xt: row(xt), t }))
}

/** Of the states of a trajectory. */
export const curvature: Curvature = (states, times) =>
  valueOf(
    bent.curvature(constant([states.length, states[0]?.length ?? 0], states.flat()), constant([times.length], times))
  )

// closed forms ---------------------------------------------------------------------------

const lawOf = ({ mean, deviation }: Normal): gaussian.Gaussian => ({
  mean: fill(mean, [1, 1]),
  deviation: fill(deviation, [1, 1])
})

const field =
  (of: (law: gaussian.Gaussian) => gaussian.Field) =>
  (law: Normal, xt: number, t: number): number =>
    numberOf(of(lawOf(law))(row([xt]), at(t)))

/** The flow of normal data. */
export const gaussianMap = (law: Normal): FlowMap => ({
  map: (y, s, r) => valueOf(gaussian.flowMap(lawOf(law))(row(y), at(s), at(r))),
  average: (y, s, r) => valueOf(gaussian.averageVelocity(lawOf(law))(row(y), at(s), at(r))),
  velocity: (y, s) => valueOf(gaussian.velocity(lawOf(law))(row(y), at(s)))
})

export const closedForm: ClosedForm = {
  velocity: field(gaussian.velocity),
  score: field(gaussian.score),
  posteriorMean: field(gaussian.posteriorMean),
  posteriorVariance: field(gaussian.posteriorVariance),
  flow: gaussianMap,
  inner: (law, xt, t) => {
    const { mean, deviation } = gaussian.inner(lawOf(law), row([xt]), at(t))
    return { mean: numberOf(mean), deviation: numberOf(deviation) }
  }
}

const mixtureOf = (law: MixtureLaw): gaussian.Mixture => ({
  weights: constant(
    [law.length],
    law.map(({ weight }) => weight)
  ),
  means: constant(
    [law.length, law[0]?.mean.length ?? 0],
    law.flatMap(({ mean }) => mean)
  ),
  deviations: constant(
    [law.length],
    law.map(({ deviation }) => deviation)
  )
})

const mixtureField =
  (of: (law: gaussian.Mixture) => gaussian.Field) =>
  (law: MixtureLaw, xt: Vector, t: number): Vector =>
    valueOf(of(mixtureOf(law))(row(xt), at(t)))

export const mixtureForm: MixtureForm = {
  velocity: mixtureField(gaussian.mixtureVelocity),
  score: mixtureField(gaussian.mixtureScore),
  posteriorMean: mixtureField(gaussian.mixturePosteriorMean),
  responsibilities: mixtureField(gaussian.responsibilities),
  innerVelocity: (law, xt, t, ys, s) => {
    const outer = gaussian.mixturePosteriorMean(mixtureOf(law))
    return valueOf(gaussian.glass(outer)({ xt: row(xt), t: at(t), ys: row(ys), s: at(s) }).velocity)
  }
}

/** What score distillation moves a sample against, before it is weighed. */
export const pull: Pull = ({ fake, teacher }, xt, t) =>
  closedForm.posteriorMean(fake, xt, t) - closedForm.posteriorMean(teacher, xt, t)

// derivatives along a path -----------------------------------------------------------------

const probe = (s: number, offset: number): Probe<Real> => ({ time: at(s + offset), offset: at(offset) })

export const difference: Difference =
  (f) =>
  (y, v, s, { ahead, behind }) =>
    valueOf(
      finiteDifference<Real>(f)(row(y), row(v), {
        ahead: probe(s, ahead),
        behind: probe(s, -behind),
        factor: at(1 / (ahead + behind))
      })
    )

export const gaussianAverage: GaussianAverage = {
  mean: 0.4,
  deviation: 0.7,
  average: (r) => (y, s) => gaussian.averageVelocity(lawOf({ mean: 0.4, deviation: 0.7 }))(y, s, at(r))
}

// inner flow -----------------------------------------------------------------------------

const clock = constantTime(1, 2)

export const innerFlow: InnerFlow = {
  flow: (noise, grid, head) => (y1) =>
    valueOf(runInnerFlow({ grid, noise }, clock)((y, s, span) => head(y, s.value, span.value))(row(y1))),
  step: (noise: InnerForm, { h, ys, y1, s, r }) =>
    valueOf(headStep(noise, { h: row(h), ys: row(ys), y1: row(y1), s, r }))
}

export const printedForm: PrintedForm = {
  optimum: bias.optimalHead,
  spread: bias.sampledDeviation,
  limit: (deviation) => bias.sampledDeviationLimit(deviation, 500)
}

// the MeanFlow loss ------------------------------------------------------------------------

/** A student that says what its condition says. */
const saying: StudentModel<null, Real> = { backbone: (_, __, ___, context) => context, head: (_, m) => m }

const drawsFor = ({ t, s, r }: MeanFlowCase): Stage1Draws => {
  const one = (x: number): Float64Array => Float64Array.of(x)
  const options = { difference: stage1DrawDefaults.difference, frequencies: 2 }
  return tensors.map(stage1DrawsOf(options)({ t: one(t), s: one(s), r: one(r), kept: one(1) }), embed) as Stage1Draws
}

export const meanFlow: MeanFlow = (drawn) => {
  const { guidance: omega, form: noise, normaliser } = drawn
  const parts = runMeanFlow({ ...meanFlowDefaults, target: 'velocity', noise, guidance: omega, normaliser })(saying)(
    null,
    {
      x: row(drawn.x),
      noise: row(drawn.noise),
      innerNoise: row(drawn.innerNoise),
      context: row(drawn.head),
      negative: row(drawn.negative),
      draws: drawsFor(drawn)
    }
  )
  return {
    u: valueOf(parts.u),
    velocity: valueOf(parts.vGuided),
    derivative: valueOf(parts.derivative),
    target: valueOf(parts.target),
    loss: numberOf(parts.loss)
  }
}

// outer steps ----------------------------------------------------------------------------

const oneInnerStep = { target: 'velocity', noise: 'implied', grid: [0, 1], frequencies: 2 } as const

const teaching = (velocity: (x: Real, t: Real) => Real): StudentModel<null, null> =>
  withoutHead<null, null>((_, x, t) => velocity(x, t.value))

const aimOf = ({ target, form }: RolloutCase): Aim =>
  target === 'data' ? { target, noise: 'implied' } : { target, noise: form }

export const outerSteps: OuterSteps = {
  step: (form: StepForm, { xt, y, t, to, fresh }) =>
    valueOf(
      runSample({ ...oneInnerStep, outer: [to, t], step: form, start: 'noise' })(saying)(
        null,
        { noise: row(xt), innerNoise: [row(y)], fresh: [row(fresh)] },
        row(y)
      )
    ),
  rollout: (velocity, drawn) => {
    const inputs = {
      xt: row(drawn.xt),
      t: clock(drawn.t),
      noise: row(drawn.y1),
      innerNoise: row(drawn.y1),
      context: null
    }
    const options = { ...aimOf(drawn), grid: drawn.grid, sample: 'consistent' } as const
    const { y, sample } = runRollout(options)(teaching(velocity))(null, inputs)
    return { y: valueOf(y), sample: valueOf(sample) }
  },
  oneStep: (velocity, xt, t) =>
    valueOf(denoised<null, null>((_, x, time: Time) => velocity(x, time.value))(null, row(xt), clock(t), null))
}

export const cost: Cost = effectiveNfe

// losses ---------------------------------------------------------------------------------

/** `e/(sg(e) + c)` of the squared error of one sample. */
export const adaptive: Adaptive = (c) => {
  const lossOf = (x: Real, y: Real): Real => adaptiveLoss(sum('all')(square(sub(x, y))), c)
  return {
    value: (x, y) => numberOf(lossOf(row(x), row(y))),
    gradient: (x, y) => lift((a = row(x), b = row(y)) => gradOf(lossOf(a, b))(a))(x, y)
  }
}

const matchingWith =
  (options: VsdOptions): Matching =>
  (sample, fake, teacher) =>
    valueOf(vsd(options)({ sample: row(sample), fake: row(fake), teacher: row(teacher) }).direction)

/** The direction of score distillation, in the default form, without the small number that keeps it finite. */
export const matching: Matching = matchingWith({ normaliser: 'fastgen', epsilon: 0 })

export const printedMatching: Matching = matchingWith({ normaliser: 'paper', epsilon: 0 })

export const distillation: Distillation = {
  direction: matching,
  gradient: (...vectors) => {
    const gradientBy = (which: 'sample' | 'fake' | 'teacher'): Vector =>
      lift((sample = row([]), fake = row([]), teacher = row([])) => {
        const inputs = { sample, fake, teacher }
        return gradOf(vsd({ normaliser: 'fastgen', epsilon: 0 })(inputs).loss)(inputs[which])
      })(...vectors)
    return { sample: gradientBy('sample'), fake: gradientBy('fake'), teacher: gradientBy('teacher') }
  }
}

const errorIn =
  (space: RegressionSpace) =>
  (v: Vector, x: Vector, noise: Vector, t: number): number => {
    const xt = path.interpolate(row(x), row(noise), t)
    return numberOf(fakeScoreLoss(space)({ v: row(v), xt, t, x: row(x), noise: row(noise) }).perSample)
  }

export const spaces: Spaces = { data: errorIn('data'), velocity: errorIn('velocity') }

export const adversarial: Adversarial = {
  generator: (fake) => numberOf(generatorLoss(row(fake))),
  discriminator: (fake, real) => numberOf(discriminatorLoss(row(real), row(fake)))
}

// optimisation ---------------------------------------------------------------------------

export interface AdamState {
  readonly first: Vector
  readonly second: Vector
  readonly step: number
}

/** AdamW without decay. */
export const adam: Optimiser<AdamState> = {
  init: (params) => ({ first: params.map(() => 0), second: params.map(() => 0), step: 0 }),
  step: ({ first, second, step }, params, gradient) => {
    const options = { ...adamWDefaults, decay: 0, rate: () => fill(0.01, []) }
    const moments = { first: { p: row(first) }, second: { p: row(second) }, step: constant([], [step]) }
    const { params: next, moments: after } = adamW(options)({ p: row(params) }, { p: row(gradient) }, moments)
    return {
      state: { first: valueOf(after.first.p), second: valueOf(after.second.p), step: step + 1 },
      params: valueOf(next.p)
    }
  }
}

export const movingAverage: MovingAverage = (average, value, decay) =>
  valueOf(updateAverage(fill(decay, []))(row(average), row(value)))

export const powerLaw =
  (gamma: number): KeptShare =>
  (step) =>
    numberOf(powerRate(gamma)(fill(step, [])))

/** A velocity that is the state times the parameters. */
const scaling: VelocityModel<Real, Real> = (params, x) => mul(x, params)

/** Of the loss of a teacher, all at one time, with the squares of the data for noise. */
export const batchGradient: BatchGradient = (params, samples) =>
  lift((weights = row([]), ...rows) => {
    const x = concat(0)(rows)
    const draws = { t: constantTime(rows.length, 2)(0.4), kept: fill(1, [rows.length]) }
    const none = fill(0, [rows.length])
    const { loss } = flowMatching(scaling)(weights, { x, noise: square(x), context: none, negative: none, draws })
    return gradOf(loss)(weights)
  })(params, ...samples)

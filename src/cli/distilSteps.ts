/** The steps of a distillation as programs, and what they read: the method of `src/tmd` with names for its states. */
import { size } from '../core/Shape.ts'
import type { Images } from '../data/digits.ts'
import { shifted } from '../flow/schedule.ts'
import { dit, ditFeatures, ditParameters, featureMap, type DitParams } from '../nn/dit.ts'
import type { Parameter, Real } from '../nn/params.ts'
import type { Time } from '../nn/time.ts'
import type { Learner } from '../optim/learner.ts'
import {
  stage1DrawDefaults,
  stage1Draws,
  stage2Draws,
  type Stage1DrawOptions,
  type Stage2DrawOptions
} from '../tmd/draws.ts'
import {
  discriminator,
  discriminatorParameters,
  type DiscriminatorConfig,
  type DiscriminatorParams
} from '../tmd/discriminator.ts'
import { meanFlowDefaults } from '../tmd/meanFlowLoss.ts'
import { stage1, type Batch } from '../tmd/stage1.ts'
import {
  criticsStep,
  stage2Defaults,
  studentStep,
  type Adversary,
  type Stage2Models,
  type Stage2Options
} from '../tmd/stage2.ts'
import type { StudentParams } from '../tmd/student.ts'
import { vsdDefaults } from '../tmd/vsd.ts'
import type { DistilConfig, TeacherConfig } from './configs.ts'
import { batchInputs, drawInputs, feedOf } from './feeds.ts'
import { keyInput } from './inputs.ts'
import { learnerInputs, learnerOptions, outputsOf } from './learners.ts'
import type { Outputs } from './programs.ts'
import { innerGrid, outerGrid, sampleOptions, studentModel, studentParameters } from './student.ts'
import { ditConfigOf, teacherInputs } from './teacher.ts'
import type { Feed } from './training.ts'

/** What is distilled: the recipe, and the teacher's configuration. */
export interface Plan {
  readonly distil: DistilConfig
  readonly teacher: TeacherConfig
}

/** A batch whose captions are read by the teacher's words, which stand still. */
const batchOfTeacher = ({ teacher }: Plan, n: number): Batch<Real> =>
  batchInputs(teacher.data, teacherInputs(teacher.model, 'teacher'), n)

const studentLearner = ({ distil, teacher }: Plan): Learner<StudentParams> =>
  learnerInputs(studentParameters(teacher, distil.student), 'student')

// stage 1 --------------------------------------------------------------------------------

const stage1DrawOptions = ({ distil, teacher }: Plan): Stage1DrawOptions => ({
  ...stage1DrawDefaults,
  outer: outerGrid(distil.student),
  inner: innerGrid(distil.student),
  level: distil.stage1.level,
  dropout: distil.stage1.dropout,
  frequencies: teacher.model.frequencies
})

export const stage1Program = (plan: Plan): Outputs => {
  const { distil, teacher } = plan
  const { batch, guidance, normaliser } = distil.stage1
  const draws = drawInputs(stage1Draws(stage1DrawOptions(plan)), batch)
  const step = stage1(studentModel(teacher, distil.student), {
    loss: { ...meanFlowDefaults, target: 'velocity', noise: distil.student.noise, guidance, normaliser },
    learner: learnerOptions(distil.stage1)
  })
  const { state, metrics } = step(studentLearner(plan), batchOfTeacher(plan, batch), draws, keyInput())
  return { ...outputsOf(state, 'student'), ...metrics }
}

export const stage1Feed = (images: Images, plan: Plan): Feed =>
  feedOf(images, plan.teacher.data, plan.distil.stage1.batch, stage1Draws(stage1DrawOptions(plan)))

// stage 2 --------------------------------------------------------------------------------

const stage2DrawOptions = ({ distil, teacher }: Plan): Stage2DrawOptions => ({
  outer: outerGrid(distil.student),
  law: shifted(distil.stage2.shift),
  frequencies: teacher.model.frequencies
})

const stage2Options = ({ distil, teacher }: Plan): Stage2Options => {
  const { stage2, student } = distil
  const learner = learnerOptions(stage2)
  const critic = { ...learnerOptions({ ...stage2, rate: stage2.fakeRate }), average: 'none' } as const
  return {
    ...stage2Defaults,
    guidance: stage2.guidance,
    vsd: { ...vsdDefaults, normaliser: stage2.normaliser, epsilon: 1e-6 },
    fake: stage2.fakeSpace,
    adversarial: stage2.adversarial,
    ...(stage2.start === 'simulated' ? { simulation: sampleOptions(teacher, student) } : {}),
    rollout: { grid: innerGrid(student), noise: student.noise, target: 'velocity', sample: 'consistent' },
    learners: { student: learner, fake: critic, discriminator: critic }
  }
}

/** Whether a discriminator takes part. */
export const isAdversarial = ({ distil }: Plan): boolean => distil.stage2.adversarial > 0

/** Why a recipe does not fit its teacher, as a sentence. */
export const misfit = (plan: Plan): string | undefined => {
  const { model } = plan.teacher
  const { headBlocks } = plan.distil.student
  const pixels = size(model.patch)
  if (headBlocks > model.layers)
    return `student.headBlocks: the teacher has ${model.layers} blocks, a head of ${headBlocks} cannot be cut from it`
  if (headBlocks === 0 && plan.distil.stage1.steps > 0)
    return 'stage1.steps: a student without a head has nothing to learn in stage 1; set it to 0'
  return isAdversarial(plan) && model.dim % pixels !== 0
    ? `stage2.adversarial: a discriminator reads maps of model.dim / patch channels, and ${model.dim} is no multiple of ${pixels}; set it to 0`
    : undefined
}

/** Blocks whose tokens the discriminator reads: in the middle, after three quarters, the last (as of 30: 15, 22, 29). */
const featureLayers = (layers: number): ReadonlyArray<number> =>
  [0.5, 0.75, 1].map((part) => Math.max(0, Math.ceil(part * layers) - 1))

const discriminatorConfig = ({ teacher: { model } }: Plan): DiscriminatorConfig => {
  const channels = model.dim / size(model.patch)
  return { channels: featureLayers(model.layers).map(() => channels), scales: [1, 2], hidden: 16, groups: 4, mlp: 32 }
}

/** The discriminator's parameters without numbers: the empty tree where none takes part. */
export const adversaryParameters = (plan: Plan): DiscriminatorParams<Parameter> =>
  isAdversarial(plan) ? discriminatorParameters(discriminatorConfig(plan)) : { heads: [] }

const adversaryOf = (plan: Plan): Adversary<DitParams, DiscriminatorParams, Real> => {
  const config = ditConfigOf(plan.teacher.model)
  return {
    features: (params, x, t, c) =>
      ditFeatures(config)(params, x, t, c, featureLayers(config.layers)).hidden.map((h) => featureMap(config, h, x)),
    discriminate: discriminator(discriminatorConfig(plan))
  }
}

type Models = Stage2Models<StudentParams, DitParams, DitParams, DiscriminatorParams, Real, Real>

const models = (plan: Plan): Models => {
  const { distil, teacher } = plan
  const velocity = (params: DitParams, x: Real, t: Time, c: Real): Real =>
    dit(ditConfigOf(teacher.model))(params, x, t, c)
  return {
    student: studentModel(teacher, distil.student),
    teacher: velocity,
    fake: velocity,
    ...(isAdversarial(plan) ? { adversary: adversaryOf(plan) } : {})
  }
}

const withoutAverages = <T>({ params, moments }: Learner<T>): Learner<T> => ({ params, moments })

const discriminatorLearner = (plan: Plan): Learner<DiscriminatorParams> =>
  withoutAverages(learnerInputs(adversaryParameters(plan), 'discriminator'))

const fakeLearner = ({ teacher }: Plan): Learner<DitParams> =>
  withoutAverages(learnerInputs(ditParameters(ditConfigOf(teacher.model)), 'fake'))

export interface Stage2Programs {
  readonly student: Outputs
  readonly critics: Outputs
}

export const stage2Programs = (plan: Plan): Stage2Programs => {
  const { batch } = plan.distil.stage2
  const draws = drawInputs(stage2Draws(stage2DrawOptions(plan)), batch)
  const scene = batchOfTeacher(plan, batch)
  const teacher = teacherInputs(plan.teacher.model, 'teacher')
  const [student, fake, critic] = [studentLearner(plan), fakeLearner(plan), discriminatorLearner(plan)]
  const options = stage2Options(plan)
  const judges = { teacher, fake: fake.params, discriminator: critic.params }
  const learnt = studentStep(models(plan), options)(judges)(student, scene, draws, keyInput())
  const players = { student: student.params, teacher }
  const judged = criticsStep(models(plan), options)(players)({ fake, discriminator: critic }, scene, draws, keyInput())
  const adversary = isAdversarial(plan) ? outputsOf(judged.state.discriminator, 'discriminator') : {}
  return {
    student: { ...outputsOf(learnt.state, 'student'), ...learnt.metrics },
    critics: { ...outputsOf(judged.state.fake, 'fake'), ...adversary, ...judged.metrics }
  }
}

export const stage2Feed = (images: Images, plan: Plan): Feed =>
  feedOf(images, plan.teacher.data, plan.distil.stage2.batch, stage2Draws(stage2DrawOptions(plan)))

/** Six iterations of stage 2 with AdamW: every loss, every parameter's sum and norm, and what is left at the end. */
import type { Expr } from '../../../src/core/Expr.ts'
import type { Faults } from '../../../src/core/Fault.ts'
import { pipe, TE } from '../../../src/core/fp.ts'
import { floats, type Tensor } from '../../../src/core/Tensor.ts'
import { exprs } from '../../../src/autodiff/grad.ts'
import { inputsFor, named, parameters, tensors as tensorTrees, type Real } from '../../../src/nn/params.ts'
import { ditParameters } from '../../../src/nn/dit.ts'
import { constantRate, powerRate, updateAverages, type Rate } from '../../../src/optim/ema.ts'
import { untrained, type Learner, type LearnerOptions } from '../../../src/optim/learner.ts'
import { constantSchedule } from '../../../src/optim/schedule.ts'
import { times } from '../../../src/nn/time.ts'
import { discriminatorParameters } from '../../../src/tmd/discriminator.ts'
import {
  criticsUpdate,
  samplesOf,
  stage2Defaults,
  studentUpdate,
  turnOf,
  type Scene,
  type Stage2Options
} from '../../../src/tmd/stage2.ts'
import type { InnerNoise } from '../../../src/flow/flowMap.ts'
import { studentExtras, type Fusion } from '../../../src/tmd/student.ts'
import type { Metrics } from '../../../src/tmd/stage1.ts'
import { input, scalar } from '../../../src/ops/api.ts'
import type { Adapter, Execute, Tensors } from '../case.ts'
import { ditOf, studentOf } from '../student.ts'
import { entryOf, expected, get, listed, outputsOf, said, type Golden } from './expected.ts'
import { norms, orderOf, rowsOf, sums } from './gradients.ts'
import {
  adversary,
  configOf,
  discriminatorConfig,
  doubles,
  negativeOf,
  studentModel,
  velocityModel
} from './networks.ts'

interface SequenceCase {
  readonly iterations: number
  readonly student_every: number
  readonly H: number
  readonly fusion: Fusion
  readonly noise: InnerNoise
  /** In words, with their numbers. */
  readonly optimiser: string
  readonly ema: string
}

const caseOf = (set: Golden): SequenceCase => entryOf<SequenceCase>(set, '0')

const learnerOf = (set: Golden): LearnerOptions => {
  const { optimiser } = caseOf(set)
  const [first = NaN, second = NaN] = listed(optimiser, 'betas')
  return {
    rate: constantSchedule(said(optimiser, 'lr')),
    betas: [first, second],
    epsilon: said(optimiser, 'eps'),
    decay: said(optimiser, 'decay'),
    clip: Infinity,
    scrub: false,
    average: 'none'
  }
}

const averagesOf = (set: Golden): Readonly<Record<'ema_constant' | 'ema_power', Rate>> => {
  const { ema } = caseOf(set)
  return { ema_constant: constantRate(said(ema, 'constant beta')), ema_power: powerRate(said(ema, '\\(1-1/i\\)\\^')) }
}

// state ----------------------------------------------------------------------------------

/** Numbers for a tree of parameters, out of the shared networks. */
const numbersOf = <T>(tree: T, networks: Tensors, prefix: string) =>
  parameters.map(tree, (_, name) => networks.get(`${prefix}.${name}`) as Tensor)

const start = (set: Golden, networks: Tensors) => {
  const config = configOf(set)
  const { H, fusion } = caseOf(set)
  const student = studentOf(config, H, fusion)
  const own = numbersOf({ ...ditParameters(ditOf(config)), ...studentExtras(student) }, networks, 'student')
  const plainly = (prefix: string) => numbersOf(ditParameters(ditOf(config)), networks, prefix)
  const disc = numbersOf(discriminatorParameters(discriminatorConfig(set)), networks, 'disc')
  return {
    student: untrained(own, false),
    fake: untrained(plainly('fake'), false),
    disc: untrained(disc, false),
    teacher: plainly('teacher'),
    averages: { ema_constant: own, ema_power: own }
  }
}

type State = ReturnType<typeof start>

// one iteration --------------------------------------------------------------------------

/** What the manifest says of the student's step: the guidance, and the weight of the generator's loss. */
const studentStepOf = ({ manifest }: Golden): string =>
  Object.values(manifest['naming'] as Readonly<Record<string, string>>).find((text) => /student step/.test(text)) ?? ''

const optionsOf = (set: Golden): Stage2Options => {
  const learner = learnerOf(set)
  const grid = [...doubles(set, 'inner_grid')]
  return {
    ...stage2Defaults,
    guidance: said(studentStepOf(set), 'omega'),
    adversarial: said(studentStepOf(set), 'vsd \\+'),
    rollout: { target: 'velocity', noise: caseOf(set).noise, grid, sample: 'consistent' },
    learners: { student: learner, fake: learner, discriminator: learner }
  }
}

const drawsOf = (set: Golden, i: number) => ({
  t: times(doubles(set, `iter${i}.t`), configOf(set).freq_dim),
  judged: times(doubles(set, `iter${i}.t_dmd`), configOf(set).freq_dim)
})

const sceneAt = (set: Golden, i: number): Scene<Real> => {
  const of = (name: string): Real => input(name, 'f32', get(set, `iter${i}.${name}`).shape)
  const x = of('x')
  return {
    x,
    context: of('c'),
    negative: negativeOf(set, x.shape[0] ?? 1),
    noise: of('x1'),
    innerNoise: of('y1'),
    judgedNoise: of('eps'),
    r1Noise: of('eps'),
    draws: inputsFor(drawsOf(set, i), 'draws')
  }
}

/** What an iteration leaves behind: the next state as outputs, and its metrics under their stored names. */
interface Iteration {
  readonly state: unknown
  readonly metrics: Metrics
}

const iterate = (set: Golden, i: number, state: State): Iteration => {
  const { student, fake, disc, teacher, averages: kept } = inputsFor(state, 'state')
  const scene = sceneAt(set, i)
  const velocity = velocityModel(set)
  const { model } = studentModel(set, caseOf(set).fusion, caseOf(set).H)
  const models = { student: model, teacher: velocity, fake: velocity, adversary: adversary(set) }
  const options = optionsOf(set)
  const named_ = (metrics: Readonly<Record<string, Real | undefined>>): Metrics =>
    Object.fromEntries(
      Object.entries(metrics).flatMap(([name, x]) => (x === undefined ? [] : [[`iter${i}.${name}`, x]]))
    )
  const averaged = (params: unknown) =>
    Object.fromEntries(
      Object.entries(averagesOf(set)).map(([name, rate]) => [
        name,
        updateAverages(rate(scalar(i)))(kept[name as keyof typeof kept] as unknown, params)
      ])
    )
  const { sample } = samplesOf(options, model)(student.params, scene)
  if (turnOf(caseOf(set).student_every)(i) === 'student') {
    const judges = { teacher, fake: fake.params, discriminator: disc.params }
    const { state: next, metrics } = studentUpdate(models, options)(judges)(
      student as Learner<typeof student.params>,
      scene
    )
    return {
      state: { student: next, fake, disc, teacher, averages: averaged(next.params) },
      metrics: named_({
        xhat: sample,
        vsd_loss: metrics['vsd'],
        gen_loss: metrics['generator'],
        student_loss: metrics['loss'],
        student_grad_norm: metrics['gradientNorm']
      })
    }
  }
  const critics = { fake, discriminator: disc }
  const { state: next, metrics } = criticsUpdate(models, options)({ student: student.params, teacher })(critics, scene)
  return {
    state: { student, fake: next.fake, disc: next.discriminator, teacher, averages: averaged(student.params) },
    metrics: named_({
      xhat: sample,
      fake_loss: metrics['fake'],
      fake_grad_norm: metrics['fakeGradientNorm'],
      disc_loss: metrics['discriminator'],
      disc_grad_norm: metrics['discriminatorGradientNorm']
    })
  }
}

// the procedure --------------------------------------------------------------------------

interface Progress {
  readonly state: State
  readonly found: Tensors
  /** The parameters of every network after each iteration, by network. */
  readonly history: ReadonlyArray<Readonly<Record<string, ReadonlyMap<string, Tensor>>>>
}

const snapshot = ({ student, fake, disc, averages: kept }: State) => ({
  student: new Map(tensorTrees.flatten(student.params)),
  fake: new Map(tensorTrees.flatten(fake.params)),
  disc: new Map(tensorTrees.flatten(disc.params)),
  ema_constant: new Map(tensorTrees.flatten(kept.ema_constant)),
  ema_power: new Map(tensorTrees.flatten(kept.ema_power))
})

const advance =
  (set: Golden, execute: Execute) =>
  (i: number) =>
  ({ state, found, history }: Progress): TE.TaskEither<Faults, Progress> => {
    const { state: next, metrics } = iterate(set, i, state)
    const outputs: Readonly<Record<string, Expr>> = {
      ...Object.fromEntries(exprs.flatten(next, 'next')),
      ...metrics
    }
    const operands = ['x', 'c', 'x1', 'y1', 'eps'].map((name) => [name, get(set, `iter${i}.${name}`)] as const)
    const inputs: Tensors = new Map([
      ...named(state, 'state'),
      ...named(drawsOf(set, i), 'draws'),
      ['c_neg', get(set, 'c_neg')],
      ...operands
    ])
    return pipe(
      execute(outputs, inputs),
      TE.map((values) => {
        const moved = tensorTrees.map(state, (old, name) => values.get(`next.${name}`) ?? old) as State
        const seen = [...values].filter(([name]) => name.startsWith('iter'))
        return { state: moved, found: new Map([...found, ...seen]), history: [...history, snapshot(moved)] }
      })
    )
  }

/** Sums and norms of every network after every iteration, and the last parameters. */
const summary = (set: Golden, { found, history }: Progress): Tensors => {
  const orders: Readonly<Record<string, ReadonlyArray<string>>> = {
    student: orderOf(set, 'student'),
    fake: orderOf(set, 'fake'),
    disc: orderOf(set, 'disc'),
    ema_constant: orderOf(set, 'student'),
    ema_power: orderOf(set, 'student')
  }
  const rows = (network: string, f: (values: ReadonlyArray<Tensor>) => ReadonlyArray<number>): Tensor =>
    rowsOf(history.map((at) => f((orders[network] ?? []).map((name) => at[network]?.get(name) ?? floats([0], [])))))
  const last = history.at(-1) ?? {}
  return new Map([
    ...found,
    ...Object.keys(orders).flatMap((network) => [
      [`${network}.sum`, rows(network, sums)] as const,
      [`${network}.norm`, rows(network, norms)] as const
    ]),
    ...['student', 'fake', 'disc'].flatMap((network) =>
      [...(last[network] ?? [])].map(([name, tensor]) => [`final.${network}.${name}`, tensor] as const)
    )
  ])
}

export const sequence =
  (networks: Tensors): Adapter =>
  (manifest, tensors) => {
    const set = { manifest, tensors }
    const { iterations } = caseOf(set)
    const begin: Progress = { state: start(set, networks), found: new Map(), history: [] }
    return [
      {
        name: `${iterations} iterations`,
        expected: expected(set, outputsOf(set, '')),
        compute: (execute) =>
          pipe(
            Array.from({ length: iterations }, (_, i) => advance(set, execute)(i + 1)).reduce<
              TE.TaskEither<Faults, Progress>
            >((before, step) => pipe(before, TE.flatMap(step)), TE.right(begin)),
            TE.map((progress) => summary(set, progress))
          )
      }
    ]
  }

/** `fluxion train`: the teacher, from scratch, by flow matching. */
import { exprs, gradOf } from '../autodiff/grad.ts'
import { split, type Key } from '../core/Key.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import type { Images } from '../data/digits.ts'
import { interpolate, velocity } from '../flow/path.ts'
import { sampleTimes, shifted } from '../flow/schedule.ts'
import { dit } from '../nn/dit.ts'
import { parameters, tensors, type Real } from '../nn/params.ts'
import { timeInputs, times } from '../nn/time.ts'
import { input, mean, normal, square, sub, type Expr } from '../ops/api.ts'
import { adamWDefaults } from '../optim/adamw.ts'
import { constantRate } from '../optim/ema.ts'
import { learn, type Learner, type LearnerOptions } from '../optim/learner.ts'
import { constantSchedule, cosine, warmUp, type Schedule } from '../optim/schedule.ts'
import { droppedBatchOf, tokensOf } from './clips.ts'
import type { TeacherConfig } from './configs.ts'
import { clipShape, contextOf, ditConfigOf, teacherInit, teacherParameters, type TeacherParams } from './teacher.ts'

// the learner ----------------------------------------------------------------------------

/** A learner that begins: no moments, an average equal to the parameters. */
export const beginning = <T>(params: T): Learner<T, Tensor> => {
  const zero = (x: Tensor): Tensor => tensor('f32', x.shape, new Float32Array(x.data.length))
  const none = tensors.map(params, zero) as T
  return {
    params,
    moments: { first: none, second: none, step: tensor('f32', [], new Float32Array(1)) },
    average: params
  }
}

/** The inputs of a program that take a learner, under one prefix. */
export const learnerInputs = <T>(params: T, prefix: string): Learner<T> => {
  const under = (name: string): T =>
    exprs.map(params, (x, leaf) => input(`${prefix}.${name}.${leaf}`, 'f32', x.shape)) as T
  return {
    params: under('params'),
    moments: {
      first: under('moments.first'),
      second: under('moments.second'),
      step: input(`${prefix}.moments.step`, 'f32', [])
    },
    average: under('average')
  }
}

/** A tree of expressions as outputs of a program, named by their paths. */
export const outputsOf = (tree: unknown, prefix: string): Readonly<Record<string, Expr>> =>
  Object.fromEntries(exprs.flatten(tree, prefix))

// the step -------------------------------------------------------------------------------

const rateOf = ({ rate, schedule, warmup, steps }: TeacherConfig['train']): Schedule =>
  warmUp(warmup, schedule === 'cosine' ? cosine({ from: rate, to: 0, steps }) : constantSchedule(rate))

export const learnerOptions = (train: TeacherConfig['train']): LearnerOptions => ({
  ...adamWDefaults,
  rate: rateOf(train),
  decay: train.decay,
  clip: train.clip,
  scrub: false,
  average: constantRate(train.ema)
})

/** `E |v_θ(x_t, t, c) − (ε − x)|²`, one step of it. Source: Lipman et al. 2022 (arXiv 2210.02747); spec 2.1. */
export const teacherStep = ({ model, data, train }: TeacherConfig): Readonly<Record<string, Expr>> => {
  const { batch } = train
  const shape = clipShape(data, batch)
  const x: Real = input('clips', 'f32', shape)
  const time = timeInputs('t', batch, model.frequencies)
  const noise: Real = normal(shape)(input('key', 'u32', [2]))
  const tokens = input('tokens', 'i32', [batch, tokensOf([undefined]).shape[1] ?? 1])
  const network = parameters.map(teacherParameters(model), ({ shape: s }, name) =>
    input(`learner.params.${name}`, 'f32', s)
  ) as TeacherParams
  const learner = learnerInputs(network, 'learner')
  const predicted = dit(ditConfigOf(model))(
    learner.params,
    interpolate(x, noise, time.value),
    time,
    contextOf(learner.params, tokens)
  )
  const loss = mean('all')(square(sub(predicted, velocity(x, noise))))
  const learned = learn(learnerOptions(train))(learner, gradOf(loss)(learner.params))
  return { ...outputsOf(learned.learner, 'learner'), loss, gradientNorm: learned.norm }
}

/** What a step reads beside the learner. */
export const teacherFeed = (
  images: Images,
  { data, model, train }: TeacherConfig
): ((step: number, key: Key) => ReadonlyMap<string, Tensor>) => {
  const draw = droppedBatchOf(images, data, train.dropout)
  const law = shifted(train.shift)
  return (_, key) => {
    const [batchKey = key, timeKey = key, noiseKey = key] = split(key, 3)
    const { clips, tokens } = draw(batchKey, train.batch)
    const { value, features } = times(sampleTimes(law)(timeKey, train.batch), model.frequencies)
    return new Map([
      ['clips', clips],
      ['tokens', tokens],
      ['t.value', value],
      ['t.features', features],
      ['key', tensor('u32', [2], Uint32Array.from(noiseKey))]
    ])
  }
}

/** The state before the first step. */
export const teacherBeginning = (config: TeacherConfig, key: Key): ReadonlyMap<string, Tensor> =>
  new Map(tensors.flatten(beginning(teacherInit(config.model)(key)), 'learner'))

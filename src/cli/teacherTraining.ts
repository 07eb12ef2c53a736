/** `fluxion train`: the teacher, from scratch, by flow matching. */
import { gradOf } from '../autodiff/grad.ts'
import { split, type Key } from '../core/Key.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import type { Images } from '../data/digits.ts'
import { interpolate, velocity } from '../flow/path.ts'
import { sampleTimes, shifted } from '../flow/schedule.ts'
import { dit } from '../nn/dit.ts'
import { tensors, type Real } from '../nn/params.ts'
import { timeInputs, times } from '../nn/time.ts'
import { input, mean, normal, square, sub, type Expr } from '../ops/api.ts'
import { learn } from '../optim/learner.ts'
import { beginning, learnerInputs, learnerOptions, outputsOf } from './learners.ts'
import { droppedBatchOf, tokensOf } from './clips.ts'
import type { TeacherConfig } from './configs.ts'
import { clipShape, contextOf, ditConfigOf, teacherInit, teacherInputs } from './teacher.ts'

// the step -------------------------------------------------------------------------------

/** `E |v_θ(x_t, t, c) − (ε − x)|²`, one step of it. Source: Lipman et al. 2022 (arXiv 2210.02747); spec 2.1. */
export const teacherStep = ({ model, data, train }: TeacherConfig): Readonly<Record<string, Expr>> => {
  const { batch } = train
  const shape = clipShape(data, batch)
  const x: Real = input('clips', 'f32', shape)
  const time = timeInputs('t', batch, model.frequencies)
  const noise: Real = normal(shape)(input('key', 'u32', [2]))
  const tokens = input('tokens', 'i32', [batch, tokensOf([undefined]).shape[1] ?? 1])
  const learner = learnerInputs(teacherInputs(model, 'learner.params'), 'learner')
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

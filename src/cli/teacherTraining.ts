/** `fluxion train`: the teacher, from scratch, by flow matching. */
import { gradOf } from '../autodiff/grad.ts'
import { split, type Key } from '../core/Key.ts'
import type { Images } from '../data/digits.ts'
import { interpolate, velocity } from '../flow/path.ts'
import { sampleTimes, shifted } from '../flow/schedule.ts'
import { dit } from '../nn/dit.ts'
import type { Tensors } from '../io/safetensors.ts'
import type { Real } from '../nn/params.ts'
import { timeInputs, times } from '../nn/time.ts'
import { input, mean, normal, square, sub } from '../ops/api.ts'
import { learn } from '../optim/learner.ts'
import { droppedBatchOf } from './clips.ts'
import type { TeacherConfig } from './configs.ts'
import { clipShape, keyInput, keyTensor, tokensInput } from './inputs.ts'
import { beginning, learnerInputs, learnerOptions, outputsOf } from './learners.ts'
import type { Outputs } from './programs.ts'
import { contextOf, ditConfigOf, teacherInit, teacherParameters } from './teacher.ts'
import type { Feed } from './training.ts'

// the step -------------------------------------------------------------------------------

/** `E |v_θ(x_t, t, c) − (ε − x)|²`, one step of it. Source: Lipman et al. 2022 (arXiv 2210.02747); spec 2.1. */
export const teacherStep = ({ model, data, train }: TeacherConfig): Outputs => {
  const { batch } = train
  const shape = clipShape(data, batch)
  const x: Real = input('clips', 'f32', shape)
  const time = timeInputs('t', batch, model.frequencies)
  const noise: Real = normal(shape)(keyInput())
  const learner = learnerInputs(teacherParameters(model), 'learner')
  const predicted = dit(ditConfigOf(model))(
    learner.params,
    interpolate(x, noise, time.value),
    time,
    contextOf(learner.params, tokensInput('tokens', batch))
  )
  const loss = mean('all')(square(sub(predicted, velocity(x, noise))))
  const learned = learn(learnerOptions(train))(learner, gradOf(loss)(learner.params))
  return { ...outputsOf(learned.learner, 'learner'), loss, gradientNorm: learned.norm }
}

/** What a step reads beside the learner. */
export const teacherFeed = (images: Images, { data, model, train }: TeacherConfig): Feed => {
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
      ['key', keyTensor(noiseKey)]
    ])
  }
}

/** The state before the first step. */
export const teacherBeginning = (config: TeacherConfig, key: Key): Tensors =>
  beginning(teacherInit(config.model)(key), 'learner', 'averaged')

/** `fluxion train`: the teacher, from scratch, by flow matching. */
import type { Key } from '../core/Key.ts'
import type { Tensor } from '../core/Tensor.ts'
import type { Images } from '../data/digits.ts'
import { shifted } from '../flow/schedule.ts'
import type { Tensors } from '../io/safetensors.ts'
import { dit } from '../nn/dit.ts'
import { teacherDraws, type TeacherDraws } from '../tmd/draws.ts'
import { teacherStep as flowMatchingStep } from '../tmd/stage1.ts'
import type { TeacherConfig } from './configs.ts'
import { batchInputs, drawInputs, feedOf, type Draws } from './feeds.ts'
import { keyInput } from './inputs.ts'
import { beginning, learnerInputs, learnerOptions, outputsOf } from './learners.ts'
import type { Outputs } from './programs.ts'
import { ditConfigOf, teacherInit, teacherParameters } from './teacher.ts'
import type { Feed } from './training.ts'

const drawsOf = ({ model, train }: TeacherConfig): Draws<TeacherDraws<Tensor>> =>
  teacherDraws({ law: shifted(train.shift), dropout: train.dropout, frequencies: model.frequencies })

/** A step of flow matching as a program; the words, which the captions are read by, learn with the network. */
export const teacherStep = (config: TeacherConfig): Outputs => {
  const { model, data, train } = config
  const learner = learnerInputs(teacherParameters(model), 'learner')
  const { state, metrics } = flowMatchingStep(dit(ditConfigOf(model)), learnerOptions(train))(
    learner,
    batchInputs(data, learner.params, train.batch),
    drawInputs(drawsOf(config), train.batch),
    keyInput()
  )
  return { ...outputsOf(state, 'learner'), ...metrics }
}

/** What a step reads beside the learner. */
export const teacherFeed = (images: Images, config: TeacherConfig): Feed =>
  feedOf(images, config.data, config.train.batch, drawsOf(config))

/** The state before the first step. */
export const teacherBeginning = (config: TeacherConfig, key: Key): Tensors =>
  beginning(teacherInit(config.model)(key), 'learner', 'averaged')

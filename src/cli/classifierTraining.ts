/** `fluxion train` of the classifier: cross-entropy of digit and direction on real clips. */
import { gradOf } from '../autodiff/grad.ts'
import { split, type Key } from '../core/Key.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import type { Tensors } from '../io/safetensors.ts'
import type { Images } from '../data/digits.ts'
import { directions, type Label } from '../data/movingDigits.ts'
import {
  classifierDefaults,
  classifierParameters,
  classify,
  crossEntropy,
  type ClassifierConfig,
  type ClassifierParams
} from '../measure/classifier.ts'
import { drawn, inputsOf, type Parameter, type Real } from '../nn/params.ts'
import { add, input, normal, scale } from '../ops/api.ts'
import { learn } from '../optim/learner.ts'
import { batchOf } from './clips.ts'
import type { ClassifierTraining, DataConfig } from './configs.ts'
import { clipShape, keyInput, keyTensor } from './inputs.ts'
import { beginning, learnerInputs, learnerOptions, outputsOf } from './learners.ts'
import type { Outputs } from './programs.ts'
import type { Feed } from './training.ts'

export const classifierConfigOf = ({ frames, height, width }: DataConfig): ClassifierConfig => ({
  ...classifierDefaults,
  frames,
  height,
  width
})

/** A classifier's parameters without numbers. */
export const parametersOf = (data: DataConfig): ClassifierParams<Parameter> =>
  classifierParameters(classifierConfigOf(data))

export const classifierInputs = (data: DataConfig, prefix: string): ClassifierParams =>
  inputsOf(parametersOf(data), prefix)

/** One step on a batch of real clips, seen through a little noise. */
export const classifierStep = ({ data, train }: ClassifierTraining): Outputs => {
  const shape = clipShape(data, train.batch)
  const clips: Real = input('clips', 'f32', shape)
  const noise: Real = normal(shape)(keyInput())
  const learner = learnerInputs(parametersOf(data), 'learner')
  const { digit, direction } = classify(learner.params, add(clips, scale(train.noise)(noise)))
  const loss = add(
    crossEntropy(digit, input('digits', 'i32', [train.batch])),
    crossEntropy(direction, input('directions', 'i32', [train.batch]))
  )
  const learned = learn(learnerOptions(train))(learner, gradOf(loss)(learner.params))
  return { ...outputsOf(learned.learner, 'learner'), loss, gradientNorm: learned.norm }
}

const whole = (values: ReadonlyArray<number>): Tensor => tensor('i32', [values.length], Int32Array.from(values))

/** Digits, and places in the list of directions, `[batch]` each. */
export const numbered = (labels: ReadonlyArray<Label>): { readonly digits: Tensor; readonly directions: Tensor } => ({
  digits: whole(labels.map(({ digit }) => digit)),
  directions: whole(labels.map(({ direction }) => directions.indexOf(direction)))
})

export const classifierFeed = (images: Images, { data, train }: ClassifierTraining): Feed => {
  const draw = batchOf(images, data)
  return (_, key) => {
    const [batchKey = key, noiseKey = key] = split(key, 2)
    const { clips, labels } = draw(batchKey, train.batch)
    return new Map(Object.entries({ clips, ...numbered(labels), key: keyTensor(noiseKey) }))
  }
}

export const classifierBeginning = ({ data }: ClassifierTraining, key: Key): Tensors =>
  beginning(drawn(parametersOf(data))(key), 'learner', 'averaged')

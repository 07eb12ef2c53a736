/** What a run can be asked to do: the configuration files of `fluxion train` and `fluxion distil`. */
import * as t from 'io-ts'
import { count, fraction, oneOf, positive, wholeNumber } from '../io/codecs.ts'
import type { Schema } from '../io/config.ts'

const data = t.strict({
  /** Frames of a clip. */
  frames: count,
  height: count,
  width: count,
  /** Pixels of a digit's side. */
  size: count,
  /** Pixels a frame. */
  speed: positive
})

const model = t.strict({
  /** Width of a token. */
  dim: count,
  /** Hidden width of a feed-forward layer. */
  ffn: count,
  heads: count,
  layers: count,
  /** Sinusoidal features of a time. */
  frequencies: count,
  /** Width of a word's embedding. */
  textDim: count,
  /** Frames, rows and columns of a patch. */
  patch: t.tuple([count, count, count])
})

const optimiser = t.strict({
  steps: count,
  batch: count,
  rate: positive,
  schedule: oneOf('constant', 'cosine'),
  /** Steps of linear warm-up. */
  warmup: wholeNumber,
  decay: fraction,
  /** Largest global norm of a gradient. */
  clip: positive
})

const keeping = t.strict({ checkpointEvery: count, logEvery: count })

/** What a configuration file trains. */
export type Kind = 'teacher' | 'classifier'

/** What a file says that it trains; a teacher where it says nothing. All else of it is checked later. */
export const kindOf = (text: string): Kind => (/^kind:\s*['"]?classifier\b/m.test(text) ? 'classifier' : 'teacher')

export const teacherCodec = t.strict({
  kind: t.literal('teacher'),
  name: t.string,
  seed: wholeNumber,
  data,
  model,
  train: t.intersection([
    optimiser,
    t.strict({
      /** Decay of the moving average of the weights. */
      ema: fraction,
      /** Part of the captions that are left out. */
      dropout: fraction,
      /** γ of the times that are trained on. */
      shift: positive
    }),
    keeping
  ])
})

export type TeacherConfig = t.TypeOf<typeof teacherCodec>
export type OptimiserConfig = t.TypeOf<typeof optimiser>
export type DataConfig = t.TypeOf<typeof data>
export type ModelConfig = t.TypeOf<typeof model>

export const dataDefaults: DataConfig = { frames: 8, height: 16, width: 16, size: 10, speed: 0.75 }

export const teacherDefaults: TeacherConfig = {
  kind: 'teacher',
  name: 'digits-teacher',
  seed: 0,
  data: dataDefaults,
  model: { dim: 128, ffn: 256, heads: 4, layers: 8, frequencies: 64, textDim: 64, patch: [2, 4, 4] },
  train: {
    steps: 12000,
    batch: 32,
    rate: 1e-3,
    schedule: 'cosine',
    warmup: 200,
    decay: 0.01,
    clip: 1,
    ema: 0.999,
    dropout: 0.1,
    shift: 3,
    checkpointEvery: 500,
    logEvery: 10
  }
}

export const teacherSchema: Schema<TeacherConfig> = { codec: teacherCodec, defaults: teacherDefaults }

export const classifierCodec = t.strict({
  kind: t.literal('classifier'),
  name: t.string,
  seed: wholeNumber,
  data,
  train: t.intersection([
    optimiser,
    t.strict({
      ema: fraction,
      /** Standard deviation of the noise on the clips, so that small flaws of generated ones do not mislead. */
      noise: t.number
    }),
    keeping
  ])
})

export type ClassifierTraining = t.TypeOf<typeof classifierCodec>

export const classifierSchema: Schema<ClassifierTraining> = {
  codec: classifierCodec,
  defaults: {
    kind: 'classifier',
    name: 'digits-classifier',
    seed: 0,
    data: dataDefaults,
    train: {
      steps: 4000,
      batch: 64,
      rate: 1e-3,
      schedule: 'cosine',
      warmup: 100,
      decay: 0.01,
      clip: 1,
      ema: 0.99,
      noise: 0.1,
      checkpointEvery: 1000,
      logEvery: 10
    }
  }
}

/** What a run can be asked to do: the configuration files of `fluxion train` and `fluxion distil`. */
import * as t from 'io-ts'
import { atLeast, count, finite, fraction, natural, notNegative, oneOf, positive } from '../io/codecs.ts'
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
  warmup: natural,
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
  seed: natural,
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
  seed: natural,
  data,
  train: t.intersection([
    optimiser,
    t.strict({
      ema: fraction,
      /** Standard deviation of the noise on the clips, so that small flaws of generated ones do not mislead. */
      noise: notNegative
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

// distillation ---------------------------------------------------------------------------

const student = t.strict({
  /** `M` outer steps, and `N` inner steps of each. */
  outerSteps: count,
  innerSteps: count,
  /** γ of the outer and of the inner grid. */
  outerShift: positive,
  innerShift: positive,
  /** Blocks of the flow head; 0 is DMD2-v, a student without a head. */
  headBlocks: natural,
  fusion: oneOf('gated', 'add', 'concat'),
  /** The logit of the gate at the start. */
  gate: finite,
  /** How the inner noise enters: `implied` is exact, `sampled` is the paper's (Eq. 14). */
  noise: oneOf('implied', 'sampled')
})

export const distilCodec = t.strict({
  kind: t.literal('student'),
  name: t.string,
  seed: natural,
  /** The file of the teacher. */
  teacher: t.string,
  student,
  /** Transition matching with MeanFlow; 0 steps leave it out. */
  stage1: t.intersection([
    t.strict({ steps: natural }),
    t.strict({
      batch: count,
      rate: positive,
      schedule: oneOf('constant', 'cosine'),
      warmup: natural,
      decay: fraction,
      clip: positive,
      ema: fraction,
      guidance: positive,
      dropout: fraction,
      /** The part of samples with r = s. */
      level: fraction,
      /** `c/d` of the adaptive normaliser. */
      normaliser: positive
    }),
    keeping
  ]),
  /** Distribution matching by rollouts; `steps` counts updates of student and critics together. */
  stage2: t.intersection([
    optimiser,
    t.strict({
      ema: fraction,
      guidance: positive,
      /** The student learns at every `every`-th step, the critics at all others. */
      every: atLeast(2, 'at 1 the critics would never learn'),
      fakeRate: positive,
      fakeSpace: oneOf('data', 'velocity'),
      /** Where rollouts begin: from noised `data`, as in TMD, or where the student itself comes to (`simulated`, DMD2). */
      start: oneOf('data', 'simulated'),
      /** γ of the times at which samples are judged. */
      shift: positive,
      normaliser: oneOf('fastgen', 'paper'),
      /** λ of the discriminator; 0 leaves it out. */
      adversarial: notNegative
    }),
    keeping
  ])
})

export type DistilConfig = t.TypeOf<typeof distilCodec>

export const distilDefaults: DistilConfig = {
  kind: 'student',
  name: 'digits-student',
  seed: 0,
  teacher: 'examples/assets/digits-teacher.safetensors',
  student: {
    outerSteps: 2,
    innerSteps: 2,
    outerShift: 10,
    innerShift: 10,
    headBlocks: 2,
    fusion: 'gated',
    gate: -6,
    noise: 'implied'
  },
  stage1: {
    steps: 2000,
    batch: 32,
    rate: 3e-4,
    schedule: 'cosine',
    warmup: 20,
    decay: 0.01,
    clip: 1,
    ema: 0.99,
    guidance: 3,
    dropout: 0.1,
    level: 0.75,
    normaliser: 1,
    checkpointEvery: 250,
    logEvery: 5
  },
  stage2: {
    steps: 10000,
    batch: 32,
    rate: 1e-4,
    schedule: 'constant',
    warmup: 0,
    decay: 0.01,
    clip: 10,
    ema: 0.99,
    guidance: 3,
    every: 5,
    fakeRate: 2e-4,
    fakeSpace: 'velocity',
    start: 'data',
    shift: 5,
    normaliser: 'fastgen',
    adversarial: 0,
    checkpointEvery: 500,
    logEvery: 5
  }
}

export const distilSchema: Schema<DistilConfig> = { codec: distilCodec, defaults: distilDefaults }

/** A finished student: how it was distilled, and the teacher that it came from. */
export const studentCodec = t.strict({ distil: distilCodec, teacher: teacherCodec })
export type StudentFile = t.TypeOf<typeof studentCodec>

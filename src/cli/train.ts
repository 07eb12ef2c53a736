/** `fluxion train FILE`: trains what a configuration file describes, or goes on where an earlier run of it stopped. */
import { join } from 'node:path'
import { pipe, TE } from '../core/fp.ts'
import { fold, key, type Key } from '../core/Key.ts'
import type { Images } from '../data/digits.ts'
import { load, show, type Schema } from '../io/config.ts'
import { readText } from '../io/files.ts'
import { log } from '../io/run.ts'
import type { Tensors } from '../io/safetensors.ts'
import type { Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { classifierBeginning, classifierFeed, classifierStep } from './classifierTraining.ts'
import { digits } from './clips.ts'
import {
  classifierSchema,
  kindOf,
  teacherSchema,
  type ClassifierTraining,
  type Kind,
  type OptimiserConfig,
  type TeacherConfig
} from './configs.ts'
import { withDevice } from './devices.ts'
import { io, ofConfig, type Task } from './Failure.ts'
import { averageOf, classifierKind, describeLearner, saveModel, teacherKind, type Kind as ModelKind } from './models.ts'
import { compileStep, download, type Outputs } from './programs.ts'
import { openRun, placeOf, startOf, stoppable } from './runs.ts'
import { teacherBeginning, teacherFeed, teacherStep } from './teacherTraining.ts'
import { train, type Feed, type Job, type Place, type Point } from './training.ts'

export interface TrainOptions {
  readonly file: string
  readonly runs: string
  readonly device: Wanted
  readonly overrides: ReadonlyArray<string>
}

/** What every configuration of a training has. */
interface Training {
  readonly kind: Kind
  readonly name: string
  readonly seed: number
  readonly train: OptimiserConfig & { readonly checkpointEvery: number; readonly logEvery: number }
}

/** Something that can be trained: its configuration, its state before the first step, the step, what a step reads. */
interface Trainee<C extends Training> {
  readonly schema: Schema<C>
  readonly kind: ModelKind<C>
  readonly beginning: (config: C, key: Key) => Tensors
  readonly step: (config: C) => Outputs
  readonly feed: (images: Images, config: C) => Feed
}

const teacher: Trainee<TeacherConfig> = {
  schema: teacherSchema,
  kind: teacherKind,
  beginning: teacherBeginning,
  step: teacherStep,
  feed: teacherFeed
}

const classifier: Trainee<ClassifierTraining> = {
  schema: classifierSchema,
  kind: classifierKind,
  beginning: classifierBeginning,
  step: classifierStep,
  feed: classifierFeed
}

/** One compiled step again and again. */
const jobOf = <C extends Training>(
  { kind }: Trainee<C>,
  config: C,
  step: ReturnType<Job['stepOf']>,
  inputsOf: Feed,
  beginning: () => Tensors
): Job => ({
  label: config.name,
  steps: config.train.steps,
  key: fold(key(config.seed), 1),
  beginning,
  stepOf: () => step,
  inputsOf,
  checkpointEvery: config.train.checkpointEvery,
  logEvery: config.train.logEvery,
  frozen: new Map(),
  shown: ['loss', 'gradientNorm'],
  about: describeLearner(kind, config, 'learner')
})

/** Writes the average of the weights; the result is the path. */
const finish = <C>(device: Device, kind: ModelKind<C>, config: C, path: string, { state }: Point): Task<string> =>
  pipe(
    download(device, averageOf(state, 'learner')),
    TE.flatMap((tensors) => saveModel(kind, { path, config, tensors }, 'f32')),
    TE.as(path)
  )

const trainWith =
  <C extends Training>(trainee: Trainee<C>, options: TrainOptions, config: C) =>
  (device: Device, stop: Place['stop']): Task<string> => {
    const text = show(trainee.schema, config)
    const folder = join(options.runs, config.name)
    const beginning = (): Tensors => trainee.beginning(config, fold(key(config.seed), 0))
    return pipe(
      TE.Do,
      TE.bind('run', () => openRun(folder, text, device)),
      TE.bind('images', () => digits),
      TE.bind('step', () => compileStep(device, trainee.step(config))),
      TE.let('place', ({ run }) => placeOf(run, text, stop)),
      TE.bind('from', ({ place }) => startOf(device, place, beginning)),
      TE.tap(({ run, from }) =>
        io(log(run, 'info', from.step === 0 ? 'training begins' : 'training goes on', { step: from.step }))
      ),
      TE.flatMap(({ images, step, place, from }) =>
        train(device, jobOf(trainee, config, step, trainee.feed(images.training, config), beginning), place)(from)
      ),
      TE.flatMap((end) => finish(device, trainee.kind, config, join(folder, `${config.kind}.safetensors`), end))
    )
  }

const start = <C extends Training>(trainee: Trainee<C>, options: TrainOptions): Task<string> =>
  pipe(
    load(trainee.schema)(options.file, options.overrides),
    TE.mapLeft(ofConfig),
    TE.flatMap((config) =>
      withDevice(options.device)((device) => stoppable((stop) => trainWith(trainee, options, config)(device, stop)))
    )
  )

/** Trains; the result is the path of the finished model. */
export const trainCommand = (options: TrainOptions): Task<string> =>
  pipe(
    io(readText(options.file)),
    TE.flatMap((text) => (kindOf(text) === 'classifier' ? start(classifier, options) : start(teacher, options)))
  )

/** `fluxion train FILE`: trains what a configuration file describes, or goes on where an earlier run of it stopped. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { O, pipe, TE } from '../core/fp.ts'
import { fold, key, type Key } from '../core/Key.ts'
import type { Tensor } from '../core/Tensor.ts'
import type { Images } from '../data/digits.ts'
import { readText } from '../io/files.ts'
import type { Expr } from '../ops/api.ts'
import { hash, load, show, type Schema } from '../io/config.ts'
import { create, environment, log, paths, type Run } from '../io/run.ts'
import { write } from '../io/safetensors.ts'
import type { Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { digits } from './clips.ts'
import { classifierBeginning, classifierFeed, classifierStep } from './classifierTraining.ts'
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
import { screen } from './progress.ts'
import { teacherBeginning, teacherFeed, teacherStep } from './teacherTraining.ts'
import { compileStep, download, restore, train, upload, type Place, type Point, type State } from './training.ts'

export interface TrainOptions {
  readonly file: string
  readonly runs: string
  readonly device: Wanted
  readonly overrides: ReadonlyArray<string>
}

/** The folder of a run, made or found again. */
export const openRun = (folder: string, config: string, device: Device): Task<Run> =>
  existsSync(join(folder, 'config.yaml'))
    ? TE.right(paths(folder))
    : io(create(folder, { config, environment: environment({ device: device.description }) }))

/** Set once the user presses Ctrl-C; pressing it again ends the process at once. */
export const stopper = (): { readonly asked: boolean } => {
  const stop = { asked: false } // local
  process.once('SIGINT', () => {
    stop.asked = true
    process.stderr.write('\nstopping after this step; press Ctrl-C again to stop at once\n')
  })
  return stop
}

/** The average of the weights, under the names of a teacher. */
export const averageOf = (state: State, prefix = 'learner'): State =>
  new Map(
    [...state].flatMap(([name, buffer]) => {
      const under = `${prefix}.average.`
      return name.startsWith(under) ? [[name.slice(under.length), buffer] as const] : []
    })
  )

/** What every configuration of a training has. */
interface Common {
  readonly kind: Kind
  readonly name: string
  readonly seed: number
  readonly train: OptimiserConfig & { readonly checkpointEvery: number; readonly logEvery: number }
}

/** Something that can be trained: its configuration, its state before the first step, the step, what a step reads. */
interface Trainee<C extends Common> {
  readonly schema: Schema<C>
  readonly beginning: (config: C, key: Key) => ReadonlyMap<string, Tensor>
  readonly step: (config: C) => Readonly<Record<string, Expr>>
  readonly feed: (images: Images, config: C) => (step: number, key: Key) => ReadonlyMap<string, Tensor>
}

const trainWith =
  <C extends Common>(trainee: Trainee<C>, options: TrainOptions, config: C) =>
  (device: Device): Task<string> => {
    const text = show(trainee.schema, config)
    const folder = join(options.runs, config.name)
    const root = key(config.seed)
    const finished = join(folder, `${config.kind}.safetensors`)
    return pipe(
      TE.Do,
      TE.bind('run', () => openRun(folder, text, device)),
      TE.bind('images', () => digits),
      TE.bind('step', () => compileStep(device, trainee.step(config))),
      TE.let(
        'place',
        ({ run }): Place => ({ run, configHash: hash(text), screen: screen(process.stderr), stop: stopper() })
      ),
      TE.bind('from', ({ place }) => startOf(device, place, () => trainee.beginning(config, fold(root, 0)))),
      TE.tap(({ run, from }) =>
        io(log(run, 'info', from.step === 0 ? 'training begins' : 'training goes on', { step: from.step }))
      ),
      TE.flatMap(({ images, step, place, from }) =>
        train(
          device,
          {
            label: config.name,
            steps: config.train.steps,
            key: fold(root, 1),
            stepOf: () => step,
            inputsOf: trainee.feed(images.training, config),
            checkpointEvery: config.train.checkpointEvery,
            logEvery: config.train.logEvery,
            frozen: new Map(),
            shown: ['loss', 'gradientNorm']
          },
          place
        )(from)
      ),
      TE.flatMap((state) => download(device, averageOf(state))),
      TE.flatMap((tensors) => io(write(finished, tensors, { kind: config.kind, config: JSON.stringify(config) }))),
      TE.as(finished)
    )
  }

/** Where a run goes on: its newest checkpoint, or the beginning. */
export const startOf = (device: Device, place: Place, beginning: () => ReadonlyMap<string, Tensor>): Task<Point> =>
  pipe(
    restore(device, place),
    TE.flatMap(
      O.match(
        () =>
          pipe(
            upload(device, beginning()),
            TE.map((state) => ({ step: 0, state }))
          ),
        (point) => TE.right(point)
      )
    )
  )

const teacher: Trainee<TeacherConfig> = {
  schema: teacherSchema,
  beginning: teacherBeginning,
  step: teacherStep,
  feed: teacherFeed
}

const classifier: Trainee<ClassifierTraining> = {
  schema: classifierSchema,
  beginning: classifierBeginning,
  step: classifierStep,
  feed: classifierFeed
}

const start = <C extends Common>(trainee: Trainee<C>, options: TrainOptions): Task<string> =>
  pipe(
    load(trainee.schema)(options.file, options.overrides),
    TE.mapLeft(ofConfig),
    TE.flatMap((config) => withDevice(options.device)(trainWith(trainee, options, config)))
  )

/** Trains; the result is the path of the finished model. */
export const trainCommand = (options: TrainOptions): Task<string> =>
  pipe(
    io(readText(options.file)),
    TE.flatMap((text) => (kindOf(text) === 'classifier' ? start(classifier, options) : start(teacher, options)))
  )

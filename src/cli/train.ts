/** `fluxion train FILE`: trains what a configuration file describes, or goes on where an earlier run of it stopped. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { O, pipe, TE } from '../core/fp.ts'
import { fold, key } from '../core/Key.ts'
import { hash, load, show } from '../io/config.ts'
import { create, environment, log, paths, type Run } from '../io/run.ts'
import { write } from '../io/safetensors.ts'
import type { Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { digits } from './clips.ts'
import { teacherSchema, type TeacherConfig } from './configs.ts'
import { withDevice } from './devices.ts'
import { io, ofConfig, type Task } from './Failure.ts'
import { screen } from './progress.ts'
import { teacherBeginning, teacherFeed, teacherStep } from './teacherTraining.ts'
import { compileStep, download, restore, train, upload, type Place, type State } from './training.ts'

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
const averageOf = (state: State): State =>
  new Map(
    [...state].flatMap(([name, buffer]) => {
      const leaf = /^learner\.average\.(.*)$/.exec(name)?.[1]
      return leaf === undefined ? [] : [[leaf, buffer] as const]
    })
  )

const trainTeacher =
  (options: TrainOptions, config: TeacherConfig) =>
  (device: Device): Task<string> => {
    const text = show(teacherSchema, config)
    const folder = join(options.runs, config.name)
    const root = key(config.seed)
    return pipe(
      TE.Do,
      TE.bind('run', () => openRun(folder, text, device)),
      TE.bind('images', () => digits),
      TE.bind('step', () => compileStep(device, teacherStep(config))),
      TE.let(
        'place',
        ({ run }): Place => ({ run, configHash: hash(text), screen: screen(process.stderr), stop: stopper() })
      ),
      TE.bind('from', ({ place }) =>
        pipe(
          restore(device, place),
          TE.flatMap(
            O.match(
              () =>
                pipe(
                  upload(device, teacherBeginning(config, fold(root, 0))),
                  TE.map((state) => ({ step: 0, state }))
                ),
              (point) => TE.right(point)
            )
          )
        )
      ),
      TE.tap(({ run, from }) =>
        io(log(run, 'info', from.step === 0 ? 'training begins' : 'training goes on', { step: from.step }))
      ),
      TE.bind('state', ({ images, step, place, from }) => {
        const feed = teacherFeed(images.training, config)
        return train(
          device,
          {
            label: config.name,
            steps: config.train.steps,
            key: fold(root, 1),
            stepOf: () => step,
            inputsOf: feed,
            checkpointEvery: config.train.checkpointEvery,
            logEvery: config.train.logEvery,
            shown: ['loss', 'gradientNorm']
          },
          place
        )(from)
      }),
      TE.flatMap(({ run, state }) =>
        pipe(
          download(device, averageOf(state)),
          TE.flatMap((tensors) =>
            io(
              write(join(run.folder, 'teacher.safetensors'), tensors, {
                kind: 'teacher',
                config: JSON.stringify(config)
              })
            )
          ),
          TE.as(join(run.folder, 'teacher.safetensors'))
        )
      )
    )
  }

/** Trains; the result is the path of the finished model. */
export const trainCommand = (options: TrainOptions): Task<string> =>
  pipe(
    load(teacherSchema)(options.file, options.overrides),
    TE.mapLeft(ofConfig),
    TE.flatMap((config) => withDevice(options.device)(trainTeacher(options, config)))
  )

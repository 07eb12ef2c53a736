/** A run in its folder: made or found again, gone on with, and stopped by the user. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { O, pipe, TE } from '../core/fp.ts'
import { hash } from '../io/config.ts'
import { create, environment, paths, type Run } from '../io/run.ts'
import type { Tensors } from '../io/safetensors.ts'
import type { Device } from '../runtime/device.ts'
import { io, type Task } from './Failure.ts'
import { screen } from './progress.ts'
import { upload } from './programs.ts'
import { restore, type Place, type Point } from './training.ts'

/** The folder of a run, made or found again. */
export const openRun = (folder: string, config: string, device: Device): Task<Run> =>
  existsSync(join(folder, 'config.yaml'))
    ? TE.right(paths(folder))
    : io(create(folder, { config, environment: environment({ device: device.description }) }))

/** Trains with Ctrl-C heard: `stop.asked` is set once it is pressed; pressing it again ends the process at once. */
export const stoppable = <A>(use: (stop: Place['stop']) => Task<A>): Task<A> => {
  const stop = { asked: false } // local
  const ask = (): void => {
    stop.asked = true
    process.stderr.write('\nstopping after this step; press Ctrl-C again to stop at once\n')
  }
  return TE.bracket(
    TE.fromIO(() => process.once('SIGINT', ask)),
    () => use(stop),
    () => TE.fromIO(() => void process.removeListener('SIGINT', ask))
  )
}

/** Where the training of a run takes place, given its configuration as text. */
export const placeOf = (run: Run, config: string, stop: Place['stop']): Place => ({
  run,
  configHash: hash(config),
  screen: screen(process.stderr),
  stop
})

/** Where a run goes on: its newest checkpoint, or the beginning. */
export const startOf = (device: Device, place: Place, beginning: () => Tensors): Task<Point> =>
  pipe(
    restore(device, place),
    TE.flatMap(
      O.match(
        () =>
          pipe(
            upload(device, beginning()),
            TE.map((state): Point => ({ step: 0, state, seconds: 0 }))
          ),
        (point) => TE.right(point)
      )
    )
  )

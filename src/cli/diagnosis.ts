/**
 * Where a training ceased to have numbers. The state that a step began with is gone once it has run, but every step
 * follows from the one before: the training is gone through again from its newest checkpoint, or from its beginning, to
 * the step in question, and that step is run under a watcher.
 */
import { O, pipe, TE } from '../core/fp.ts'
import { fold } from '../core/Key.ts'
import * as Checkpoint from '../io/checkpoint.ts'
import type { Tensors } from '../io/safetensors.ts'
import { nameOf } from '../inspect/explain.ts'
import { summary, watch, watching, type Finding } from '../inspect/watch.ts'
import type { Device } from '../runtime/device.ts'
import { graph, io, type Task } from './Failure.ts'
import { advance, download, upload, without, type Outputs, type State } from './programs.ts'
import type { Job, Place } from './training.ts'

/** A metric that was not a number, and the step that gave it, counted from 0. */
export interface Bad {
  readonly metric: string
  readonly step: number
}

interface Past {
  readonly step: number
  readonly tensors: Tensors
}

/** What can be gone back to. */
const past = ({ beginning }: Job, { run }: Place): Task<Past> =>
  pipe(
    io(Checkpoint.latest(run.checkpoints)),
    TE.map(({ checkpoint }) =>
      pipe(
        checkpoint,
        O.match(
          () => ({ step: 0, tensors: beginning() }),
          ({ step, tensors }) => ({ step, tensors })
        )
      )
    )
  )

const inputsAt = (job: Job, step: number): Tensors => job.inputsOf(step, fold(job.key, step))

/** The state before a step, all of it on the device, from one that was before. */
const again = (device: Device, job: Job, { step, tensors }: Past, until: number): Task<State> =>
  Array.from({ length: Math.max(0, until - step) }, (_, i) => step + i).reduce<Task<State>>(
    (before, at) =>
      pipe(
        before,
        TE.flatMap((state) => advance(device, job.stepOf(at))(new Map([...job.frozen, ...state]), inputsAt(job, at))),
        TE.map(({ state }) => without(state, job.frozen))
      ),
    upload(device, tensors)
  )

/** The part of a step that a metric depends on. */
const outputOf = (job: Job, { metric, step }: Bad): Outputs =>
  Object.fromEntries(
    job.stepOf(step).program.outputs.flatMap(({ name, node }) => (name === metric ? [[name, node]] : []))
  )

const watched = (device: Device, job: Job, bad: Bad, state: State): Task<O.Option<Finding>> =>
  pipe(
    download(device, new Map([...job.frozen, ...state])),
    TE.tapIO(() => () => device.release(state.values())),
    TE.flatMap((tensors) =>
      graph(watch(watching(device))(outputOf(job, bad), new Map([...tensors, ...inputsAt(job, bad.step)])))
    )
  )

const most = 8

/** The way to an output, by the names of operations, without its middle where it is long. */
const way = ({ path }: Finding): string => {
  const names = path.map(nameOf)
  const shown = names.length > most ? [...names.slice(0, 4), `${names.length - 7} more`, ...names.slice(-3)] : names
  return shown.join(' → ')
}

const sentence = ({ metric, step }: Bad, from: number) =>
  O.match<Finding, string>(
    () =>
      `run again from step ${from}, ${metric} is a number at step ${step + 1}: this device does not compute the same twice`,
    (finding) => `at step ${step + 1}, ${summary(finding)}; on the way to ${metric}: ${way(finding)}`
  )

/** A sentence that says where it began; a fault on the way is one of looking, and takes nothing from what was found before. */
export const diagnosis = (device: Device, job: Job, place: Place, bad: Bad): Task<string> =>
  pipe(
    past(job, place),
    TE.tapIO(({ step }) => () => {
      place.screen.show(
        `${job.label}: ${bad.metric} is not a number at step ${bad.step + 1}; looking for where it began, from step ${step} on`
      )
    }),
    TE.flatMap((from) =>
      pipe(
        again(device, job, from, bad.step),
        TE.flatMap((state) => watched(device, job, bad, state)),
        TE.map(sentence(bad, from.step))
      )
    )
  )

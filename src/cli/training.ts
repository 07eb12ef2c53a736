/**
 * The training loop: the one place where steps, files, the clock and the terminal meet. A step is a compiled graph; what
 * it calls by the name of a state replaces that state, everything else it gives is a metric. All that a step draws comes
 * from the run's key and the step's number, so that a killed run goes on to the same numbers.
 */
import type { Expr } from '../core/Expr.ts'
import { E, O, pipe, TE } from '../core/fp.ts'
import { fold, type Key } from '../core/Key.ts'
import type { Tensor } from '../core/Tensor.ts'
import { program } from '../compile/Program.ts'
import * as Checkpoint from '../io/checkpoint.ts'
import { show as showIo } from '../io/IoFault.ts'
import { log, measure, resume, type Run } from '../io/run.ts'
import type { Tensors } from '../io/safetensors.ts'
import type { Buffer, Device, Executable } from '../runtime/device.ts'
import { device as onDevice, failure, graph, interrupted, io, type Failure, type Task } from './Failure.ts'
import { render, type Screen } from './progress.ts'

// model ----------------------------------------------------------------------------------

export type State = ReadonlyMap<string, Buffer>
export type Metrics = Readonly<Record<string, number>>

export interface Job {
  readonly label: string
  readonly steps: number
  readonly key: Key
  /** The compiled step with this number, counted from 0. */
  readonly stepOf: (step: number) => Executable
  /** Everything that a step reads beside the state: the batch, times, keys. Pure. */
  readonly inputsOf: (step: number, key: Key) => ReadonlyMap<string, Tensor>
  readonly checkpointEvery: number
  readonly logEvery: number
  /** What steps read and never replace: other models, on the device. Not part of checkpoints. */
  readonly frozen: State
  /** Names of metrics that the terminal shows. */
  readonly shown: ReadonlyArray<string>
}

export interface Place {
  readonly run: Run
  readonly configHash: string
  readonly screen: Screen
  /** Set when the user asks to stop. */
  readonly stop: { readonly asked: boolean }
}

// steps ----------------------------------------------------------------------------------

/** Compiles a step from its outputs by name. */
export const compileStep = (device: Device, outputs: Readonly<Record<string, Expr>>): Task<Executable> =>
  pipe(TE.fromEither(program(outputs)), TE.flatMap(device.compile), graph)

export const upload = (device: Device, tensors: ReadonlyMap<string, Tensor>): Task<State> =>
  pipe(
    [...tensors],
    TE.traverseSeqArray(([name, value]) =>
      pipe(
        device.upload(value),
        TE.map((buffer) => [name, buffer] as const)
      )
    ),
    TE.map((entries) => new Map(entries)),
    onDevice
  )

export const download = (device: Device, state: State): Task<Tensors> =>
  pipe(
    [...state],
    TE.traverseSeqArray(([name, buffer]) =>
      pipe(
        device.read(buffer),
        TE.map((value) => [name, value] as const)
      )
    ),
    TE.map((entries) => new Map(entries)),
    onDevice
  )

const scalars = (values: Tensors): Metrics =>
  Object.fromEntries([...values].map(([name, value]) => [name, value.data[0] ?? NaN]))

/** One step: the next state, and the metrics. The state's buffers that are replaced are donated. */
export const advance =
  (device: Device, step: Executable) =>
  (state: State, inputs: ReadonlyMap<string, Tensor>): Task<{ readonly state: State; readonly metrics: Metrics }> => {
    const wanted = step.program.inputs.map(({ name }) => name)
    const kept = new Map(
      wanted.flatMap((name) => (state.has(name) ? [[name, state.get(name) as Buffer] as const] : []))
    )
    const rest = new Map(
      wanted.flatMap((name) => (inputs.has(name) ? [[name, inputs.get(name) as Tensor] as const] : []))
    )
    const replaced = new Set(step.program.outputs.map(({ name }) => name).filter((name) => kept.has(name)))
    return pipe(
      upload(device, rest),
      TE.flatMap((given) =>
        pipe(
          step.run(new Map([...kept, ...given]), replaced),
          onDevice,
          TE.tapIO(() => () => device.release(given.values()))
        )
      ),
      TE.flatMap((outputs) => {
        const measured = new Map([...outputs].filter(([name]) => !state.has(name)))
        const next = new Map([...state, ...[...outputs].filter(([name]) => state.has(name))])
        return pipe(
          download(device, measured),
          TE.map((values) => {
            device.release(measured.values())
            return { state: next, metrics: scalars(values) }
          })
        )
      })
    )
  }

// the loop -------------------------------------------------------------------------------

export interface Point {
  readonly step: number
  readonly state: State
}

const save = (device: Device, job: Job, { run, configHash }: Place, { step, state }: Point): Task<void> =>
  pipe(
    download(device, state),
    TE.flatMap((tensors) =>
      io(Checkpoint.save(run.checkpoints, { step, key: job.key, optimisers: [], config: configHash, tensors }))
    )
  )

/** The newest whole checkpoint of a run, and metrics cut to it; `none` for a run that has none. */
export const restore = (device: Device, { run, configHash }: Place): Task<O.Option<Point>> =>
  pipe(
    io(Checkpoint.latest(run.checkpoints)),
    TE.tap(({ skipped }) =>
      TE.traverseSeqArray((fault: Parameters<typeof showIo>[0]) =>
        io(log(run, 'warning', `${showIo(fault)}; the checkpoint before it is used`))
      )(skipped)
    ),
    TE.flatMap(({ checkpoint }) =>
      O.isNone(checkpoint)
        ? TE.right(O.none)
        : checkpoint.value.config !== configHash
          ? TE.left(
              failure(`${run.folder}: its checkpoint was made with another configuration; give this run another name`)
            )
          : pipe(
              io(resume(run.folder, checkpoint.value.step)),
              TE.flatMap(() => upload(device, checkpoint.value.tensors)),
              TE.map((state) => O.some({ step: checkpoint.value.step, state }))
            )
    )
  )

const broken = (metrics: Metrics): string | undefined =>
  Object.entries(metrics).find(([, value]) => !Number.isFinite(value))?.[0]

const pick = (metrics: Metrics, names: ReadonlyArray<string>): Metrics =>
  Object.fromEntries(names.flatMap((name) => (metrics[name] === undefined ? [] : [[name, metrics[name]]])))

/** Runs a job from a point to its last step. */
export const train =
  (device: Device, job: Job, place: Place) =>
  (from: Point): Task<State> =>
  async () => {
    const { run, screen, stop } = place
    const started = Date.now()
    const latest: Record<string, number> = {} // local
    let point = from
    let saved = from.step
    const stopAt = async (why: Failure): Promise<E.Either<Failure, State>> => {
      screen.end()
      return E.left(why)
    }
    while (point.step < job.steps) {
      const { step } = point
      const whole = new Map([...job.frozen, ...point.state])
      const done = await advance(device, job.stepOf(step))(whole, job.inputsOf(step, fold(job.key, step)))()
      if (E.isLeft(done)) return stopAt(done.left)
      const { state, metrics } = done.right
      const bad = broken(metrics)
      if (bad !== undefined)
        return stopAt(
          failure(
            `${job.label}: ${bad} is not a number at step ${step + 1}; the checkpoint of step ${saved} is kept in ${run.checkpoints}; lower the learning rate or clip harder, then resume`
          )
        )
      point = { step: step + 1, state: new Map([...state].filter(([name]) => !job.frozen.has(name))) }
      Object.assign(latest, metrics)
      const last = point.step === job.steps
      if (point.step % job.logEvery === 0 || last) {
        const written = await io(measure(run, { step: point.step, phase: job.label, ...metrics }))()
        if (E.isLeft(written)) return stopAt(written.left)
      }
      screen.show(
        render({
          label: job.label,
          done: point.step,
          total: job.steps,
          seconds: (Date.now() - started) / 1000,
          began: from.step,
          metrics: pick(latest, job.shown)
        })
      )
      if (point.step % job.checkpointEvery === 0 || last || stop.asked) {
        const kept = await save(device, job, place, point)()
        if (E.isLeft(kept)) return stopAt(kept.left)
        saved = point.step
      }
      if (stop.asked && !last)
        return stopAt(
          interrupted(
            `${job.label}: stopped at step ${point.step} of ${job.steps}; run the same command again to go on`
          )
        )
    }
    screen.end()
    return E.right(point.state)
  }

/**
 * The training loop: the one place where steps, files, the clock and the terminal meet. A step is a compiled graph; what
 * it calls by the name of a state replaces that state, everything else it gives is a metric. All that a step draws comes
 * from the run's key and the step's number, so that a killed run goes on to the same numbers.
 */
import { E, O, pipe, TE } from '../core/fp.ts'
import { fold, type Key } from '../core/Key.ts'
import { range } from '../core/Shape.ts'
import * as Checkpoint from '../io/checkpoint.ts'
import { show as showIo, type IoFault } from '../io/IoFault.ts'
import { log, measure, resume, type Run } from '../io/run.ts'
import type { Metadata, Tensors } from '../io/safetensors.ts'
import type { Device, Executable } from '../runtime/device.ts'
import { diagnosis, type Bad } from './diagnosis.ts'
import { failure, interrupted, io, type Result, type Task } from './Failure.ts'
import { advance, download, upload, without, type Advanced, type State } from './programs.ts'
import { render, type Screen } from './progress.ts'

// model ----------------------------------------------------------------------------------

export type Metrics = Readonly<Record<string, number>>

/** Everything that a step reads beside the state, from its number and a key of its own: the batch, times, keys. Pure. */
export type Feed = (step: number, key: Key) => Tensors

export interface Job {
  readonly label: string
  readonly steps: number
  readonly key: Key
  /** The state before the first step. */
  readonly beginning: () => Tensors
  /** The compiled step with this number, counted from 0. */
  readonly stepOf: (step: number) => Executable
  readonly inputsOf: Feed
  readonly checkpointEvery: number
  /** Of every so many steps, the last is written down, and the last of each other program that they alternate with. */
  readonly logEvery: number
  /** What steps read and never replace: other models, on the device. Not part of checkpoints. */
  readonly frozen: State
  /** Names of metrics that the terminal shows. */
  readonly shown: ReadonlyArray<string>
  /** What its checkpoints are, beside their step. */
  readonly about: Metadata
}

export interface Place {
  readonly run: Run
  readonly configHash: string
  readonly screen: Screen
  /** Set when the user asks to stop. */
  readonly stop: { readonly asked: boolean }
}

// checkpoints ----------------------------------------------------------------------------

export interface Point {
  readonly step: number
  readonly state: State
  /** Seconds of training that led here, over all resumptions. */
  readonly seconds: number
}

const save = (device: Device, job: Job, { run, configHash }: Place, { step, state, seconds }: Point): Task<void> => {
  const about = { ...job.about, moment: `${job.label} step ${step}` }
  return pipe(
    download(device, state),
    TE.flatMap((tensors) =>
      io(
        Checkpoint.save(run.checkpoints, {
          step,
          key: job.key,
          optimisers: [],
          config: configHash,
          seconds,
          about,
          tensors
        })
      )
    )
  )
}

/** The newest whole checkpoint of a run, and metrics cut to it; `none`, and no metrics, for a run that has none. */
export const restore = (device: Device, { run, configHash }: Place): Task<O.Option<Point>> =>
  pipe(
    io(Checkpoint.latest(run.checkpoints)),
    TE.tap(({ skipped }) =>
      TE.traverseSeqArray((fault: IoFault) =>
        io(log(run, 'warning', `${showIo(fault)}; the checkpoint before it is used`))
      )(skipped)
    ),
    TE.flatMap(({ checkpoint }) =>
      O.isNone(checkpoint)
        ? pipe(io(resume(run.folder, 0)), TE.as(O.none))
        : checkpoint.value.config !== configHash
          ? TE.left(
              failure(`${run.folder}: its checkpoint was made with another configuration; give this run another name`)
            )
          : pipe(
              io(resume(run.folder, checkpoint.value.step)),
              TE.flatMap(() => upload(device, checkpoint.value.tensors)),
              TE.map((state) => O.some({ step: checkpoint.value.step, state, seconds: checkpoint.value.seconds }))
            )
    )
  )

// the loop -------------------------------------------------------------------------------

/** Between two steps: where the run is, every metric's newest value, and the step of the newest checkpoint. */
interface Turn {
  readonly point: Point
  readonly latest: Metrics
  readonly saved: number
}

const scalars = (values: Tensors): Metrics =>
  Object.fromEntries([...values].map(([name, value]) => [name, value.data[0] ?? NaN]))

const badOf = (metrics: Metrics, step: number): Bad | undefined => {
  const bad = Object.entries(metrics).find(([, value]) => !Number.isFinite(value))
  return bad === undefined ? undefined : { metric: bad[0], step }
}

const notANumber = ({ label }: Job, { run }: Place, { saved }: Turn, { metric, step }: Bad): string =>
  `${label}: ${metric} is not a number at step ${step + 1}; the checkpoint of step ${saved} is kept in ${run.checkpoints}; lower the learning rate or clip harder, under another name`

/** The metrics, if they are numbers; else what is known of where they ceased to be. */
const finite =
  (device: Device, job: Job, place: Place, turn: Turn) =>
  ({ state, rest }: Advanced): Task<Metrics> => {
    const metrics = scalars(rest)
    const bad = badOf(metrics, turn.point.step)
    if (bad === undefined) return TE.right(metrics)
    const stopped = notANumber(job, place, turn, bad)
    device.release(without(state, job.frozen).values())
    return pipe(
      diagnosis(device, job, place, bad),
      TE.match(
        () => failure(stopped),
        (found) => failure(stopped, `${job.label}: ${found}`)
      ),
      TE.fromTask,
      TE.flatMap((why) => TE.left(why))
    )
  }

const isLast = ({ steps }: Job, step: number): boolean => step === steps

/** The step's outputs, once they are known to be numbers. `clock` tells the seconds of training so far. */
const stepped = (
  device: Device,
  job: Job,
  place: Place,
  turn: Turn,
  clock: () => number
): Task<Turn & { readonly metrics: Metrics }> => {
  const { step, state } = turn.point
  return pipe(
    advance(device, job.stepOf(step))(new Map([...job.frozen, ...state]), job.inputsOf(step, fold(job.key, step))),
    TE.flatMap((done) =>
      pipe(
        finite(device, job, place, turn)(done),
        TE.map((metrics) => ({
          ...turn,
          metrics,
          point: { step: step + 1, state: without(done.state, job.frozen), seconds: clock() },
          latest: { ...turn.latest, ...metrics }
        }))
      )
    )
  )
}

/** Whether a step, counted from 1, is the last of its program among the steps that are logged together. */
export const isLogged = (
  { steps, logEvery, stepOf }: Pick<Job, 'steps' | 'logEvery' | 'stepOf'>,
  step: number
): boolean => {
  const end = Math.min(steps, Math.ceil(step / logEvery) * logEvery)
  return range(end - step).every((i) => stepOf(step + i) !== stepOf(step - 1))
}

const written = (job: Job, { run }: Place, step: number, metrics: Metrics): Task<void> =>
  isLogged(job, step) ? io(measure(run, { step, phase: job.label, ...metrics })) : TE.right(undefined)

const kept = (device: Device, job: Job, place: Place, turn: Turn): Task<Turn> => {
  const { step } = turn.point
  return step % job.checkpointEvery === 0 || isLast(job, step) || place.stop.asked
    ? pipe(save(device, job, place, turn.point), TE.as({ ...turn, saved: step }))
    : TE.right(turn)
}

const unlessStopped = (job: Job, { stop }: Place, turn: Turn): Result<Turn> =>
  stop.asked && !isLast(job, turn.point.step)
    ? E.left(
        interrupted(
          `${job.label}: stopped at step ${turn.point.step} of ${job.steps}; run the same command again to go on`
        )
      )
    : E.right(turn)

const pick = (metrics: Metrics, names: ReadonlyArray<string>): Metrics =>
  Object.fromEntries(names.flatMap((name) => (metrics[name] === undefined ? [] : [[name, metrics[name]]])))

/** Runs a job from a point to its last step; the result is where it ended. */
export const train =
  (device: Device, job: Job, place: Place) =>
  (from: Point): Task<Point> => {
    const line = ({ point, latest }: Turn): string =>
      render({
        label: job.label,
        unit: 'step',
        done: point.step,
        total: job.steps,
        seconds: point.seconds - from.seconds,
        began: from.step,
        metrics: pick(latest, job.shown)
      })
    const next = (turn: Turn, clock: () => number): Task<Turn> =>
      pipe(
        stepped(device, job, place, turn, clock),
        TE.tap(({ point, metrics }) => written(job, place, point.step, metrics)),
        TE.tapIO((done) => () => place.screen.show(line(done))),
        TE.flatMap(({ point, latest, saved }) => kept(device, job, place, { point, latest, saved })),
        TE.flatMapEither((done) => unlessStopped(job, place, done))
      )
    return async () => {
      const started = Date.now()
      const clock = (): number => from.seconds + (Date.now() - started) / 1000
      let turn: Result<Turn> = E.right({ point: from, latest: {}, saved: from.step })
      while (E.isRight(turn) && turn.right.point.step < job.steps) turn = await next(turn.right, clock)()
      place.screen.end()
      return pipe(
        turn,
        E.map(({ point }) => point)
      )
    }
  }

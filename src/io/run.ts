/**
 * The folder of a run: what it was asked to do, what it did, and what came of it. The one idea: a checkpoint is the
 * truth, so that on resuming, the metrics of later steps are cut off and a killed run ends with the metrics of one
 * that was not.
 */
import { existsSync } from 'node:fs'
import { arch, cpus, platform, totalmem } from 'node:os'
import { join } from 'node:path'
import { E, pipe, TE } from '../core/fp.ts'
import { appendRecord, makeFolder, parseLine, readText, wholeLines, writeText } from './files.ts'
import type { IoFault } from './IoFault.ts'

// model ----------------------------------------------------------------------------------

/** Where everything of a run stands: `runs/<name>/…`. */
export interface Run {
  readonly folder: string
  readonly config: string
  readonly environment: string
  readonly log: string
  readonly metrics: string
  readonly checkpoints: string
  readonly samples: string
  readonly plots: string
  readonly report: string
}

/** One line of metrics: `step` is the number of steps done. No times: they would differ from run to run. */
export interface Metrics {
  readonly step: number
  readonly [name: string]: number | string | null
}

export type Level = 'info' | 'warning' | 'fault'

/** What the numbers of a run may depend on. */
export interface Environment {
  readonly started: string
  readonly node: string
  readonly platform: string
  readonly processor: string
  readonly cores: number
  readonly memory: number
  readonly command: ReadonlyArray<string>
  readonly [name: string]: unknown
}

// constructors ---------------------------------------------------------------------------

export const paths = (folder: string): Run => ({
  folder,
  config: join(folder, 'config.yaml'),
  environment: join(folder, 'env.json'),
  log: join(folder, 'log.ndjson'),
  metrics: join(folder, 'metrics.ndjson'),
  checkpoints: join(folder, 'checkpoints'),
  samples: join(folder, 'samples'),
  plots: join(folder, 'plots'),
  report: join(folder, 'report.html')
})

/** This process and its machine; `more` names what the caller knows, such as the device. */
export const environment = (more: Readonly<Record<string, unknown>> = {}): Environment => ({
  started: new Date().toISOString(),
  node: process.version,
  platform: `${platform()} ${arch()}`,
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory: totalmem(),
  command: process.argv.slice(2),
  ...more
})

// combinators ----------------------------------------------------------------------------

const absent = (run: Run): TE.TaskEither<IoFault, void> =>
  existsSync(run.config)
    ? TE.left({ _tag: 'Exists', path: run.folder, remedy: 'resume it, or give the new run another name' })
    : TE.right(undefined)

const makeFolders = ({ folder, checkpoints, samples, plots }: Run): TE.TaskEither<IoFault, unknown> =>
  TE.traverseSeqArray(makeFolder)([folder, checkpoints, samples, plots])

/**
 * Starts a run: its folders, the resolved configuration, the environment. The configuration is written last: a folder
 * that has one is a run.
 *
 * Faults: `Exists` if the folder holds a run.
 */
export const create = (
  folder: string,
  { config, environment }: { readonly config: string; readonly environment: Environment }
): TE.TaskEither<IoFault, Run> => {
  const run = paths(folder)
  return pipe(
    TE.Do,
    TE.flatMap(() => absent(run)),
    TE.flatMap(() => makeFolders(run)),
    TE.flatMap(() => writeText(run.environment, `${JSON.stringify(environment, null, 2)}\n`)),
    TE.flatMap(() => writeText(run.config, config)),
    TE.as(run)
  )
}

const stepOf =
  (path: string) =>
  (text: string, i: number): E.Either<IoFault, number> =>
    pipe(
      parseLine(path)(text, i),
      E.flatMap((record) =>
        typeof record === 'object' && record !== null && 'step' in record && typeof record.step === 'number'
          ? E.right(record.step)
          : E.left<IoFault>({ _tag: 'BadRecord', path, line: i + 1, why: 'no step' })
      )
    )

const upTo =
  (path: string, step: number) =>
  (text: string): E.Either<IoFault, string> => {
    const lines = wholeLines(text)
    return pipe(
      E.traverseReadonlyArrayWithIndex((i: number, line: string) => stepOf(path)(line, i))(lines),
      E.map((steps) => lines.flatMap((line, i) => ((steps[i] ?? Infinity) <= step ? [`${line}\n`] : [])).join(''))
    )
  }

const orEmpty = (fault: IoFault): TE.TaskEither<IoFault, string> =>
  fault._tag === 'Missing' ? TE.right('') : TE.left(fault)

/**
 * Makes an earlier run ready to go on from a checkpoint of `step`: lines of metrics beyond it are removed, with a line
 * that was left unfinished. The lines that stay keep their bytes.
 */
export const resume = (folder: string, step: number): TE.TaskEither<IoFault, Run> => {
  const run = paths(folder)
  return pipe(
    readText(run.config),
    TE.flatMap(() => makeFolders(run)),
    TE.flatMap(() => pipe(readText(run.metrics), TE.orElse(orEmpty))),
    TE.flatMapEither(upTo(run.metrics, step)),
    TE.flatMap((text) => writeText(run.metrics, text)),
    TE.as(run)
  )
}

/** Appends a line of metrics. To be done before the checkpoint of the same step, which vouches for it. */
export const measure = (run: Run, metrics: Metrics): TE.TaskEither<IoFault, void> => appendRecord(run.metrics, metrics)

/** Appends a line to the log: the time, a level, a message, and what belongs to it. */
export const log = (
  run: Run,
  level: Level,
  message: string,
  details: Readonly<Record<string, unknown>> = {}
): TE.TaskEither<IoFault, void> => appendRecord(run.log, { time: new Date().toISOString(), level, message, ...details })

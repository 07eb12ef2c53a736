/**
 * The stages of a distillation in files: each is a run of its own inside the folder of the whole, which gathers what
 * they measured.
 */
import { join } from 'node:path'
import * as t from 'io-ts'
import { pipe, TE } from '../core/fp.ts'
import { oneOf } from '../io/codecs.ts'
import { readRecords, readText, writeText } from '../io/files.ts'
import { log, paths, type Run } from '../io/run.ts'
import { io, type Task } from './Failure.ts'
import type { Point } from './training.ts'

const names = ['stage1', 'stage2'] as const
export type StageName = (typeof names)[number]

export const stageFolder = (folder: string, stage: StageName): string => join(folder, stage)

/** The file that a finished stage leaves. */
export const stageFile = (folder: string, stage: StageName): string =>
  join(stageFolder(folder, stage), 'student.safetensors')

// ends -----------------------------------------------------------------------------------

const ended = t.type({
  message: t.literal('finished'),
  stage: oneOf(...names),
  /** When, as ISO 8601. */
  time: t.string,
  step: t.number,
  /** Seconds of training, over all resumptions. */
  seconds: t.number
})

/** How a stage ended, as its log has it. */
export type Ended = t.TypeOf<typeof ended>

export const logEnd = (run: Run, stage: StageName, { step, seconds }: Point): Task<void> =>
  io(log(run, 'info', 'finished', { stage, step, seconds }))

/** The newest end in a log; none where the stage was left out, or its log says nothing of it. */
const endOf = (folder: string, stage: StageName): Task<ReadonlyArray<Ended>> =>
  pipe(
    readRecords(paths(stageFolder(folder, stage)).log),
    TE.match(
      () => [],
      (records) => records.filter(ended.is).slice(-1)
    ),
    TE.fromTask
  )

/** How the stages of a distillation ended, in their order. */
export const endsOf = (folder: string): Task<ReadonlyArray<Ended>> =>
  pipe(
    names,
    TE.traverseSeqArray((stage) => endOf(folder, stage)),
    TE.map((ends) => ends.flat())
  )

// metrics --------------------------------------------------------------------------------

const metricsOf = (folder: string, stage: StageName): Task<string> =>
  pipe(
    readText(paths(stageFolder(folder, stage)).metrics),
    TE.orElse((fault) => (fault._tag === 'Missing' ? TE.right('') : TE.left(fault))),
    io
  )

/** Writes the metrics of all stages as those of the whole; `phase` of a line says which stage it is of. */
export const gatherMetrics = (folder: string): Task<void> =>
  pipe(
    names,
    TE.traverseSeqArray((stage) => metricsOf(folder, stage)),
    TE.flatMap((texts) => io(writeText(paths(folder).metrics, texts.join('')))),
    TE.asUnit
  )

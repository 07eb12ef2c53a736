/** The page that a demo ends with: clips of all systems side by side, what training did, the table. */
import { join } from 'node:path'
import { pipe, TE } from '../core/fp.ts'
import { captionOf } from '../data/movingDigits.ts'
import { readRecords, writeBytes, writeText } from '../io/files.ts'
import { encode, enlarge, grid, layout, split } from '../io/gif.ts'
import type { Plot, Series } from '../io/plot.ts'
import { render, type Group, type Table } from '../io/report.ts'
import { paths, type Run } from '../io/run.ts'
import type { DataConfig } from './configs.ts'
import { stageFolder } from './stages.ts'
import { figures, type Evaluation, type Row } from './evaluate.ts'
import { io, type Task } from './Failure.ts'

// clips ----------------------------------------------------------------------------------

const slug = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-')

type Shown = Evaluation['shown'][number]

const groupOf =
  ({ frames, height, width }: DataConfig, rows: ReadonlyArray<Row>) =>
  ({ name, clips }: Shown): Group => {
    const found = rows.find((row) => row.name === name)
    return {
      title: name,
      note: found === undefined || found.nfe === 0 ? '' : `${found.nfe} network evaluations a clip`,
      clips: split(clips.pixels, frames, height, width).map((clip, i) => ({
        caption: clips.labels[i] === undefined ? '' : captionOf(clips.labels[i]),
        gif: encode(enlarge(clip, 5))
      }))
    }
  }

/** One GIF of all clips of a system. */
const gifOf = ({ frames, height, width }: DataConfig, { clips }: Shown): Uint8Array =>
  encode(grid(split(clips.pixels, frames, height, width), { ...layout, columns: 8 }))

// training -------------------------------------------------------------------------------

/** One record of a run's metrics. */
type Line = Readonly<Record<string, unknown>>

const isLine = (record: unknown): record is Line => typeof record === 'object' && record !== null

const seriesOf = (lines: ReadonlyArray<Line>, name: string): Series => ({
  name,
  points: lines.flatMap((line) =>
    typeof line[name] === 'number' && typeof line['step'] === 'number' ? [[line['step'], line[name]] as const] : []
  )
})

const plotOf = (title: string, y: string, lines: ReadonlyArray<Line>, names: ReadonlyArray<string>): Plot => ({
  title,
  x: 'step',
  y,
  logarithmic: true,
  series: names.map((name) => seriesOf(lines, name)).filter(({ points }) => points.length > 0)
})

const linesOf = (folder: string): Task<ReadonlyArray<Line>> =>
  pipe(
    readRecords(paths(folder).metrics),
    TE.match(
      () => [],
      (records) => records.filter(isLine)
    ),
    TE.fromTask
  )

const plots = (folder: string): Task<ReadonlyArray<Plot>> =>
  pipe(
    TE.Do,
    TE.bind('one', () => linesOf(stageFolder(folder, 'stage1'))),
    TE.bind('two', () => linesOf(stageFolder(folder, 'stage2'))),
    TE.map(({ one, two }) =>
      [
        plotOf('Stage 1: error of the head, s·(u − û)', 'mean square', one, ['headError']),
        plotOf('Stage 1: gradient', 'norm', one, ['gradientNorm']),
        plotOf('Stage 2: fake score', 'loss', two, ['fake']),
        plotOf('Stage 2: pull of the teacher on the samples', 'mean square', two, ['vsdDirection']),
        plotOf('Stage 2: gradients', 'norm', two, ['gradientNorm', 'fakeGradientNorm']),
        plotOf('Stage 2: how sure the discriminator is of data', 'σ(logit)', two, ['certaintyReal', 'certaintyFake'])
      ].filter(({ series }) => series.length > 0)
    )
  )

// the table ------------------------------------------------------------------------------

const tableOf = (rows: ReadonlyArray<Row>, clips: number): Table => ({
  title: 'Measures',
  note: `${clips} clips of each system, for the same captions; intervals of 95 % by bootstrap. Caption accuracy: a classifier reads both digit and direction as the caption says. Fréchet distance: of the classifier’s features of all depths to those of real held-out clips; it shrinks as clips grow in number, so that the first row, real against real, is the least that can be reached. Dynamics: motion relative to real motion.`,
  columns: ['system', 'NFE', 'caption accuracy', 'digit', 'direction', 'Fréchet distance', 'dynamics', 'ms a clip'],
  rows: rows.map(({ name, nfe, milliseconds, score }) => [
    name,
    nfe === 0 ? '–' : nfe,
    score.captionAccuracy,
    score.digitAccuracy,
    score.directionAccuracy,
    score.quality,
    score.dynamics,
    milliseconds === 0 ? '–' : Number(milliseconds.toPrecision(3))
  ])
})

export interface ReportInput {
  readonly run: Run
  readonly title: string
  readonly summary: ReadonlyArray<string>
  readonly data: DataConfig
  readonly evaluation: Evaluation
  readonly clips: number
  readonly config: string
}

/** Writes the report, a GIF of every system, and the figures; the result is the report's path. */
export const writeReport = ({ run, title, summary, data, evaluation, clips, config }: ReportInput): Task<string> =>
  pipe(
    plots(run.folder),
    TE.map((drawn) =>
      render({
        title,
        summary,
        groups: evaluation.shown.map(groupOf(data, evaluation.rows)),
        plots: drawn,
        tables: [tableOf(evaluation.rows, clips)],
        config
      })
    ),
    TE.flatMap((html) => io(writeText(run.report, html))),
    TE.flatMap(() => io(writeText(join(run.folder, 'evaluation.json'), figures(evaluation.rows)))),
    TE.flatMap(() =>
      pipe(
        evaluation.shown,
        TE.traverseSeqArray((shown) =>
          io(writeBytes(join(run.samples, `${slug(shown.name)}.gif`), [gifOf(data, shown)]))
        )
      )
    ),
    TE.as(run.report)
  )

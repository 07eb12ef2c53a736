/** `fluxion evaluate`: one table for all systems, on as many clips of as many captions. */
import { pipe, TE } from '../core/fp.ts'
import { fold, key, type Key } from '../core/Key.ts'
import type { Digits } from '../data/digits.ts'
import type { Estimate } from '../measure/bootstrap.ts'
import { referenceOf, score, type Reference, type Score } from '../measure/score.ts'
import { labelsOf } from './clips.ts'
import type { DataConfig } from './configs.ts'
import type { Task } from './Failure.ts'
import { realClips, realKey, referenceKey, type Clips, type Judge } from './judge.ts'
import { figure, render, type Screen } from './progress.ts'
import type { Generate } from './teacher.ts'

/** A system that makes clips of captions. */
export interface System {
  readonly name: string
  /** Network evaluations that one clip costs, guidance counted. */
  readonly nfe: number
  readonly generate: Generate
}

export interface Row {
  readonly name: string
  readonly nfe: number
  /** Milliseconds a clip. */
  readonly milliseconds: number
  readonly score: Score
}

export interface Evaluation {
  readonly rows: ReadonlyArray<Row>
  /** Clips of each system for the same captions, for looking at. */
  readonly shown: ReadonlyArray<{ readonly name: string; readonly clips: Clips }>
}

export interface EvaluationOptions {
  readonly clips: number
  readonly seed: number
  readonly resamples: number
}

export const evaluationDefaults: EvaluationOptions = { clips: 2048, seed: 1, resamples: 200 }

/** What systems are evaluated with. */
export interface Examination {
  readonly judge: Judge
  readonly digits: Digits
  readonly data: DataConfig
  readonly options: EvaluationOptions
  /** Where it is shown how far a system is. */
  readonly screen: Screen
}

/** How many clips of each system are kept to be looked at. */
const kept = 16

const head = ({ labels, pixels }: Clips, n: number): Clips => {
  const size = pixels.length / labels.length
  return { labels: labels.slice(0, n), pixels: pixels.slice(0, n * size) }
}

const realSystem = { name: 'real clips, held out', nfe: 0 }

const lineOf = ({ name }: System, done: number, total: number, milliseconds: number): string =>
  render({ label: name, unit: 'clip', done, total, seconds: milliseconds / 1000, began: 0, metrics: {} })

interface Measured {
  readonly row: Row
  readonly shown: Evaluation['shown'][number]
}

/** Evaluates systems in turn: real held-out clips first. The reference is real clips apart from those of the first row. */
export const evaluate =
  ({ judge, digits, data, options, screen }: Examination) =>
  (systems: ReadonlyArray<System>): Task<Evaluation> => {
    const root = key(options.seed)
    const labels = labelsOf(fold(root, 1), options.clips)
    const real = (of: Key): Clips => realClips(digits.heldOut, data, of, options.clips)
    const scored =
      (reference: Reference, { name, nfe }: Omit<System, 'generate'>) =>
      (clips: Clips, milliseconds: number): Task<Measured> =>
        pipe(
          judge(clips),
          TE.map((judged) => ({
            row: { name, nfe, milliseconds, score: score(reference, fold(root, 3), options.resamples)(judged) },
            shown: { name, clips: head(clips, kept) }
          }))
        )
    const measured =
      (reference: Reference) =>
      (system: System): Task<Measured> =>
      async () => {
        const started = Date.now()
        const show = (done: number): void => screen.show(lineOf(system, done, options.clips, Date.now() - started))
        show(0)
        const pixels = await system.generate(labels, fold(root, 2), show)()
        const milliseconds = (Date.now() - started) / options.clips
        screen.end()
        return pipe(
          TE.fromEither(pixels),
          TE.flatMap((made) => scored(reference, system)({ labels, pixels: made }, milliseconds))
        )()
      }
    return pipe(
      judge(real(referenceKey(root))),
      TE.map(referenceOf),
      TE.bindTo('reference'),
      TE.bind('first', ({ reference }) => scored(reference, realSystem)(real(realKey(root)), 0)),
      TE.bind('others', ({ reference }) => pipe(systems, TE.traverseSeqArray(measured(reference)))),
      TE.map(({ first, others }) => [first, ...others]),
      TE.map((all) => ({ rows: all.map(({ row }) => row), shown: all.map(({ shown }) => shown) }))
    )
  }

// tables ---------------------------------------------------------------------------------

const percent = ({ value, low, high }: Estimate): string =>
  `${(100 * value).toFixed(1)} % (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`

const rounded = (value: number): string => String(Number(value.toPrecision(3)))

const plain = ({ value, low, high }: Estimate): string => `${rounded(value)} (${rounded(low)}–${rounded(high)})`

export const columns: ReadonlyArray<string> = [
  'system',
  'NFE',
  'caption accuracy',
  'Fréchet distance',
  'dynamics',
  'ms/clip'
]

/** A row as cells; intervals of 95 % in brackets. */
export const cells = ({ name, nfe, score: s, milliseconds }: Row): ReadonlyArray<string> => [
  name,
  nfe === 0 ? '' : figure(nfe),
  percent(s.captionAccuracy),
  plain(s.quality),
  plain(s.dynamics),
  milliseconds === 0 ? '' : rounded(milliseconds)
]

/** The table as Markdown. */
export const table = (rows: ReadonlyArray<Row>): string =>
  [columns, columns.map(() => '---'), ...rows.map(cells)].map((line) => `| ${line.join(' | ')} |`).join('\n')

/** The rows as JSON. */
export const figures = (rows: ReadonlyArray<Row>): string => `${JSON.stringify(rows, null, 2)}\n`

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
import { figure } from './progress.ts'
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

const row = (
  system: { readonly name: string; readonly nfe: number },
  judge: Judge,
  reference: Reference,
  key: Key,
  resamples: number,
  clips: Clips,
  milliseconds: number
): Task<Row> =>
  pipe(
    judge(clips),
    TE.map((judged) => ({ ...system, milliseconds, score: score(reference, key, resamples)(judged) }))
  )

/** The reference: real clips of held-out digits, apart from those of the table's first row. */
export const referenceFor = (judge: Judge, digits: Digits, data: DataConfig, root: Key, n: number): Task<Reference> =>
  pipe(judge(realClips(digits.heldOut, data, referenceKey(root), n)), TE.map(referenceOf))

/** How many clips of each system are kept to be looked at. */
const kept = 16

const head = ({ labels, pixels }: Clips, n: number): Clips => {
  const size = pixels.length / labels.length
  return { labels: labels.slice(0, n), pixels: pixels.slice(0, n * size) }
}

/** Evaluates systems in turn: real held-out clips first. `tell` is called with what is being done. */
export const evaluate =
  (judge: Judge, digits: Digits, data: DataConfig, options: EvaluationOptions, tell: (what: string) => void) =>
  (systems: ReadonlyArray<System>): Task<Evaluation> => {
    const root = key(options.seed)
    const labels = labelsOf(fold(root, 1), options.clips)
    const real = realClips(digits.heldOut, data, realKey(root), options.clips)
    const measured = (system: System, reference: Reference) => {
      tell(`${system.name}: ${options.clips} clips`)
      const started = { at: Date.now() } // local
      return pipe(
        system.generate(labels, fold(root, 2)),
        TE.flatMap((pixels) => {
          const clips = { labels, pixels }
          const milliseconds = (Date.now() - started.at) / options.clips
          return pipe(
            row(system, judge, reference, fold(root, 3), options.resamples, clips, milliseconds),
            TE.map((made) => ({ row: made, shown: { name: system.name, clips: head(clips, kept) } }))
          )
        })
      )
    }
    return pipe(
      TE.Do,
      TE.bind('reference', () => referenceFor(judge, digits, data, root, options.clips)),
      TE.bind('first', ({ reference }) =>
        row({ name: 'real clips, held out', nfe: 0 }, judge, reference, fold(root, 3), options.resamples, real, 0)
      ),
      TE.bind('others', ({ reference }) =>
        pipe(
          systems,
          TE.traverseSeqArray((system) => TE.flatten(TE.fromIO(() => measured(system, reference))))
        )
      ),
      TE.map(({ first, others }) => ({
        rows: [first, ...others.map((other) => other.row)],
        shown: [{ name: 'real clips, held out', clips: head(real, kept) }, ...others.map((other) => other.shown)]
      }))
    )
  }

// tables ---------------------------------------------------------------------------------

const percent = ({ value, low, high }: Estimate): string =>
  `${(100 * value).toFixed(1)} % (${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`

const plain = ({ value, low, high }: Estimate): string => `${figure3(value)} (${figure3(low)}–${figure3(high)})`

const figure3 = (value: number): string => String(Number(value.toPrecision(3)))

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
  milliseconds === 0 ? '' : figure3(milliseconds)
]

/** The table as Markdown. */
export const table = (rows: ReadonlyArray<Row>): string =>
  [columns, columns.map(() => '---'), ...rows.map(cells)].map((line) => `| ${line.join(' | ')} |`).join('\n')

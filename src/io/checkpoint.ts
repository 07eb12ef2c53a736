/**
 * Checkpoints: the state of a run after a step, as safetensors and a JSON record of what they are. The record
 * is written last and holds the hash of the tensors: a checkpoint exists when its record does, and is used when that is
 * true.
 *
 * Laws: `test/io/checkpoint.test.ts` (`load ∘ save = id`; no damage is used).
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as t from 'io-ts'
import { E, O, pipe, TE } from '../core/fp.ts'
import type { Key } from '../core/Key.ts'
import { attempt, isUnfinished, makeFolder, readText, remove, writeText } from './files.ts'
import type { IoFault } from './IoFault.ts'
import { isSection } from './codecs.ts'
import { read, write, type Metadata, type Tensors } from './safetensors.ts'

// model ----------------------------------------------------------------------------------

/** Everything that the steps after it depend on. */
export interface Checkpoint {
  /** The number of steps done. */
  readonly step: number
  /** The key of the steps to come. */
  readonly key: Key
  /** Names of the states of optimisers: prefixes of the names of their tensors. */
  readonly optimisers: ReadonlyArray<string>
  /** The hash of the resolved configuration. */
  readonly config: string
  /** Seconds of training that led here, over all resumptions. */
  readonly seconds: number
  /** What the tensors are, for whoever meets their file without its run. */
  readonly about: Metadata
  readonly tensors: Tensors
}

/** What `latest` found, and what it could not use on the way, newest first. */
export interface Found {
  readonly checkpoint: O.Option<Checkpoint>
  readonly skipped: ReadonlyArray<IoFault>
}

const record = t.strict({
  step: t.Int,
  key: t.tuple([t.number, t.number]),
  optimisers: t.readonlyArray(t.string),
  config: t.string,
  seconds: t.number,
  tensors: t.strict({ bytes: t.number, sha256: t.string })
})
type Record = t.TypeOf<typeof record>

// names ----------------------------------------------------------------------------------

const nameOf = (step: number): string => `step-${String(step).padStart(8, '0')}`
const recordOf = (folder: string, step: number): string => join(folder, `${nameOf(step)}.json`)
const tensorsOf = (folder: string, step: number): string => join(folder, `${nameOf(step)}.safetensors`)
const stepOf = (file: string): number | undefined => {
  const digits = /^step-(\d+)\.(json|safetensors)$/.exec(file)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

const listed = (folder: string): TE.TaskEither<IoFault, ReadonlyArray<string>> =>
  pipe(
    attempt(folder, () => readdir(folder)),
    TE.orElse((fault) => (fault._tag === 'Missing' ? TE.right([]) : TE.left(fault)))
  )

/** Steps that have a record, newest first. */
const stepsIn = (files: ReadonlyArray<string>): ReadonlyArray<number> =>
  files
    .flatMap((file) => (file.endsWith('.json') ? [stepOf(file) ?? NaN] : []))
    .filter((step) => !Number.isNaN(step))
    .sort((a, b) => b - a)

// saving ---------------------------------------------------------------------------------

const kept = 2

/** Later steps than the one just saved were given up when the run resumed before them; others are too old. */
const outdated = (files: ReadonlyArray<string>, step: number): ReadonlyArray<string> => {
  const newest = new Set(
    stepsIn(files)
      .filter((s) => s <= step)
      .slice(0, kept)
  )
  return files.filter((file) => {
    const of = stepOf(file)
    return isUnfinished(file) || (of !== undefined && !newest.has(of))
  })
}

const prune = (folder: string, step: number): TE.TaskEither<IoFault, void> =>
  pipe(
    listed(folder),
    // Records go before their tensors: no instant has a record whose tensors are gone on purpose
    TE.map((files) =>
      [...outdated(files, step)].sort((a, b) => Number(b.endsWith('.json')) - Number(a.endsWith('.json')))
    ),
    TE.flatMap(TE.traverseSeqArray((file) => remove(join(folder, file)))),
    TE.asUnit
  )

/** Saves a checkpoint and removes all but it and the one before it. Faults: `DiskFull`, …; the older ones then stay. */
export const save = (folder: string, { tensors, about, ...rest }: Checkpoint): TE.TaskEither<IoFault, void> =>
  pipe(
    makeFolder(folder),
    // A record of the same step would vouch for tensors that are being replaced
    TE.flatMap(() => remove(recordOf(folder, rest.step))),
    TE.flatMap(() => write(tensorsOf(folder, rest.step), tensors, { ...about, step: String(rest.step) })),
    TE.flatMap((written) =>
      writeText(recordOf(folder, rest.step), `${JSON.stringify({ ...rest, tensors: written }, null, 2)}\n`)
    ),
    TE.flatMap(() => prune(folder, rest.step))
  )

// loading --------------------------------------------------------------------------------

const hashOf = (path: string): TE.TaskEither<IoFault, string> =>
  attempt(path, async () => {
    const hash = createHash('sha256')
    for await (const part of createReadStream(path)) hash.update(part as Uint8Array)
    return hash.digest('hex')
  })

/** Records of earlier versions do not say how long the training took. */
const completed = (json: unknown): unknown => (isSection(json) ? { seconds: 0, ...json } : json)

const decode =
  (path: string) =>
  (text: string): E.Either<IoFault, Record> =>
    pipe(
      E.tryCatch((): unknown => JSON.parse(text), String),
      E.flatMap((json) => pipe(record.decode(completed(json)), E.mapLeft(String))),
      E.mapLeft((): IoFault => ({ _tag: 'BadRecord', path, line: 1, why: 'not the record of a checkpoint' }))
    )

const unaltered = (path: string, expected: string): TE.TaskEither<IoFault, void> =>
  pipe(
    hashOf(path),
    TE.flatMap((found) =>
      found === expected ? TE.right(undefined) : TE.left<IoFault>({ _tag: 'Altered', path, expected, found })
    )
  )

/** The checkpoint of a step. Faults: `Missing`, `BadRecord`, `Altered`, and those of `safetensors.read`. */
export const load = (folder: string, step: number): TE.TaskEither<IoFault, Checkpoint> => {
  const path = tensorsOf(folder, step)
  return pipe(
    readText(recordOf(folder, step)),
    TE.flatMapEither(decode(recordOf(folder, step))),
    TE.flatMap(({ tensors: { sha256 }, ...rest }) =>
      pipe(
        read(path), // first, because it can say what is wrong better than a hash can
        TE.tap(() => unaltered(path, sha256)),
        TE.map(({ tensors, metadata: { step: _, ...about } }): Checkpoint => ({ ...rest, about, tensors }))
      )
    )
  )
}

const newestOf =
  (folder: string) =>
  async (steps: ReadonlyArray<number>): Promise<Found> => {
    const skipped: Array<IoFault> = [] // local
    for (const step of steps) {
      const loaded = await load(folder, step)()
      if (E.isRight(loaded)) return { checkpoint: O.some(loaded.right), skipped }
      skipped.push(loaded.left)
    }
    return { checkpoint: O.none, skipped }
  }

/** The newest checkpoint that is whole. One that is not is passed over, and its fault is among `skipped`. */
export const latest = (folder: string): TE.TaskEither<IoFault, Found> =>
  pipe(
    listed(folder),
    TE.flatMapTask((files) => () => newestOf(folder)(stepsIn(files)))
  )

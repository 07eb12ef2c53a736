/**
 * Files as a run needs them: a file that is written appears whole under its name or not at all, lines are appended,
 * and a line that a killed process left unfinished is not read.
 */
import { createHash } from 'node:crypto'
import { appendFile, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { E, pipe, TE } from '../core/fp.ts'
import { fromError, type IoFault } from './IoFault.ts'

// model ----------------------------------------------------------------------------------

/** What a write left on the disk. */
export interface Written {
  readonly bytes: number
  readonly sha256: string
}

// combinators ----------------------------------------------------------------------------

/** A promise about `path` whose rejection is a fault. */
export const attempt = <A>(path: string, run: () => Promise<A>): TE.TaskEither<IoFault, A> =>
  TE.tryCatch(run, fromError(path))

/** The folder exists, with all folders above it. */
export const makeFolder = (path: string): TE.TaskEither<IoFault, void> =>
  attempt(path, async () => {
    await mkdir(path, { recursive: true })
  })

/** Whether or not it was there, the file is gone. */
export const remove = (path: string): TE.TaskEither<IoFault, void> => attempt(path, () => rm(path, { force: true }))

const syncFolder = async (path: string): Promise<void> => {
  const handle = await open(path, 'r').catch(() => undefined) // not every system opens folders
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

/** Bytes that one system call is given: some systems refuse more than 2 GiB. */
export const most: number = 16 * 2 ** 20

function* parts(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  for (const chunk of chunks) for (let at = 0; at < chunk.length; at += most) yield chunk.subarray(at, at + most)
}

const writeNew = async (path: string, chunks: Iterable<Uint8Array>): Promise<Written> => {
  const hash = createHash('sha256')
  const handle = await open(path, 'w')
  try {
    let bytes = 0
    for (const part of parts(chunks)) {
      for (let at = 0; at < part.length; ) at += (await handle.write(part, at)).bytesWritten
      hash.update(part)
      bytes += part.length
    }
    await handle.sync()
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    await handle.close()
  }
}

/** Names under which unfinished files stand. */
export const isUnfinished = (path: string): boolean => path.endsWith('.unfinished')

/**
 * Writes the chunks, one after the other, as one file: to a temporary name in the same folder, then to the disk, then
 * renamed. Whatever happens, `path` holds its former contents or all of the new ones.
 */
export const writeBytes = (path: string, chunks: Iterable<Uint8Array>): TE.TaskEither<IoFault, Written> => {
  const unfinished = `${path}.${process.pid}.unfinished`
  return attempt(path, async () => {
    try {
      const written = await writeNew(unfinished, chunks)
      await rename(unfinished, path)
      await syncFolder(dirname(path))
      return written
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
  })
}

export const writeText = (path: string, text: string): TE.TaskEither<IoFault, Written> =>
  writeBytes(path, [Buffer.from(text, 'utf8')])

export const readText = (path: string): TE.TaskEither<IoFault, string> => attempt(path, () => readFile(path, 'utf8'))

/** `text` and a line feed, in one call: lines of one process do not mix. */
export const appendLine = (path: string, text: string): TE.TaskEither<IoFault, void> =>
  attempt(path, () => appendFile(path, `${text}\n`, 'utf8'))

/** One record as one line of JSON. */
export const appendRecord = (path: string, record: unknown): TE.TaskEither<IoFault, void> =>
  appendLine(path, JSON.stringify(record))

/** One line of JSON, the `i`-th of a file. */
export const parseLine =
  (path: string) =>
  (text: string, i: number): E.Either<IoFault, unknown> =>
    E.tryCatch(
      (): unknown => JSON.parse(text),
      (): IoFault => ({ _tag: 'BadRecord', path, line: i + 1, why: 'not JSON' })
    )

/** The whole lines of a text. What follows the last line feed was being written when its process ended. */
export const wholeLines = (text: string): ReadonlyArray<string> => text.split('\n').slice(0, -1)

/** The records of a file of JSON lines, without an unfinished last line. Faults: `Missing`, `BadRecord`. */
export const readRecords = (path: string): TE.TaskEither<IoFault, ReadonlyArray<unknown>> =>
  pipe(
    readText(path),
    TE.flatMapEither((text) => E.sequenceArray(wholeLines(text).map(parseLine(path))))
  )

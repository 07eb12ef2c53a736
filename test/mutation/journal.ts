/**
 * Outcomes as they come, one line of JSON each, so that a run that was cut off goes on where it was. It says nothing of
 * the sources that were judged: whoever changes them begins again.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Judged } from './Mutant.ts'
import type { Task } from './protocol.ts'

export type Entry = (Judged & { readonly _tag: 'Judged' }) | { readonly _tag: 'Finished'; readonly task: string }

export interface Journal {
  readonly judged: ReadonlyArray<Judged>
  readonly finished: ReadonlySet<string>
}

/** A task by name. */
export const taskName = ({ op, rule }: Pick<Task, 'op' | 'rule'>): string => `${rule} ${op}`

/** The last line of a run that was cut off may be half a line. */
const entryOf = (line: string): ReadonlyArray<Entry> => {
  try {
    return [JSON.parse(line) as Entry]
  } catch {
    return []
  }
}

export const readJournal = (text: string): Journal => {
  const entries = text.split('\n').flatMap(entryOf)
  return {
    judged: entries.flatMap((entry) => (entry._tag === 'Judged' ? [entry] : [])),
    finished: new Set(entries.flatMap((entry) => (entry._tag === 'Finished' ? [entry.task] : [])))
  }
}

/** What is left of tasks: those that are finished are gone, and so are mutants that were judged. */
export const remaining = (tasks: ReadonlyArray<Task>, { judged, finished }: Journal): ReadonlyArray<Task> =>
  tasks
    .filter((task) => !finished.has(taskName(task)))
    .map((task) => ({
      ...task,
      without: judged.filter(({ op, rule }) => op === task.op && rule === task.rule).map(({ change }) => change)
    }))

// the file -------------------------------------------------------------------------------

/** What the file holds: nothing where a run begins anew. */
export const openJournal = (file: string, resume: boolean): Journal => {
  mkdirSync(dirname(file), { recursive: true })
  if (!resume) rmSync(file, { force: true })
  return readJournal(existsSync(file) ? readFileSync(file, 'utf8') : '')
}

/** Begins on a line of its own, whatever the file ends with. */
export const note =
  (file: string) =>
  (entry: Entry): void =>
    appendFileSync(file, `\n${JSON.stringify(entry)}`)

/**
 * Measurements that take turns. A side is a process of its own, which makes itself ready once and then measures when it
 * is told to: what else the machine does falls on all sides alike, and no driver is loaded twice by one process.
 */
import { fork, type ChildProcess } from 'node:child_process'

export interface Side<Ready, Turn> {
  /** What it said when it had made itself ready. */
  readonly ready: Ready
  readonly turn: () => Promise<Turn>
  readonly end: () => Promise<void>
}

/** What a process says next. Where it ends instead, it has said why itself. */
const answer = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message as A)
    })
  })

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.disconnect()
  })

/** Starts a side, and waits until it is ready. */
export const begin = async <Ready, Turn>(
  script: URL,
  args: ReadonlyArray<string> = [],
  environment: Readonly<Record<string, string>> = {}
): Promise<Side<Ready, Turn>> => {
  const child = fork(script, args, { serialization: 'advanced', env: { ...process.env, ...environment } })
  return {
    ready: await answer<Ready>(child),
    turn: () => {
      const said = answer<Turn>(child)
      child.send('turn')
      return said
    },
    end: () => end(child)
  }
}

/** Rounds of turns: in each of them every side once, in order. */
export const rounds = async <Turn>(
  sides: ReadonlyArray<Side<unknown, Turn>>,
  n: number
): Promise<ReadonlyArray<ReadonlyArray<Turn>>> => {
  const all: Array<ReadonlyArray<Turn>> = [] // local
  for (let i = 0; i < n; i++) {
    const turns: Array<Turn> = [] // local
    for (const side of sides) turns.push(await side.turn())
    all.push(turns)
  }
  return all
}

/** The side's end of it. */
export const serve = (ready: unknown, turn: () => Promise<unknown>): void => {
  process.on('message', () => {
    void turn().then((said) => process.send?.(said))
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.(ready)
}

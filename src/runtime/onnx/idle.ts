/** How many cores had nothing to do of late, from the clocks that the system keeps of each. */
import { cpus } from 'node:os'
import { cores } from './link.ts'

/** Milliseconds that all cores together have been idle and have been, since the machine started. */
interface Clocks {
  readonly idle: number
  readonly all: number
}

/** The system counts in hundredths of a second: a shorter time says nothing. */
const shortest = 100

const clocks = (): Clocks =>
  cpus().reduce(
    ({ idle, all }, { times }) => ({
      idle: idle + times.idle,
      all: all + times.idle + times.user + times.nice + times.sys + times.irq
    }),
    { idle: 0, all: 0 }
  )

/** Idle cores between two readings, of `count`; `undefined` where they are too near to tell. */
export const idleBetween = (count: number, before: Clocks, after: Clocks): number | undefined => {
  const all = after.all - before.all
  return all < shortest * count ? undefined : (count * (after.idle - before.idle)) / all
}

/**
 * A reader of the number of cores that were idle since it last knew. It never knows where the process may use only some
 * of the cores, for it would then be told of others.
 */
export const idleCores = (): (() => number | undefined) => {
  const count = cpus().length
  if (count !== cores()) return () => undefined
  let last = clocks()
  return () => {
    const now = clocks()
    const idle = idleBetween(count, last, now)
    if (idle !== undefined) last = now
    return idle
  }
}

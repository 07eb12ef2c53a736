/**
 * How many threads a program runs on, learnt from the time its steps take: on a machine whose cores are busy elsewhere,
 * one thread is faster than two that wait for each other. A trial times each number in turn and keeps the fastest; it
 * is held again when steps become slow, when cores that were busy come free, and once in a while.
 */

// model ----------------------------------------------------------------------------------

export interface Tuning {
  readonly candidates: ReadonlyArray<number>
  /** For the next run. */
  readonly threads: number
  /** Milliseconds of the runs of a trial so far; `undefined` between trials. */
  readonly trial: ReadonlyArray<number> | undefined
  /** Milliseconds of a step when the last trial ended. */
  readonly expected: number
  /** Runs since then, and how many in a row were slow. */
  readonly runs: number
  readonly slow: number
  /** Whether the cores that more threads would need have been seen busy since, and the runs in a row with them idle. */
  readonly crowded: boolean
  readonly free: number
}

/** Runs of one number in a trial. The first warms up and does not count. */
const perCandidate = 3
/** Steps shorter than this are not worth a trial. */
const worthwhile = 10
const slowdown = 2
const patience = 3
/** Of the cores that more threads would need: this share idle is room for them, less than that is none. */
const room = { enough: 0.7, none: 0.5 } as const
/** Runs between trials: few where cores may come free, which the clocks may not tell; slow steps tell when they are taken. */
const interval = { fewer: 100, all: 1000 } as const

// constructors ---------------------------------------------------------------------------

export const tuning = (candidates: ReadonlyArray<number>): Tuning => ({
  candidates,
  threads: candidates[0] ?? 1,
  trial: candidates.length > 1 ? [] : undefined,
  expected: 0,
  runs: 0,
  slow: 0,
  crowded: false,
  free: 0
})

// combinators ----------------------------------------------------------------------------

const timeOf = (trial: ReadonlyArray<number>, candidate: number): number =>
  Math.min(...trial.slice(candidate * perCandidate + 1, (candidate + 1) * perCandidate))

const settled = (state: Tuning, trial: ReadonlyArray<number>, tried: number): Tuning => {
  const times = state.candidates.slice(0, tried).map((_, i) => timeOf(trial, i))
  const expected = Math.min(...times)
  const threads = state.candidates[times.indexOf(expected)] ?? 1
  return { ...state, threads, trial: undefined, expected, runs: 0, slow: 0, crowded: false, free: 0 }
}

const trying = (state: Tuning, trial: ReadonlyArray<number>): Tuning => {
  const tried = Math.floor(trial.length / perCandidate)
  const brief = tried === 1 && timeOf(trial, 0) < worthwhile
  return brief || tried === state.candidates.length
    ? settled(state, trial, tried)
    : { ...state, threads: state.candidates[tried] ?? 1, trial }
}

/** A new trial, the present number first. */
const again = (state: Tuning): Tuning => ({
  ...tuning([state.threads, ...state.candidates.filter((n) => n !== state.threads)]),
  expected: state.expected
})

/** Threads that the machine could run and the program does not. */
const unused = ({ threads, candidates }: Tuning): number => Math.max(...candidates) - threads

/** Whether idle cores would tell anything: there is no need to read the clocks where all threads run. */
export const asksForIdle = (state: Tuning): boolean => state.trial !== undefined || unused(state) > 0

/** What idle cores tell, where there is use for them. */
const noticing = (state: Tuning, idle: number | undefined): Tuning => {
  const wanted = unused(state)
  if (idle === undefined || wanted === 0) return state
  const crowded = state.crowded || idle < room.none * wanted
  return { ...state, crowded, free: idle >= room.enough * wanted ? state.free + 1 : 0 }
}

/** Only cores that were busy can come free: where all are idle and fewer threads are faster, a trial would say it again. */
const cameFree = ({ crowded, free }: Tuning): boolean => crowded && free >= patience

const due = (state: Tuning): boolean =>
  state.expected > worthwhile && (cameFree(state) || state.runs >= interval[unused(state) > 0 ? 'fewer' : 'all'])

const watching = (state: Tuning, elapsed: number, idle: number | undefined): Tuning => {
  const slow = elapsed > worthwhile && elapsed > slowdown * state.expected ? state.slow + 1 : 0
  const next = { ...noticing(state, idle), runs: state.runs + 1, slow }
  return state.candidates.length > 1 && (slow >= patience || due(next)) ? again(state) : next
}

/** What is known after a run of `elapsed` milliseconds, of late with `idle` cores that had nothing to do. */
export const observe = (state: Tuning, elapsed: number, idle?: number): Tuning =>
  state.trial === undefined ? watching(state, elapsed, idle) : trying(state, [...state.trial, elapsed])

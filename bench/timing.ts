/** How long something took, and how such numbers are told: the median, and beside it the least and the most. */

// model ----------------------------------------------------------------------------------

/** Milliseconds. Processor time, of all threads of this process, tells of a disturbed wall clock. */
export interface Timing {
  readonly wall: number
  readonly processor: number
}

// measuring ------------------------------------------------------------------------------

export const timed = async <A>(work: () => A | Promise<A>): Promise<Timing & { readonly result: A }> => {
  const before = process.cpuUsage()
  const start = performance.now()
  const result = await work()
  const wall = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  return { result, wall, processor: (user + system) / 1000 }
}

export const timingOf = ({ wall, processor }: Timing): Timing => ({ wall, processor })

// statistics -----------------------------------------------------------------------------

export const sorted = (numbers: ReadonlyArray<number>): ReadonlyArray<number> => [...numbers].sort((a, b) => a - b)

export const median = (numbers: ReadonlyArray<number>): number => sorted(numbers)[numbers.length >> 1] ?? NaN

/** `median (least to most)`, each as `show` writes it. */
export const spread = (numbers: ReadonlyArray<number>, show: (n: number) => string): string => {
  const [least = NaN, most = NaN] = [sorted(numbers)[0], sorted(numbers).at(-1)]
  return `${show(median(numbers))} (${show(least)} to ${show(most)})`
}

/** Of milliseconds. */
export const duration = (n: number): string =>
  n < 10_000 ? `${n.toFixed(n < 10 ? 2 : n < 100 ? 1 : 0)} ms` : `${(n / 1000).toFixed(1)} s`
export const ratio = (n: number): string => n.toFixed(2)

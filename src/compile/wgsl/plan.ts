/**
 * Memory: which buffer every value lies in. Whole buffers are used again after the last use of what they held. A value
 * that is read by a launch is still alive during it, so that no launch writes what it reads.
 *
 * Laws: `test/compile/wgsl/plan.test.ts` (no buffer ever holds two live values; peak bytes are the sum of the buffers).
 */

/** A value that is made by one step and last used by another. */
export interface Lifetime {
  readonly bytes: number
  readonly from: number
  readonly to: number
}

export interface Plan {
  /** Bytes of every buffer. */
  readonly buffers: ReadonlyArray<number>
  /** The buffer of every value. */
  readonly places: ReadonlyArray<number>
}

/** The free buffer that fits best: the smallest that is large enough, else the largest, which grows. */
const best = (free: ReadonlyArray<number>, buffers: ReadonlyArray<number>, bytes: number): number | undefined => {
  const enough = free.filter((b) => (buffers[b] ?? 0) >= bytes)
  const pick = (a: number, b: number, sign: number): number =>
    sign * ((buffers[a] ?? 0) - (buffers[b] ?? 0)) <= 0 ? a : b
  return enough.length > 0
    ? enough.reduce((a, b) => pick(a, b, 1))
    : free.length > 0
      ? free.reduce((a, b) => pick(a, b, -1))
      : undefined
}

/** Values in the order in which they are made. */
export const plan = (values: ReadonlyArray<Lifetime>): Plan => {
  const buffers: Array<number> = [] // local
  const places: Array<number> = []
  const free: Array<number> = []
  const ends = new Map<number, Array<number>>()
  const swept = { to: -1 }
  for (const { bytes, from, to } of values) {
    for (; swept.to < from - 1; swept.to++) free.push(...(ends.get(swept.to + 1) ?? []))
    const found = best(free, buffers, bytes)
    const place = found ?? buffers.push(0) - 1
    if (found !== undefined) free.splice(free.indexOf(found), 1)
    buffers[place] = Math.max(buffers[place] ?? 0, bytes)
    places.push(place)
    ends.set(to, [...(ends.get(to) ?? []), place])
  }
  return { buffers, places }
}

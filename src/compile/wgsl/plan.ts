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

/** A buffer, which may grow until the plan is made. */
interface Slot {
  readonly place: number
  bytes: number
}

/** The free buffer that fits best: the smallest that is large enough, else the largest, which grows. */
const best = (free: ReadonlyArray<Slot>, bytes: number): Slot | undefined => {
  const enough = free.filter((slot) => slot.bytes >= bytes)
  const pick = (a: Slot, b: Slot, sign: number): Slot => (sign * (a.bytes - b.bytes) <= 0 ? a : b)
  return enough.length > 0
    ? enough.reduce((a, b) => pick(a, b, 1))
    : free.length > 0
      ? free.reduce((a, b) => pick(a, b, -1))
      : undefined
}

/** Values in the order in which they are made. */
export const plan = (values: ReadonlyArray<Lifetime>): Plan => {
  const slots: Array<Slot> = [] // local
  const places: Array<number> = []
  const free: Array<Slot> = []
  const ends = new Map<number, ReadonlyArray<Slot>>()
  const opened = (): Slot => {
    const slot: Slot = { place: slots.length, bytes: 0 }
    slots.push(slot)
    return slot
  }
  const swept = { to: -1 }
  for (const { bytes, from, to } of values) {
    for (; swept.to < from - 1; swept.to++) free.push(...(ends.get(swept.to + 1) ?? []))
    const found = best(free, bytes)
    if (found !== undefined) free.splice(free.indexOf(found), 1)
    const slot = found ?? opened()
    slot.bytes = Math.max(slot.bytes, bytes)
    places.push(slot.place)
    ends.set(to, [...(ends.get(to) ?? []), slot])
  }
  return { buffers: slots.map((slot) => slot.bytes), places }
}

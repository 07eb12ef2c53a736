import { describe, expect, it } from 'vitest'
import { observe, tuning, type Tuning } from '../../../src/runtime/onnx/threads.ts'

/** Runs `n` steps on a machine on which a step takes `time(threads)`; the thread counts used. */
const steps = (state: Tuning, n: number, time: (threads: number) => number, idle?: number) => {
  const used: Array<number> = []
  let now = state
  for (let i = 0; i < n; i++) {
    used.push(now.threads)
    now = observe(now, time(now.threads), idle)
  }
  return { used, state: now }
}

const quiet = (threads: number): number => (threads === 2 ? 300 : 500)
const busy = (threads: number): number => (threads === 2 ? 900 : 520)

describe('the number of threads', () => {
  it('is the one whose steps were faster', () => {
    expect(steps(tuning([2, 1]), 10, quiet)).toMatchObject({ used: [2, 2, 2, 1, 1, 1, 2, 2, 2, 2] })
    expect(steps(tuning([2, 1]), 10, busy)).toMatchObject({ used: [2, 2, 2, 1, 1, 1, 1, 1, 1, 1] })
  })

  it('does not depend on the first run of each, which warms up', () => {
    const cold = steps(tuning([2, 1]), 1, () => 5000).state
    expect(steps(cold, 9, quiet).state.threads).toBe(2)
  })

  it('is tried again when three steps in a row take twice the time', () => {
    const settled = steps(tuning([2, 1]), 20, quiet).state
    expect(settled.threads).toBe(2)
    const after = steps(settled, 12, busy)
    expect(after.used).toEqual([2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1])
    const once = steps(settled, 1, busy).state
    expect(steps(once, 20, quiet).used).not.toContain(1)
  })

  it('is tried again after a hundred steps on fewer than all, so that a machine that became quiet is noticed', () => {
    const settled = steps(tuning([2, 1]), 10, busy).state
    expect(settled.threads).toBe(1)
    expect(steps(settled, 110, quiet).state.threads).toBe(2)
    expect(steps(settled, 90, quiet).used).not.toContain(2)
  })

  it('is tried again when a core that was busy has been idle for three steps', () => {
    const settled = steps(tuning([2, 1]), 10, busy, 0.1).state
    expect(settled.threads).toBe(1)
    expect(steps(settled, 90, busy, 0.1).used).not.toContain(2)
    expect(steps(settled, 10, quiet, 0.9).used).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2])
  })

  it('is not tried again for cores that were idle all along, where fewer threads are faster', () => {
    const settled = steps(tuning([2, 1]), 10, busy, 0.9).state
    expect(steps(settled, 90, busy, 0.9).used).not.toContain(2)
  })

  it('is tried again after a thousand steps on all', () => {
    const settled = steps(tuning([2, 1]), 10, quiet).state
    expect(steps(settled, 900, quiet).used).not.toContain(1)
    expect(steps(settled, 1010, quiet).used.filter((n) => n === 1)).toHaveLength(3)
  })

  it('is not worth a trial for short steps, nor where there is no choice', () => {
    expect(steps(tuning([2, 1]), 30, () => 1).used).not.toContain(1)
    expect(new Set(steps(tuning([4]), 30, busy).used)).toEqual(new Set([4]))
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plan, type Lifetime, type Plan } from '../../../src/compile/wgsl/plan.ts'

/** Values made one after another, as launches make them, each used for a while. */
const lifetimes: fc.Arbitrary<ReadonlyArray<Lifetime>> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.nat(6)), { maxLength: 60 })
  .map((values) => values.map(([bytes, length], i) => ({ bytes, from: i, to: i + length })))

const overlap = (a: Lifetime, b: Lifetime): boolean => a.from <= b.to && b.from <= a.to

type Planner = (values: ReadonlyArray<Lifetime>) => Plan

/** Two values that are alive at once and lie in one buffer. */
const clash = (values: ReadonlyArray<Lifetime>, { places }: Plan): boolean =>
  values.some((a, i) => values.some((b, j) => i < j && places[i] === places[j] && overlap(a, b)))

/** A law of planners, that a planner keeps or breaks. */
type Law = (planner: Planner) => (values: ReadonlyArray<Lifetime>) => boolean

const noClash: Law = (planner) => (values) => !clash(values, planner(values))

const roomy: Law = (planner) => (values) => {
  const { buffers, places } = planner(values)
  return values.every(({ bytes }, i) => (buffers[places[i] ?? -1] ?? 0) >= bytes)
}

/** Frees a value with the step of its last use, so that a launch may write what it reads. */
const hasty: Planner = (values) => plan(values.map((v) => ({ ...v, to: Math.max(v.from, v.to - 1) })))
/** Forgets that a buffer must grow. */
const cramped: Planner = (values) => ({ ...plan(values), buffers: plan(values).buffers.map(() => 1) })

const keeps = (planner: Planner, law: Law): boolean => !fc.check(fc.property(lifetimes, law(planner))).failed

describe('plan', () => {
  it('never gives one buffer to two live values', () => fc.assert(fc.property(lifetimes, noClash(plan))))

  it('gives every value a buffer that is large enough', () => fc.assert(fc.property(lifetimes, roomy(plan))))

  it('is caught when it frees too early', () => expect(keeps(hasty, noClash)).toBe(false))

  it('is caught when it does not let a buffer grow', () => expect(keeps(cramped, roomy)).toBe(false))

  it('needs two buffers for a chain', () => {
    const chain = Array.from({ length: 9 }, (_, i) => ({ bytes: 16, from: i, to: i + 1 }))

    expect(plan(chain).buffers).toEqual([16, 16])
  })
})

/**
 * Laws of memory: of a planner, which gives buffers to values by their lifetimes, and of a whole program laid out, which
 * is run here with names in place of numbers: a step that reads a value must find it where it looks.
 */
import * as fc from 'fast-check'
import { firstOf, from, law, unless, type Laws, type Verdict } from './Laws.ts'

const colouring = from('interference of lifetimes, Chaitin 1982; the contract of `src/compile/wgsl/plan.ts`')
const laidOut = from('the contract of `WgslProgram`, `src/compile/wgsl/WgslProgram.ts`')

// whole programs -------------------------------------------------------------------------

/** A value at a place: values are the same if they are equal as keys of a map. */
export interface Use {
  readonly value: unknown
  readonly buffer: number
  readonly bytes: number
}

export interface MemoryStep {
  readonly reads: ReadonlyArray<Use>
  readonly writes: ReadonlyArray<Use>
}

/** A program as the steps that it runs, and where every value lies. */
export interface Memory {
  /** Bytes of every buffer. */
  readonly buffers: ReadonlyArray<number>
  /** What it says that it needs. */
  readonly peak: number
  /** What is there before the first step. */
  readonly given: ReadonlyArray<Use>
  readonly steps: ReadonlyArray<MemoryStep>
  /** Where the results are after the last. */
  readonly results: ReadonlyArray<Use>
}

/** How a program, whatever that is, is laid out. */
export type Layout<P> = (program: P) => Memory

const usesOf = ({ given, steps, results }: Memory): ReadonlyArray<Use> => [
  ...given,
  ...steps.flatMap(({ reads, writes }) => [...reads, ...writes]),
  ...results
]

interface Life {
  readonly value: unknown
  readonly buffer: number
  readonly from: number
  readonly to: number
}

/** From the step that makes a value, or from the beginning, to its last read, or to the end. */
const lives = ({ given, steps, results }: Memory): ReadonlyArray<Life> => {
  const last = new Map<unknown, number>() // local
  for (const [i, { reads }] of steps.entries()) for (const { value } of reads) last.set(value, i)
  for (const { value } of results) last.set(value, steps.length)
  const life = (use: Use, start: number): Life => ({ ...use, from: start, to: last.get(use.value) ?? start })
  return [...given.map((use) => life(use, -1)), ...steps.flatMap(({ writes }, i) => writes.map((use) => life(use, i)))]
}

/** A value that is written twice lives on where it is. */
const clash = (a: Life, b: Life): boolean =>
  a.buffer === b.buffer && a.value !== b.value && a.from <= b.to && b.from <= a.to

const apart = (memory: Memory): Verdict => {
  const all = lives(memory)
  const found = all.flatMap((a, i) => all.slice(i + 1).filter((b) => clash(a, b)))[0]
  return unless(found === undefined, () => `buffer ${found?.buffer} holds two values in step ${found?.from}`)
}

/** What every buffer holds, as steps go by: the first read that finds something else. */
const executed = ({ given, steps, results }: Memory): Verdict => {
  const held = new Map(given.map(({ buffer, value }) => [buffer, value])) // local
  const wrong = ({ value, buffer }: Use): boolean => held.get(buffer) !== value
  for (const [i, { reads, writes }] of steps.entries()) {
    const missing = reads.find(wrong)
    if (missing !== undefined) return `step ${i} does not find what it reads in buffer ${missing.buffer}`
    for (const { buffer, value } of writes) held.set(buffer, value)
  }
  const lost = results.find(wrong)
  return unless(lost === undefined, () => `a result is not in buffer ${lost?.buffer}`)
}

/** Laws of a program laid out in memory. */
export const plan = <P>(layout: Layout<P>, programs: fc.Arbitrary<P>): Laws => ({
  'buffers that live at once do not overlap': law(
    colouring('two values alive in one step lie in two buffers'),
    programs,
    (program) => apart(layout(program))
  ),
  'every read finds what was written': law(
    laidOut('⟦steps⟧ over names: read(b) = the value that is named'),
    programs,
    (program) => executed(layout(program))
  ),
  'the peak is what is said': law(laidOut('peak = Σ bytes of the buffers'), programs, (program) => {
    const { buffers, peak } = layout(program)
    const sum = buffers.reduce((total, bytes) => total + bytes, 0)
    return unless(sum === peak, () => `${peak} bytes are said, ${sum} are held`)
  }),
  'a buffer is as large as what it holds': law(laidOut('bytes(value) ≤ bytes(buffer)'), programs, (program) => {
    const memory = layout(program)
    return firstOf(
      usesOf(memory).map(({ bytes, buffer }) =>
        unless(bytes <= (memory.buffers[buffer] ?? 0), () => `${bytes} bytes lie in ${memory.buffers[buffer]}`)
      )
    )
  })
})

// lifetimes ------------------------------------------------------------------------------

/** A value that is made by one step and last used by another. */
export interface Lifetime {
  readonly bytes: number
  readonly from: number
  readonly to: number
}

export interface Places {
  readonly buffers: ReadonlyArray<number>
  /** The buffer of every value. */
  readonly places: ReadonlyArray<number>
}

/** Values come in the order in which they are made. */
export type Planner = (values: ReadonlyArray<Lifetime>) => Places

const lifetimes: fc.Arbitrary<ReadonlyArray<Lifetime>> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.nat(6)), { maxLength: 60 })
  .map((values) => values.map(([bytes, length], i) => ({ bytes, from: i, to: i + length })))

/** The planner's answer as a memory whose steps make one value each and read it last when it dies. */
const asMemory =
  (planner: Planner): Layout<ReadonlyArray<Lifetime>> =>
  (values) => {
    const { buffers, places } = planner(values)
    const use = (i: number): Use => ({ value: i, buffer: places[i] ?? -1, bytes: values[i]?.bytes ?? 0 })
    const end = values.reduce((most, { to }) => Math.max(most, to), 0)
    const steps = Array.from({ length: end + 1 }, (_, step) => ({
      reads: values.flatMap(({ from: made, to }, i) => (to === step && made < step ? [use(i)] : [])),
      writes: values.flatMap(({ from: made }, i) => (made === step ? [use(i)] : []))
    }))
    const peak = buffers.reduce((sum, bytes) => sum + bytes, 0)
    return { buffers, peak, given: [], steps, results: [] }
  }

const most = (values: ReadonlyArray<Lifetime>): number =>
  values.reduce(
    (count, { from: step }) => Math.max(count, values.filter((v) => v.from <= step && step <= v.to).length),
    0
  )

/** Laws of a planner: those of a program, and that it wastes no buffer. */
export const planner = (subject: Planner): Laws => ({
  'values that live at once lie apart': law(colouring('lifetimes that meet ⇒ two buffers'), lifetimes, (values) =>
    apart(asMemory(subject)(values))
  ),
  'a value has room': law(colouring('bytes(value) ≤ bytes(buffer)'), lifetimes, (values) => {
    const { buffers, places } = subject(values)
    return firstOf(
      values.map(({ bytes }, i) => unless((buffers[places[i] ?? -1] ?? 0) >= bytes, () => `value ${i} has no room`))
    )
  }),
  'there are no more buffers than values that live at once': law(
    colouring('an interval graph is coloured with as many colours as its largest clique'),
    lifetimes,
    (values) => {
      const { buffers } = subject(values)
      return unless(buffers.length <= most(values), () => `${buffers.length} buffers for ${most(values)} values`)
    }
  )
})

/** Memory that is freed too early, is too small, or is not what is said. */
import type * as fc from 'fast-check'
import type { Mutant } from '../Laws.ts'
import { plan, planner, type Layout, type Memory, type Planner, type Use } from '../plan.ts'

const everywhere = (memory: Memory, f: (use: Use) => Use): Memory => ({
  ...memory,
  given: memory.given.map(f),
  steps: memory.steps.map(({ reads, writes }) => ({ reads: reads.map(f), writes: writes.map(f) })),
  results: memory.results.map(f)
})

/** Mutants of a sound layout, for programs of at least two values that live at once. */
export const planMutants = <P>(sound: Layout<P>, programs: fc.Arbitrary<P>): ReadonlyArray<Mutant> => {
  const mutant = (name: string, brokenLaw: string, wrong: (memory: Memory) => Memory): Mutant => ({
    name,
    brokenLaw,
    laws: plan((program: P) => wrong(sound(program)), programs)
  })
  return [
    mutant('one buffer for all', 'buffers that live at once do not overlap', (memory) =>
      everywhere(memory, (use) => ({ ...use, buffer: 0 }))
    ),
    mutant('steps that run backwards', 'every read finds what was written', (memory) => ({
      ...memory,
      steps: [...memory.steps].reverse()
    })),
    mutant('a peak without its last buffer', 'the peak is what is said', (memory) => ({
      ...memory,
      peak: memory.peak - (memory.buffers.at(-1) ?? 0)
    })),
    mutant('buffers that are cut in half', 'a buffer is as large as what it holds', (memory) => ({
      ...memory,
      buffers: memory.buffers.map((bytes) => bytes / 64)
    }))
  ]
}

/** Every value in a buffer of its own. */
const spacious: Planner = (values) => ({ buffers: values.map(({ bytes }) => bytes), places: values.map((_, i) => i) })

const mutant = (name: string, brokenLaw: string, wrong: Planner): Mutant => ({ name, brokenLaw, laws: planner(wrong) })

export const plannerMutants: ReadonlyArray<Mutant> = [
  mutant('one buffer for all', 'values that live at once lie apart', (values) => ({
    buffers: [100],
    places: values.map(() => 0)
  })),
  mutant('buffers that do not grow', 'a value has room', (values) => ({
    ...spacious(values),
    buffers: values.map(() => 1)
  })),
  mutant('a buffer for each', 'there are no more buffers than values that live at once', spacious)
]

/** What the tests of laws share: a test for each law, and a test for each mutant that a law must reject. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Laws, Mutant } from '../../laws/Laws.ts'

/** `FC_PATH` is the path to one counterexample, as a failure prints it beside its seed. */
const replayed = process.env['FC_PATH']

export const hold = (laws: Laws, numRuns = 100, timeout?: number): void => {
  for (const [name, property] of Object.entries(laws))
    it(
      name,
      async () => {
        await fc.assert(property, { numRuns, ...(replayed === undefined ? {} : { path: replayed }) })
      },
      timeout
    )
}

export const reject = (mutants: ReadonlyArray<Mutant>, numRuns = 200): void => {
  for (const { name, brokenLaw, laws } of mutants)
    it(`${name} breaks "${brokenLaw}"`, async () => {
      const property = laws[brokenLaw]
      expect(property, `no law of that name: ${Object.keys(laws).join('; ')}`).toBeDefined()
      if (property !== undefined)
        expect(await fc.check(property, { numRuns, endOnFailure: true })).toMatchObject({ failed: true })
    })
}

/** The name of a law without what it is about. */
export const withoutSubject = (name: string): string => name.replace(/^.*?: /, '')

/** The laws of a suite that no mutant breaks, by their names without their subject. */
export const uncovered = (laws: Laws, mutants: ReadonlyArray<Mutant>): ReadonlyArray<string> => {
  const rejected = new Set(mutants.map(({ brokenLaw }) => withoutSubject(brokenLaw)))
  return [...new Set(Object.keys(laws).map(withoutSubject))].filter((name) => !rejected.has(name)).sort()
}

/** Every law of the suite has a mutant. */
export const covered = (laws: Laws, mutants: ReadonlyArray<Mutant>): void =>
  it('has a mutant for every law', () => {
    expect(Object.keys(laws)).not.toEqual([])
    expect(uncovered(laws, mutants)).toEqual([])
  })

/** What the tests of laws share: a test for each law, and a test for each mutant that a law must reject. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Laws, Mutant } from '../../laws/Laws.ts'

export const hold = (laws: Laws, numRuns = 100): void => {
  for (const [name, property] of Object.entries(laws))
    it(name, async () => {
      await fc.assert(property, { numRuns })
    })
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

const withoutSubject = (name: string): string => name.slice(name.indexOf(': ') + 2)

/** Every law of the suite has a mutant, by the law's name without its subject. */
export const covered = (laws: Laws, mutants: ReadonlyArray<Mutant>): void =>
  it('has a mutant for every law', () => {
    const names = [...new Set(Object.keys(laws).map(withoutSubject))].sort()

    const rejected = new Set(mutants.map(({ brokenLaw }) => withoutSubject(brokenLaw)))

    expect(names.filter((name) => !rejected.has(name))).toEqual([])
  })

import { describe, expect, it } from 'vitest'
import type { Laws } from '../../laws/Laws.ts'
import { covered, hold, reject, withoutSubject } from './hold.ts'
import { held } from './method.ts'

const numbersOf = (laws: Laws): ReadonlyArray<number> => Object.values(laws).flatMap(({ source }) => source.identities)

const all = Array.from({ length: 50 }, (_, i) => i + 1)

describe('the identities of the method', () => {
  it('are all there, by number', () => {
    const found = new Set(Object.values(held).flatMap(({ laws }) => numbersOf(laws)))

    expect([...found].sort((a, b) => a - b)).toEqual(all)
  })

  it('each have a mutant', () => {
    const rejected = Object.values(held).flatMap(({ laws, mutants }) => {
      const broken = new Set(mutants.map(({ brokenLaw }) => withoutSubject(brokenLaw)))
      return Object.entries(laws).flatMap(([name, { source }]) =>
        broken.has(withoutSubject(name)) ? source.identities : []
      )
    })

    expect(all.filter((number) => !rejected.includes(number))).toEqual([])
  })
})

for (const [name, { laws, mutants, runs }] of Object.entries(held))
  describe(name, () => {
    hold(laws, runs ?? 50)
    reject(mutants)
    covered(laws, mutants)
  })

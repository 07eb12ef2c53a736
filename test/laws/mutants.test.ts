import { describe, expect, it } from 'vitest'
import { lawsOf, lawsPage, mutantSets, suites } from '../../docs/generate/laws.ts'
import type { Mutant } from '../../laws/Laws.ts'
import * as mutants from '../../laws/mutants/index.ts'
import { read } from '../source.ts'
import { covered, uncovered } from './hold.ts'

const names = suites.map(({ name }) => name)

describe('mutants', () => {
  it('are of every suite of laws', () => {
    expect(names.length).toBeGreaterThan(40)
    expect(names.filter((suite) => !mutantSets.has(`${suite}Mutants`))).toEqual([])
  })

  it('are of a suite, and not left over', () => {
    expect([...mutantSets.keys()].filter((name) => !names.includes(name.replace(/Mutants$/, '')))).toEqual([])
  })

  for (const [name, set] of mutantSets)
    describe(name, () => {
      covered(Object.assign({}, ...set.map(({ laws }) => laws)), set)
    })

  it('are missed where a law has none', () => {
    const [first, ...others] = mutants.keyMutants as readonly [Mutant, ...Array<Mutant>]
    const rest = others.filter(({ brokenLaw }) => brokenLaw !== first.brokenLaw)

    expect(uncovered(first.laws, rest)).toHaveLength(1)
  })
})

describe('laws', () => {
  const all = suites.flatMap((suite) => Object.entries(lawsOf(suite)).map(([name, law]) => ({ suite, name, law })))

  it('all say what they say, and who says it', () => {
    const silent = all.filter(({ law: { source } }) => source.says.length < 4 || source.reference.length < 8)

    expect(silent.map(({ suite, name }) => `${suite.name}: ${name}`)).toEqual([])
  })

  it('are documented, suite by suite', () => {
    expect(suites.filter(({ doc }) => doc.length < 20).map(({ name }) => name)).toEqual([])
  })
})

describe('docs/laws.md', () => {
  it('is what `npm run docs` writes', () => {
    expect(read('docs/laws.md')).toBe(lawsPage())
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mutant } from '../../laws/Laws.ts'
import * as mutants from '../../laws/mutants/index.ts'
import { E } from '../../src/core/fp.ts'
import { sources, ts, type Source } from '../source.ts'
import { covered, uncovered } from './hold.ts'

/** Suites of laws, by how they are written: exported functions whose result is `Laws`. */
const suitesOf = ({ nodes }: Source): ReadonlyArray<string> =>
  nodes.flatMap((node) =>
    ts.isVariableDeclaration(node) &&
    node.initializer !== undefined &&
    ts.isArrowFunction(node.initializer) &&
    node.initializer.type?.getText() === 'Laws' &&
    ts.isVariableStatement(node.parent.parent) &&
    node.parent.parent.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      ? [node.name.getText()]
      : []
  )

const files = sources('laws').filter(({ path }) => /^laws\/[a-z]\w*\.ts$/.test(path) && path !== 'laws/index.ts')
const suites = files.flatMap(suitesOf)

// Nothing is drawn here: only the names of the laws count.
const none = fc.constant<never>(undefined as never)
const form = { parse: () => 0, print: String, bounds: () => [0, 0] as const, coefficient: () => 0, without: () => 0 }
const codec = { encode: String, decode: () => E.right(0), equal: Object.is, show: String }

/** Mutants of subjects that the user brings. */
const ofSubjects: Readonly<Record<string, ReadonlyArray<Mutant>>> = {
  clusteringMutants: mutants.clusteringMutants(() => ({ groups: [], stored: new Set(), clusters: [] }), none),
  codecMutants: mutants.codecMutants(codec, none, none, 0),
  compositionMutants: mutants.compositionMutants(none),
  fusionMutants: mutants.fusionMutants(() => () => ({ groups: [], stored: new Set() }), none, 4),
  indexArithmeticMutants: mutants.indexArithmeticMutants(form),
  passMutants: mutants.passMutants(none),
  scanMutants: mutants.scanMutants(none),
  targetMutants: mutants.targetMutants(none)
}

const sets: ReadonlyMap<string, ReadonlyArray<Mutant>> = new Map(
  Object.entries(mutants).flatMap(([name, set]) => {
    const made: unknown = Array.isArray(set) ? set : ofSubjects[name]
    return name.endsWith('Mutants') ? [[name, (made ?? []) as ReadonlyArray<Mutant>] as const] : []
  })
)

describe('mutants', () => {
  it('are of every suite of laws', () => {
    expect(suites.length).toBeGreaterThan(20)
    expect(suites.filter((suite) => !sets.has(`${suite}Mutants`))).toEqual([])
  })

  it('are of a suite, and not left over', () => {
    expect([...sets.keys()].filter((name) => !suites.includes(name.replace(/Mutants$/, '')))).toEqual([])
  })

  for (const [name, set] of sets)
    describe(name, () => {
      covered(Object.assign({}, ...set.map(({ laws }) => laws)), set)
    })

  it('are missed where a law has none', () => {
    const [first, ...others] = mutants.keyMutants as readonly [Mutant, ...Array<Mutant>]
    const rest = others.filter(({ brokenLaw }) => brokenLaw !== first.brokenLaw)

    expect(uncovered(first.laws, rest)).toHaveLength(1)
  })
})

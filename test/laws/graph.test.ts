import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codec, type Codec } from '../../laws/codec.ts'
import { composite } from '../../laws/composite.ts'
import { allOps, continuousOps, graphs } from '../../laws/graph.ts'
import { codecMutants, compositeMutants, passMutants, targetMutants } from '../../laws/mutants/graph.ts'
import { pass, target } from '../../laws/pass.ts'
import { simplify } from '../../src/compile/simplify.ts'
import { f64 } from '../../src/measure/Close.ts'
import { isApply, topological, type Expr } from '../../src/core/Expr.ts'
import { E, pipe } from '../../src/core/fp.ts'
import { show as sentence } from '../../src/core/Fault.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { parse, showUnreadable, type Unreadable } from '../../src/interpret/parse.ts'
import { show } from '../../src/interpret/show.ts'
import { input, scalar } from '../../src/ops/api.ts'
import { ops } from '../../src/ops/registry.ts'
import { covered, hold, reject } from './hold.ts'

/** Fewer than a nightly run takes: what the seed gives is the same in both. */
const graphCount = Number(process.env['FLUXION_GRAPHS'] ?? 500)

const all = graphs({ ops: allOps, size: 30 })
const smooth = graphs({ ops: continuousOps, size: 60 })

describe('random graphs', () => {
  it('are well typed, finite, and use every operation', () => {
    const used = new Set<string>()

    fc.assert(
      fc.property(graphs({ ops: allOps, size: 40 }), ({ roots, environment }) => {
        for (const { term } of topological(roots)) if (term._tag === 'Apply') used.add(term.op.name)
        expect(roots.flatMap((root) => root.faults).map(sentence)).toEqual([])
        expect(pipe(evaluate(environment)(roots), E.isRight)).toBe(true)
      }),
      { numRuns: 150 }
    )

    expect(allOps.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([])
  })

  it('use every operation, and are of all sizes', () => {
    const drawn = fc.sample(graphs({ ops: allOps, size: 60 }), { numRuns: graphCount, seed: 20260109 })
    const nodes = drawn.map(({ roots }) => topological(roots).filter(isApply))
    const sizes = nodes.map(({ length }) => length).sort((a, b) => a - b)
    const used = new Set(nodes.flat().map(({ term: { op } }) => op.name))

    expect(allOps.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([])
    expect(sizes.at(-1)).toBeGreaterThanOrEqual(60)
    expect(sizes[Math.floor(0.5 * sizes.length)]).toBeGreaterThan(15)
    expect(sizes[Math.floor(0.2 * sizes.length)]).toBeGreaterThan(2)
  }, 120_000)

  it('shrink to few nodes', () => {
    const withSine = fc.property(
      graphs({ ops: continuousOps, size: 15 }),
      ({ roots }) => !topological(roots).some(({ term }) => term._tag === 'Apply' && term.op.name === 'sin')
    )

    const { counterexample } = fc.check(withSine, { numRuns: 300 })

    expect(topological(counterexample?.[0].roots ?? []).length).toBeLessThan(12)
  })
})

describe('passes', () => {
  const laws = pass(simplify.run, all, f64)

  hold(laws)
  reject(passMutants(all), 500)
  covered(laws, passMutants(all))
})

describe('targets', () => {
  const laws = target(
    async (roots, environment) =>
      pipe(
        evaluate(environment)(roots),
        E.mapLeft((faults) => faults.map(sentence))
      ),
    smooth,
    f64
  )

  hold(laws)
  reject(targetMutants(smooth))
  covered(laws, targetMutants(smooth))
})

describe('the text form of graphs', () => {
  const texts: Codec<ReadonlyArray<Expr>, string, Unreadable> = {
    encode: show,
    decode: parse,
    equal: (a, b) => a.length === b.length && a.every((node, i) => node === b[i]),
    show: (text) => (typeof text === 'string' ? text : showUnreadable(text))
  }
  const roots = all.map((graph) => graph.roots)
  const damaged = fc
    .tuple(roots, fc.nat(), fc.constantFrom('drop a line', 'another type', 'another operation'))
    .map(([nodes, at, how]) => damage(show(nodes).split('\n'), at, how))
    .filter((text) => text !== '')
  const mutants = codecMutants(texts, roots, damaged, [input('other', 'f32', [2])])

  hold(codec(texts, roots, damaged))
  reject(mutants)
  covered(codec(texts, roots, damaged), mutants)
})

const damage = (lines: ReadonlyArray<string>, at: number, how: string): string => {
  const i = at % lines.length
  const line = lines[i] ?? ''
  const changed =
    how === 'another type' ? line.replace(/: f32\[.*\]$/, ': f32[7,7]') : line.replace(/= \w+\(/, '= nothing(')
  const rest = how === 'drop a line' ? lines.filter((_, j) => j !== i) : lines.map((l, j) => (j === i ? changed : l))
  return rest.join('\n') === lines.join('\n') || /input|constant/.test(line) ? '' : rest.join('\n')
}

describe('composites', () => {
  const suites = Object.values(ops).map(composite)

  for (const suite of suites) hold(suite, 40)
  reject(compositeMutants)
  covered(Object.assign({}, ...suites), compositeMutants)
})

describe('numbers that JSON has no words for', () => {
  it('come back from the text of a graph', () => {
    const graph = [scalar(-0), scalar(Infinity), scalar(NaN), scalar(0.1)]

    expect(parse(show(graph))).toEqual(E.right(graph))
  })
})

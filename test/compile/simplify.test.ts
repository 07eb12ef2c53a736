import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { checked, sequence, type Pass } from '../../src/compile/Pass.ts'
import { rewriting, type Rule } from '../../src/compile/rewrite.ts'
import { expandFor, rules, simplify } from '../../src/compile/simplify.ts'
import { difference, type Close } from '../../src/measure/Close.ts'
import { input, topological, type Apply, type Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { key, uniform } from '../../src/core/Key.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { evaluate, type Environment } from '../../src/interpret/evaluate.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { graphOf } from '../runtime/examples.ts'
import { right } from '../runtime/running.ts'
import { environment, graphs } from './graphs.ts'

const close: Close = { absolute: 1e-9, relative: 1e-9 }

const valueIn = (values: Environment, root: Expr): Tensor => right(evaluate(values)([root]))[0]!

/** What is wrong with a pass on a graph, if anything. */
const wrongs = (pass: Pass, root: Expr, values: Environment): string | undefined => {
  const after = checked(pass)([root])
  if (E.isLeft(after)) return JSON.stringify(after.left)
  if (pass.run(after.right)[0] !== after.right[0]) return 'a second run changes more'
  return difference(close, valueIn(values, after.right[0]!), valueIn(values, root))
}

const flag = input('flag', 'bool', [2])
const count = input('count', 'i32', [2])
const [u, v] = [input('a0', 'f32', [2, 3]), input('b0', 'f32', [2, 3])]
const s = input('a3', 'f32', [])
const cube = input('cube', 'f32', [2, 4, 3])

/** Graphs for rules that random graphs seldom have a use for. */
const rare: ReadonlyArray<Expr> = [
  $.and(flag, flag),
  $.or(flag, flag),
  $.mul(count, $.fill(0, count)),
  $.div(u, $.neg(v)),
  $.annihilate(u, $.fill(2, u)),
  $.add($.annihilate($.fill(3, u), v), $.annihilate($.fill(0, u), v)),
  $.mul($.mul($.mul(u, $.fill(2, u)), v), $.broadcast(s, { shape: [2, 3], axes: [] })),
  $.mul($.mul(s, $.fill(2, s)), $.fill(3, s)),
  $.slice($.pad(u, { low: [1, 0], high: [0, 2], interior: [0, 0], value: 0 }), {
    start: [1, 0],
    stop: [3, 3],
    step: [1, 1]
  }),
  $.sub($.fill(0, count), count),
  $.where($.less(u, v), $.exp(u), $.exp(u)),
  ...[0, 1].map((known) => $.where($.fill(known, { dtype: 'bool', shape: [2, 3] }), u, v)),
  // Nothing of what is left.
  $.slice($.slice(u, { start: [0, 1], stop: [2, 3], step: [1, 1] }), { start: [1, 0], stop: [1, 2], step: [1, 1] }),
  // Free axes that change places.
  $.contract($.transpose(cube, { order: [1, 0, 2] }), cube, {
    left: { batch: [], over: [2] },
    right: { batch: [], over: [2] }
  }),
  $.contract(v, $.transpose(cube, { order: [0, 2, 1] }), {
    left: { batch: [], over: [1] },
    right: { batch: [], over: [1] }
  })
]
const everything: Environment = new Map([
  ...environment,
  ['flag', { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) }],
  ['cube', { dtype: 'f32', shape: [2, 4, 3], data: uniform(key(1), 24) }],
  ['count', { dtype: 'i32', shape: [2], data: Int32Array.of(3, -4) }]
])

describe('simplification', () => {
  it('preserves the meaning and the types of random graphs, and is idempotent', () => {
    fc.assert(
      fc.property(graphs, (root) => {
        expect(wrongs(simplify, root, environment)).toBeUndefined()
      }),
      { numRuns: 2000, seed: 1 }
    )
  })

  it.each(rare.map((root, i) => [i, root] as const))('preserves the meaning of rare graph %i', (_, root) => {
    expect(wrongs(simplify, root, everything)).toBeUndefined()
  })

  const fired = new Set<string>()
  beforeAll(() => {
    const noted = ({ name, on, rewrite }: Rule): Rule => ({
      name,
      on,
      rewrite: (node) => {
        const found = rewrite(node)
        if (found !== undefined && found !== node) fired.add(name)
        return found
      }
    })
    rewriting(rules.map(noted))([...fc.sample(graphs, { numRuns: 2000, seed: 2 }), ...rare])
  })
  it.each(rules.map(({ name }) => name))('is tried on a graph for the rule: %s', (name) => {
    expect(fired.has(name)).toBe(true)
  })

  it('rejects a mutant of every kind of rule', () => {
    const mutants: ReadonlyArray<Rule> = [
      {
        name: 'x − y = y − x',
        on: ['sub'],
        rewrite: ({
          term: {
            inputs: [x, y]
          }
        }) => (x && y && x.id < y.id ? $.sub(y, x) : undefined)
      },
      {
        name: 'Σ x = Σ x · 2',
        on: ['sum'],
        rewrite: (node) => (node.shape.length === 1 ? $.fill(2, node) : undefined)
      },
      {
        name: 'a retyped sum',
        on: ['sum'],
        rewrite: (node) => (node.shape.length === 1 ? node.term.inputs[0] : undefined)
      },
      {
        name: 'a forgotten factor',
        on: ['mul'],
        rewrite: ({
          term: {
            inputs: [x]
          }
        }) => x
      }
    ]
    for (const mutant of mutants) {
      const pass: Pass = { name: mutant.name, run: rewriting([mutant]) }
      const found = fc
        .sample(graphs, { numRuns: 500, seed: 3 })
        .some((root) => wrongs(pass, root, environment) !== undefined)
      expect(found, mutant.name).toBe(true)
    }
  })

  const odd: ReadonlyArray<readonly [string, Pass, ReadonlyArray<string>]> = [
    [
      'a type',
      { name: 'halving', run: ([root]) => [$.sum(root!, { axes: [0] })] },
      ["halving: pass 'halving' changed a type"]
    ],
    ['an output', { name: 'losing', run: () => [] }, ["losing: pass 'losing' changed a type"]],
    [
      'the type of a node within',
      { name: 'forging', run: ([root]) => [{ ...(root as Apply), shape: [7] }] },
      ["exp: pass 'forging' changed a type"]
    ],
    ['what fits', { name: 'breaking', run: ([root]) => [$.add(root!, flag)] }, ['add: shapes differ, [2,3] and [2]']]
  ]
  it.each(odd)('is caught where it changes %s', (_, pass, sentences) => {
    const outcome = checked(pass)([$.exp(u)])

    expect(E.isLeft(outcome) && outcome.left.map((fault) => show(fault).split(';')[0])).toEqual(sentences)
  })

  it('of passes one after another is one pass', () => {
    const twice = sequence('twice', [simplify, simplify])

    expect(twice.run([$.neg($.neg(u))])).toEqual([u])
  })

  it.each(
    Object.values(ops)
      .filter((op) => op.examples.length > 0)
      .map((op) => [op.name, op] as const)
  )('preserves the meaning of %s and its derivatives, expanded or not', (_, op) => {
    op.examples.forEach((_, i) => {
      const { outputs, values } = graphOf(op, i)
      for (const root of Object.values(outputs))
        for (const pass of [simplify, expandFor('onnx'), expandFor('wgsl')])
          expect(wrongs(pass, root, values), pass.name).toBeUndefined()
    })
  })

  it('takes 20,000 nodes in less than two seconds', () => {
    const x = input('x', 'f32', [4, 4])
    const deep = Array.from({ length: 10_000 }).reduce<Expr>(
      (y, _, i) => $.add($.tanh(y), i % 3 === 0 ? x : $.mul(y, $.fill(1.5, y))),
      x
    )
    expect(topological([deep]).length).toBeGreaterThan(20_000)
    const start = performance.now()
    simplify.run([deep])
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

const small = (root: Expr): string => {
  const [after] = simplify.run([root])
  return topological([after!])
    .flatMap(({ term }) => (term._tag === 'Apply' ? [term.op.name] : []))
    .join(' ')
}

describe('simplified graphs', () => {
  const x = input('x', 'f32', [4, 6])
  const row = input('row', 'f32', [6])
  const rows = $.broadcast(row, { shape: [4, 6], axes: [1] })

  it('have one multiplication for a chain of factors', () => {
    const chain = $.mul(
      $.mul($.mul(x, $.fill(2, x)), $.broadcast(input('s', 'f32', []), { shape: [4, 6], axes: [] })),
      $.fill(3, x)
    )
    expect(small(chain)).toBe('mul broadcast mul')
  })

  it('compute what repeats once', () => {
    expect(small($.mul($.exp(rows), rows))).toBe('exp mul broadcast')
    expect(small($.sum(rows, { axes: [0] }))).toBe('broadcast mul')
  })

  it('join what was split', () => {
    const part = (from: number): Expr => $.slice(x, { start: [0, from], stop: [4, from + 2], step: [1, 1] })
    const pads = [4, 0, 2].map((from) =>
      $.pad($.exp(part(from)), { low: [0, from], high: [0, 4 - from], interior: [0, 0], value: 0 })
    )
    expect(small(pads.reduce((a, b) => $.add(a, b)))).toBe('slice exp slice exp slice exp concat')
  })

  it('subtract instead of adding what is negative', () => {
    expect(small($.add(x, $.sum($.broadcast($.neg(x), { shape: [2, 4, 6], axes: [1, 2] }), { axes: [0] })))).toBe(
      'broadcast mul add'
    )
    expect(small($.add(x, $.reshape($.neg($.reshape(x, { shape: [24] })), { shape: [4, 6] })))).toBe('sub')
  })
})

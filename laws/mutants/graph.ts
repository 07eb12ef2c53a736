/** Passes, texts and composites that do not keep what they must. */
import type * as fc from 'fast-check'
import { f64 } from '../../src/measure/Close.ts'
import { apply, isApply, topological, type Expr, type Params } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import { composite as makeComposite, type Composite, type Op } from '../../src/core/Op.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { codec, type Codec } from '../codec.ts'
import { composite } from '../composite.ts'
import type { Graph } from '../graph.ts'
import type { Mutant } from '../Laws.ts'
import type { WrongOperation } from './derivative.ts'
import { pass, target, type Pass, type Target } from '../pass.ts'

// passes ---------------------------------------------------------------------------------

/** The graph with every difference turned round. */
const exchanged: Pass = (roots) => {
  const image = new Map<Expr, Expr>() // local
  for (const node of topological(roots)) {
    if (!isApply(node)) continue
    const inputs = node.term.inputs.map((x) => image.get(x) ?? x)
    const turned = node.term.op.name === 'sub' ? [...inputs].reverse() : inputs
    image.set(node, apply(node.term.op, turned, node.term.params))
  }
  return roots.map((root) => image.get(root) ?? root)
}

const flattened: Pass = (roots) => roots.map((x) => $.reshape(x, { shape: [x.shape.reduce((n, d) => n * d, 1)] }))

const growing: Pass = (roots) => roots.map((x) => (x.dtype === 'f32' ? $.add(x, $.fill(0, x)) : x))

export const passMutants = (graphs: fc.Arbitrary<Graph>): ReadonlyArray<Mutant> => {
  const mutant = (name: string, brokenLaw: string, wrong: Pass): Mutant => ({
    name,
    brokenLaw,
    laws: pass(wrong, graphs, f64)
  })
  return [
    mutant('a pass that turns differences round', 'preserves meaning', exchanged),
    mutant('a pass that flattens results', 'preserves types', flattened),
    mutant('a pass that adds zero', 'is idempotent', growing)
  ]
}

// targets --------------------------------------------------------------------------------

/** A thousandth off. */
export const offByAThousandth: Target = async (roots, environment) => {
  const values = evaluate(environment)(roots)
  return E.isLeft(values)
    ? E.left(['no value'])
    : E.right(values.right.map((x) => ({ ...x, data: Float64Array.from(x.data, (v) => v * (1 + 1e-3)) })))
}

export const targetMutants = (graphs: fc.Arbitrary<Graph>): ReadonlyArray<Mutant> => [
  {
    name: 'a device that is a thousandth off',
    brokenLaw: 'agrees with the meaning',
    laws: target(offByAThousandth, graphs, f64)
  }
]

// codecs ---------------------------------------------------------------------------------

export const codecMutants = <A, B, Why>(
  sound: Codec<A, B, Why>,
  values: fc.Arbitrary<A>,
  damaged: fc.Arbitrary<B>,
  other: A
): ReadonlyArray<Mutant> => {
  const mutant = (name: string, brokenLaw: string, wrong: Partial<Codec<A, B, Why>>): Mutant => ({
    name,
    brokenLaw,
    laws: codec({ ...sound, ...wrong }, values, damaged)
  })
  return [
    mutant('a reader that gives the same for all', 'decode ∘ encode = id', { decode: () => E.right(other) }),
    mutant('a reader that gives the same for all', 'encode ∘ decode ∘ encode = encode', {
      decode: () => E.right(other)
    }),
    mutant('a reader that accepts anything', 'refuses what is damaged', { decode: () => E.right(other) })
  ]
}

// composites -----------------------------------------------------------------------------

const wrongComposite = (name: string, brokenLaw: string, wrong: Partial<Composite<Params>>): WrongOperation => ({
  name,
  brokenLaw,
  op: makeComposite({ ...(ops['silu'] as Op & Composite<Params>), ...wrong })
})

const relu = ops['relu']

/** `silu` with one thing wrong. */
export const wrongComposites: ReadonlyArray<WrongOperation> = [
  wrongComposite('a definition of another shape', 'types as its definition', {
    define:
      ($) =>
      ([x]) =>
        $.sum(x as Expr, { axes: [0] })
  }),
  wrongComposite('a pullback of another function', 'the derived pullback agrees with the given one', {
    vjp:
      ($) =>
      ({ inputs: [x], cotangent: g }) => [x && $.mul(g, $.sigmoid(x))]
  }),
  wrongComposite('a definition of another function', 'the derived pushforward agrees with the given one', {
    define:
      () =>
      ([x]) =>
        relu === undefined ? (x as Expr) : apply(relu, [x as Expr])
  })
]

export const compositeMutants: ReadonlyArray<Mutant> = wrongComposites.map(({ name, brokenLaw, op }) => ({
  name,
  brokenLaw: `${op.name}: ${brokenLaw}`,
  laws: composite(op)
}))

/**
 * Broken derivatives. The one idea: what a rule gives is a graph between what it was handed and its results, so that a
 * rule is broken by rewriting one node of that graph; no source is touched.
 */
import { isFloat } from '../../src/core/DType.ts'
import { apply, input, isApply, literal, topological, type Expr, type Params } from '../../src/core/Expr.ts'
import { substitute } from '../../src/core/Lambda.ts'
import type { Example, Op, Pull, Push } from '../../src/core/Op.ts'
import { equal } from '../../src/core/Shape.ts'
import { map } from '../../src/core/Tensor.ts'
import { $ } from '../../src/ops/registry.ts'
import { numbered, type Mutant } from './Mutant.ts'
import { variants } from './parameters.ts'

// model ----------------------------------------------------------------------------------

/** What a rule gives: a cotangent for each operand, or the one tangent. */
type Results = ReadonlyArray<Expr | undefined>

/** Results that were changed in one place. */
type Change = readonly [name: string, results: Results]

/** A rule by itself: the sites it is called with, and how results are read out of it and put back. */
interface RuleOf {
  readonly rule: 'vjp' | 'jvp'
  /** What the rule is called with at an example. */
  readonly call: (
    op: Op,
    example: Example<Params>
  ) => { readonly leaves: ReadonlyArray<Expr>; readonly results: Results }
  readonly broken: (op: Op, change: string) => Op
}

const there = (xs: Results): ReadonlyArray<Expr> => xs.filter((x) => x !== undefined)

const alike = (a: Expr, b: Expr): boolean => a.dtype === b.dtype && equal(a.shape, b.shape)

// one node -------------------------------------------------------------------------------

type Rewrite = readonly [name: string, node: Expr]

const other = (node: Expr, value: number): number =>
  node.dtype === 'bool' ? 1 - value : value === 0 ? 1 : isFloat(node.dtype) ? 2 * value : value + 1

/** A wrong sign, a wrong factor. */
const scaled = (node: Expr): ReadonlyArray<Rewrite> =>
  isFloat(node.dtype)
    ? [
        ['negated', $.neg(node)],
        ['doubled', $.mul(node, $.fill(2, node))]
      ]
    : node.dtype === 'bool'
      ? [['negated', $.not(node)]]
      : []

const constants = (node: Expr): ReadonlyArray<Rewrite> =>
  node.term._tag !== 'Constant'
    ? []
    : [
        ['another constant', literal(map(node.term.value, (value) => other(node, value)))],
        ...(isFloat(node.dtype) ? [['negated', literal(map(node.term.value, (value) => -value))] as const] : [])
      ]

/** The node with two operands of one type exchanged. */
const exchanged = (op: Op, params: Params, xs: ReadonlyArray<Expr>): ReadonlyArray<Rewrite> =>
  xs.flatMap((x, i) =>
    xs.flatMap((y, j) =>
      i < j && x !== y && alike(x, y)
        ? [
            [
              `operands ${i + 1} and ${j + 1} exchanged`,
              apply(
                op,
                xs.map((z, k) => (k === i ? y : k === j ? x : z)),
                params
              )
            ] as const
          ]
        : []
    )
  )

/** The node forgotten: one of its operands in its place. */
const forgotten = (node: Expr, xs: ReadonlyArray<Expr>): ReadonlyArray<Rewrite> =>
  xs.flatMap((x, i) => (alike(node, x) ? [[`operand ${i + 1} alone`, x] as const] : []))

const rewrites = (node: Expr): ReadonlyArray<Rewrite> => {
  if (!isApply(node)) return constants(node)
  const { op, params, inputs } = node.term
  const reparametrised = variants(params).map(([name, changed]) => [name, apply(op, inputs, changed)] as const)
  return [
    ...scaled(node),
    ...exchanged(op, params, inputs),
    ...(op.name === 'neg' ? [] : forgotten(node, inputs)),
    ...reparametrised
  ].filter(([, changed]) => changed !== node && changed.faults.length === 0 && alike(changed, node))
}

// a graph --------------------------------------------------------------------------------

const labelOf = ({ term }: Expr): string => (term._tag === 'Apply' ? term.op.name : 'constant')

const without = (results: Results, i: number, by: Expr | undefined): Results =>
  results.map((y, j) => (j === i ? by : y))

/** Whole results changed: dropped, exchanged, and, where a result is what the rule was handed, negated or doubled. */
const whole = (results: Results, leaves: ReadonlySet<Expr>): ReadonlyArray<Change> =>
  results.flatMap(
    (y, i): ReadonlyArray<Change> =>
      y === undefined
        ? []
        : [
            [`result ${i + 1} dropped`, without(results, i, undefined)],
            ...(leaves.has(y) ? scaled(y) : []).map(
              ([name, by]): Change => [`result ${i + 1} ${name}`, without(results, i, by)]
            ),
            ...results.flatMap(
              (z, j): ReadonlyArray<Change> =>
                z !== undefined && i < j && y !== z && alike(y, z)
                  ? [[`results ${i + 1} and ${j + 1} exchanged`, without(without(results, i, z), j, y)]]
                  : []
            )
          ]
  )

/** A constant, and what is made of constants alone, is changed at the constants. */
const made = (nodes: ReadonlyArray<Expr>, leaves: ReadonlySet<Expr>): ReadonlySet<Expr> => {
  const found = new Set<Expr>(leaves) // local
  for (const node of nodes) if (isApply(node) && node.term.inputs.some((x) => found.has(x))) found.add(node)
  return found
}

/** Every change of the graph between what a rule was handed and what it gave. */
const changes = (given: ReadonlyArray<Expr>, results: Results): ReadonlyArray<Change> => {
  const leaves = new Set(given)
  const inner = topological(there(results), leaves).filter((node) => !leaves.has(node))
  const moving = made(inner, leaves)
  const nodes = inner.filter((node) => moving.has(node) || node.term._tag === 'Constant')
  const names = numbered(nodes.map(labelOf))
  const replaced = (node: Expr, by: Expr): Results => {
    const [...images] = substitute(there(results), [...given, node], [...given, by])
    return results.map((y) => (y === undefined ? undefined : images.shift()))
  }
  return [
    ...whole(results, leaves),
    ...nodes.flatMap((node, i) =>
      rewrites(node).map(([name, by]): Change => [`${names[i]}: ${name}`, replaced(node, by)])
    )
  ]
}

const changed = (given: ReadonlyArray<Expr>, results: Results, name: string): Results =>
  changes(given, results).find(([known]) => known === name)?.[1] ?? results

// rules ----------------------------------------------------------------------------------

const handed = ({ inputs, output }: Pull<Params> | Push<Params>, more: Results): ReadonlyArray<Expr> => [
  ...inputs,
  output,
  ...there(more)
]

const siteOf = (op: Op, { inputs, params }: Example<Params>) => {
  const xs = inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
  return { inputs: xs, output: apply(op, xs, params), params }
}

const backward: RuleOf = {
  rule: 'vjp',
  call: (op, example) => {
    const { output, ...rest } = siteOf(op, example)
    const site = { ...rest, output, cotangent: input('g0', output.dtype, output.shape) }
    return {
      leaves: handed(site, [site.cotangent]),
      results: op.vjp === 'derived' ? [] : op.vjp($)(site)
    }
  },
  broken: (op, name) => {
    const { vjp } = op
    if (vjp === 'derived') return op
    return { ...op, vjp: (builder) => (site) => changed(handed(site, [site.cotangent]), vjp(builder)(site), name) }
  }
}

const forward: RuleOf = {
  rule: 'jvp',
  call: (op, example) => {
    const site = siteOf(op, example)
    const tangents = site.inputs.map((x, i) => (isFloat(x.dtype) ? input(`v${i}`, x.dtype, x.shape) : undefined))
    return {
      leaves: handed({ ...site, tangents }, tangents),
      results: op.jvp === 'derived' ? [] : [op.jvp($)({ ...site, tangents })]
    }
  },
  broken: (op, name) => {
    const { jvp } = op
    if (jvp === 'derived') return op
    return { ...op, jvp: (builder) => (site) => changed(handed(site, site.tangents), [jvp(builder)(site)], name)[0] }
  }
}

export const derivativeRules: Readonly<Record<'vjp' | 'jvp', RuleOf>> = { vjp: backward, jvp: forward }

/** Examples that a derivative goes through. */
export const movingExamples = (op: Op): ReadonlyArray<Example<Params>> =>
  op.examples.filter((example) => {
    const { inputs, output } = siteOf(op, example)
    return isFloat(output.dtype) && inputs.some((x) => isFloat(x.dtype))
  })

/** Every mutant of a derivative: each change of the graph that the rule gives at any of the examples. */
export const ruleMutants =
  (rule: 'vjp' | 'jvp') =>
  (op: Op): ReadonlyArray<Mutant> => {
    const { call, broken } = derivativeRules[rule]
    const names = movingExamples(op).flatMap((example) => {
      const { leaves, results } = call(op, example)
      return changes(leaves, results).map(([name]) => name)
    })
    return [...new Set(names)].map((change) => ({ op, rule, change, broken: broken(op, change) }))
  }

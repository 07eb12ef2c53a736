/**
 * Broken derivatives and rules for rows. The one idea: what a rule gives is a graph between what it was handed and its
 * results, so that a rule is broken by rewriting one node of that graph; no source is touched.
 */
import { isFloat } from '../../src/core/DType.ts'
import { apply, input, isApply, literal, topological, type Expr, type Params } from '../../src/core/Expr.ts'
import { substitute } from '../../src/core/Lambda.ts'
import type { Example, Op, Pull, Push, Rows } from '../../src/core/Op.ts'
import { equal, range } from '../../src/core/Shape.ts'
import { map } from '../../src/core/Tensor.ts'
import { rowOf, stackOf } from '../../src/ops/batch.ts'
import { $ } from '../../src/ops/registry.ts'
import { numbered, type Mutant } from './Mutant.ts'
import { variants } from './parameters.ts'

// model ----------------------------------------------------------------------------------

export type GraphRule = 'vjp' | 'jvp' | 'batch'

/** What a rule gives: a cotangent for each operand, the one tangent, the one stack. */
type Results = ReadonlyArray<Expr | undefined>

/** Results that were changed in one place. */
type Change = readonly [name: string, results: Results]

/** What a rule was handed, and what it gave. */
interface Call {
  readonly leaves: ReadonlyArray<Expr>
  readonly results: Results
}

/** A rule by itself: how it is called, what of its results may be changed as a whole, and how it is broken. */
interface RuleOf {
  /** What the rule is called with at an example. */
  readonly calls: (op: Op, example: Example<Params>) => ReadonlyArray<Call>
  readonly whole: Whole
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

/** How results are changed as wholes. */
type Whole = (results: Results, leaves: ReadonlySet<Expr>) => ReadonlyArray<Change>

/** A derivative dropped, exchanged with another, and, where it is what the rule was handed, negated or doubled. */
const wholeDerivatives: Whole = (results, leaves) =>
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

/** A stack whose rows are all the first, or in the wrong order. */
const wholeStacks: Whole = (results) =>
  there(results).flatMap((y): ReadonlyArray<Change> => {
    const [rows = 0] = y.shape
    return rows < 2
      ? []
      : [
          ['the first row for all', [stackOf($, rowOf($, y, 0), rows)]],
          ['rows in the opposite order', [$.flip(y, { axes: [0] })]]
        ]
  })

/** A constant, and what is made of constants alone, is changed at the constants. */
const made = (nodes: ReadonlyArray<Expr>, leaves: ReadonlySet<Expr>): ReadonlySet<Expr> => {
  const found = new Set<Expr>(leaves) // local
  for (const node of nodes) if (isApply(node) && node.term.inputs.some((x) => found.has(x))) found.add(node)
  return found
}

/** Every change of the graph between what a rule was handed and what it gave. */
const changes = (whole: Whole, { leaves: given, results }: Call): ReadonlyArray<Change> => {
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

const changed = (whole: Whole, call: Call, name: string): Results =>
  changes(whole, call).find(([known]) => known === name)?.[1] ?? call.results

// rules ----------------------------------------------------------------------------------

const handed = ({ inputs, output }: Pick<Pull<Params>, 'inputs' | 'output'>, more: Results): ReadonlyArray<Expr> => [
  ...inputs,
  output,
  ...there(more)
]

const siteOf = (op: Op, { inputs, params }: Example<Params>) => {
  const xs = inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
  return { inputs: xs, output: apply(op, xs, params), params }
}

const backward: RuleOf = {
  whole: wholeDerivatives,
  calls: (op, example) => {
    const { output, ...rest } = siteOf(op, example)
    const site = { ...rest, output, cotangent: input('g0', output.dtype, output.shape) }
    return op.vjp === 'derived' ? [] : [{ leaves: handed(site, [site.cotangent]), results: op.vjp($)(site) }]
  },
  broken: (op, name) => {
    const { vjp } = op
    if (vjp === 'derived') return op
    const call = (site: Pull<Params>, results: Results): Call => ({ leaves: handed(site, [site.cotangent]), results })
    return { ...op, vjp: (builder) => (site) => changed(backward.whole, call(site, vjp(builder)(site)), name) }
  }
}

const forward: RuleOf = {
  whole: wholeDerivatives,
  calls: (op, example) => {
    const site = siteOf(op, example)
    const tangents = site.inputs.map((x, i) => (isFloat(x.dtype) ? input(`v${i}`, x.dtype, x.shape) : undefined))
    return op.jvp === 'derived' ? [] : [{ leaves: handed(site, tangents), results: [op.jvp($)({ ...site, tangents })] }]
  },
  broken: (op, name) => {
    const { jvp } = op
    if (jvp === 'derived') return op
    const call = (site: Push<Params>, result: Expr | undefined): Call => ({
      leaves: handed(site, site.tangents),
      results: [result]
    })
    return { ...op, jvp: (builder) => (site) => changed(forward.whole, call(site, jvp(builder)(site)), name)[0] }
  }
}

/** How many rows a stack has where rules for rows are compared. */
export const rowCount = 3

/** Every choice of operands that differ from row to row. */
const choices = (n: number): ReadonlyArray<ReadonlyArray<number>> =>
  n > 4
    ? [range(n), ...range(n).map((i) => [i])]
    : range(2 ** n).flatMap((bits) => (bits === 0 ? [] : [range(n).filter((i) => (bits >> i) % 2 === 1)]))

const stacking: RuleOf = {
  whole: wholeStacks,
  calls: (op, example) => {
    const { batch } = op
    const site = siteOf(op, example)
    if (batch === 'derived') return []
    return choices(site.inputs.length).map((moving) => {
      const stacks = site.inputs.map((x, i) =>
        moving.includes(i) ? input(`s${i}`, x.dtype, [rowCount, ...x.shape]) : undefined
      )
      return { leaves: handed(site, stacks), results: [batch($)({ ...site, op, stacks, rows: rowCount })] }
    })
  },
  broken: (op, name) => {
    const { batch } = op
    if (batch === 'derived') return op
    const call = (site: Rows<Params>, result: Expr | undefined): Call => ({
      leaves: handed(site, site.stacks),
      results: [result]
    })
    // Of a result that there is a change of, there is a changed one.
    const rows: Extract<Op['batch'], (...builder: never) => unknown> = (builder) => (site) =>
      changed(stacking.whole, call(site, batch(builder)(site)), name)[0] as Expr
    return { ...op, batch: rows } as Op
  }
}

export const graphRules: Readonly<Record<GraphRule, RuleOf>> = { vjp: backward, jvp: forward, batch: stacking }

const isMoving =
  (op: Op) =>
  (example: Example<Params>): boolean => {
    const { inputs, output } = siteOf(op, example)
    return isFloat(output.dtype) && inputs.some((x) => isFloat(x.dtype))
  }

/** Examples that a rule says something about: derivatives go through floats alone. */
export const examplesOf = (rule: GraphRule, op: Op): ReadonlyArray<Example<Params>> =>
  rule === 'batch' ? op.examples.filter(({ inputs }) => inputs.length > 0) : op.examples.filter(isMoving(op))

/** Every mutant of a rule: each change of the graph that it gives at any of the examples. */
export const ruleMutants =
  (rule: GraphRule) =>
  (op: Op): ReadonlyArray<Mutant> => {
    const { calls, whole, broken } = graphRules[rule]
    const names = examplesOf(rule, op).flatMap((example) =>
      calls(op, example).flatMap((call) => changes(whole, call).map(([name]) => name))
    )
    return [...new Set(names)].map((change) => ({ op, rule, change, broken: broken(op, change) }))
  }

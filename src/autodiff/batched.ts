/**
 * A graph for one row as a graph for a stack of rows, node by node. An operation says in its record (`batch`) how it is
 * done for many rows; else there is a rule by its name, or it is elementwise, or its definition is batched. What has
 * none of these is done row after row: slow, and right.
 *
 * Laws: `laws/composition.ts` (the rows of the result are the results of the rows).
 */
import { apply, isApply, topological, variable, type Apply, type Expr, type Params, type Type } from '../core/Expr.ts'
import type { Batch, Op, Rows } from '../core/Op.ts'
import { equal, range, type Shape } from '../core/Shape.ts'
import { definition } from '../ops/define.ts'
import { $ } from '../ops/registry.ts'
import { rulesWith, stackOf } from './batchRules.ts'

// rows -----------------------------------------------------------------------------------

/** One row of a stack. */
export const rowOf = (stack: Expr, row: number): Expr => {
  const [, ...shape] = stack.shape
  const start = stack.shape.map((_, i) => (i === 0 ? row : 0))
  const cut = $.slice(stack, { start, stop: [row + 1, ...shape], step: stack.shape.map(() => 1) })
  return $.reshape(cut, { shape })
}

/** The type of one row of a stack. */
export const rowType = ({ dtype, shape }: Type): Type => ({ dtype, shape: shape.slice(1) })

/** What stands for one row of a stack. */
export const rowVariable = (stack: Type): Expr => variable(rowType(stack))

const asRow = (x: Expr): Expr => $.reshape(x, { shape: [1, ...x.shape] })

// defaults -------------------------------------------------------------------------------

const everyShape = ({ inputs, params }: Op['examples'][number], op: Op): ReadonlyArray<Shape> => {
  const typing = op.typing(inputs, params)
  return [...inputs.map(({ shape }) => shape), ...('_tag' in typing ? [] : [typing.shape])]
}

/** Whether an operation is elementwise: its examples are of one shape each, and a scalar will do. */
const isElementwise = (op: Op): boolean => {
  const shapes = op.examples.map((example) => everyShape(example, op))
  return (
    op._tag === 'Primitive' &&
    shapes.every((some) => some.every((shape) => equal(shape, some[0] ?? []))) &&
    shapes.some((some) => some.length > 1 && some[0]?.length === 0)
  )
}

const elementwise: Batch<Params> =
  () =>
  ({ op, inputs, stacks, params, rows }) =>
    apply(
      op,
      inputs.map((x, i) => stacks[i] ?? stackOf($, x, rows)),
      params
    )

const rowAfterRow: Batch<Params> =
  () =>
  ({ op, inputs, stacks, params, rows, output }) => {
    const at = (row: number): ReadonlyArray<Expr> =>
      stacks.map((stack, i) => (stack === undefined ? (inputs[i] ?? output) : rowOf(stack, row)))
    return rows === 0
      ? $.fill(0, { dtype: output.dtype, shape: [0, ...output.shape] })
      : $.concat(
          range(rows).map((row) => asRow(apply(op, at(row), params))),
          { axis: 0 }
        )
  }

const byDefinition: Batch<Params> =
  () =>
  ({ inputs, stacks, rows, output }) => {
    const body = (isApply(output) && definition(output)) || output
    const moving = stacks.flatMap((stack, i) => (stack === undefined ? [] : [i]))
    const leaves = moving.map((i) => inputs[i] ?? output)
    return batchedOne(
      body,
      leaves,
      moving.map((i) => stacks[i] ?? output),
      rows
    )
  }

// rules ----------------------------------------------------------------------------------

const rules = rulesWith(byDefinition)

/** Where the batching of an operation comes from. */
export type BatchSource = 'record' | 'rule' | 'elementwise' | 'definition' | 'row after row'

export const batchSource = (op: Op): BatchSource =>
  op.batch !== undefined
    ? 'record'
    : Object.hasOwn(rules, op.name)
      ? 'rule'
      : isElementwise(op)
        ? 'elementwise'
        : op._tag === 'Composite'
          ? 'definition'
          : 'row after row'

const defaults: Readonly<Record<Exclude<BatchSource, 'record' | 'rule'>, Batch<Params>>> = {
  elementwise,
  definition: byDefinition,
  'row after row': rowAfterRow
}

const sources = new WeakMap<Op, BatchSource>()

const ruleOf = (op: Op): Batch<Params> => {
  const source = sources.get(op) ?? batchSource(op)
  sources.set(op, source)
  if (source === 'record') return op.batch as Batch<Params>
  return source === 'rule' ? (rules[op.name] ?? rowAfterRow) : defaults[source]
}

const liftNode = (node: Apply, lifted: ReadonlyMap<Expr, Expr>, rows: number): Expr | undefined => {
  const { op, inputs, params } = node.term
  const stacks = inputs.map((x) => lifted.get(x))
  if (stacks.every((stack) => stack === undefined)) return undefined
  const site: Rows<Params> = { op, params, inputs, stacks, rows, output: node }
  return ruleOf(op)($)(site)
}

// the transformation ---------------------------------------------------------------------

/** `outputs` for every row of `stacks`, which stand for `variables`; whatever needs none of these is the same for all. */
export const batched = (
  outputs: ReadonlyArray<Expr>,
  variables: ReadonlyArray<Expr>,
  stacks: ReadonlyArray<Expr>,
  rows: number
): ReadonlyArray<Expr> => {
  const lifted = new Map<Expr, Expr>() // local
  variables.forEach((x, i) => lifted.set(x, stacks[i] ?? x))
  for (const node of topological(outputs, new Set(variables))) {
    const stack = lifted.has(node) || !isApply(node) ? undefined : liftNode(node, lifted, rows)
    if (stack !== undefined) lifted.set(node, stack)
  }
  return outputs.map((y) => lifted.get(y) ?? stackOf($, y, rows))
}

/** The same of one output. */
export const batchedOne = (
  output: Expr,
  variables: ReadonlyArray<Expr>,
  stacks: ReadonlyArray<Expr>,
  rows: number
): Expr => batched([output], variables, stacks, rows)[0] ?? output

/**
 * A graph for one row as a graph for a stack of rows, node by node: every operation says in its record (`batch`) how it
 * is done for many rows at once, or leaves it to its definition.
 *
 * Laws: `laws/composition.ts` (the rows of the result are the results of the rows).
 */
import { isApply, topological, variable, type Apply, type Expr, type Type } from '../core/Expr.ts'
import { RA } from '../core/fp.ts'
import type { Like } from '../core/Lambda.ts'
import { stackOf } from '../ops/batch.ts'
import { definition } from '../ops/define.ts'
import { $ } from '../ops/registry.ts'

// rows -----------------------------------------------------------------------------------

/** The type of one row of a stack. */
export const rowType = ({ dtype, shape }: Type): Type => ({ dtype, shape: shape.slice(1) })

/** What stands for one row of a stack. */
export const rowVariable = (stack: Type): Expr => variable(rowType(stack))

// nodes ----------------------------------------------------------------------------------

type Stacks = ReadonlyArray<Expr | undefined>

const byDefinition = (node: Apply, stacks: Stacks, rows: number): Expr | undefined => {
  const body = definition(node)
  const moving = node.term.inputs.filter((_, i) => stacks[i] !== undefined)
  return (
    body &&
    batchedOne(
      body,
      moving,
      stacks.filter((stack) => stack !== undefined),
      rows
    )
  )
}

const byRule = (node: Apply, stacks: Stacks, rows: number): Expr | undefined => {
  const { op, inputs, params } = node.term
  return op.batch === 'derived' ? undefined : op.batch($)({ op, params, inputs, stacks, rows, output: node })
}

const liftNode = (node: Apply, lifted: ReadonlyMap<Expr, Expr>, rows: number): Expr | undefined => {
  const stacks = node.term.inputs.map((x) => lifted.get(x))
  return stacks.every((stack) => stack === undefined)
    ? undefined
    : (byRule(node, stacks, rows) ?? byDefinition(node, stacks, rows))
}

// the transformation ---------------------------------------------------------------------

/** `outputs` for every row of `stacks`, which stand for `variables`; whatever needs none of these is the same for all. */
export const batched = <const R extends ReadonlyArray<Expr>>(
  outputs: R,
  variables: ReadonlyArray<Expr>,
  stacks: ReadonlyArray<Expr>,
  rows: number
): Like<R> => {
  const lifted = new Map(RA.zip(variables, stacks)) // local
  for (const node of topological(outputs, new Set(variables))) {
    const stack = lifted.has(node) || !isApply(node) ? undefined : liftNode(node, lifted, rows)
    if (stack !== undefined) lifted.set(node, stack)
  }
  return outputs.map((y) => lifted.get(y) ?? stackOf($, y, rows)) as Like<R>
}

/** The same of one output. */
export const batchedOne = (
  output: Expr,
  variables: ReadonlyArray<Expr>,
  stacks: ReadonlyArray<Expr>,
  rows: number
): Expr => {
  const [stack] = batched([output], variables, stacks, rows)
  return stack
}

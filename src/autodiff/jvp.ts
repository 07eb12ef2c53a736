/**
 * Exact forward mode: `jvp : (a → b) → a → T a → T b`, node by node from the operations' own rules.
 *
 * Laws: `laws/derivative.ts` (adjoint of the pullback; the limit of finite differences).
 */
import { topological, type Expr } from '../core/Expr.ts'
import { definition } from '../ops/define.ts'
import { $ } from '../ops/registry.ts'

type Tangents = Map<Expr, Expr>

const pushNode = (node: Expr, tangents: Tangents): Expr | undefined => {
  const { term } = node
  if (term._tag !== 'Apply') return undefined
  const { op, inputs, params } = term
  const moving = inputs.map((x) => tangents.get(x))
  if (moving.every((v) => v === undefined)) return undefined
  const body = op.jvp === 'derived' ? definition({ ...node, term }) : undefined
  if (body !== undefined) return push([body], inputs, moving)[0]
  return op.jvp === 'derived' ? undefined : op.jvp($)({ inputs, output: node, tangents: moving, params })
}

const push = (
  outputs: ReadonlyArray<Expr>,
  wrt: ReadonlyArray<Expr>,
  moving: ReadonlyArray<Expr | undefined>
): ReadonlyArray<Expr | undefined> => {
  const leaves = new Set(wrt)
  const tangents: Tangents = new Map() // local
  wrt.forEach((x, i) => {
    const v = moving[i]
    if (v !== undefined) tangents.set(x, v)
  })
  for (const node of topological(outputs, leaves)) {
    const v = leaves.has(node) ? undefined : pushNode(node, tangents)
    if (v !== undefined) tangents.set(node, v)
  }
  return outputs.map((y) => tangents.get(y))
}

/** The tangents of `outputs`, given the tangents of `wrt`; a graph with faults gives them back. */
export const jvp =
  (outputs: ReadonlyArray<Expr>, wrt: ReadonlyArray<Expr>) =>
  (tangents: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
    const faulty = [...outputs, ...tangents].find((x) => x.faults.length > 0)
    if (faulty !== undefined) return outputs.map(() => faulty)
    const pushed = push(outputs, wrt, tangents)
    return outputs.map((y, i) => pushed[i] ?? $.fill(0, y))
  }

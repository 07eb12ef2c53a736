/**
 * Exact forward mode: `jvp : (a → b) → a → T a → T b`, node by node from the operations' own rules.
 *
 * Laws: `laws/derivative.ts` (adjoint of the pullback; the limit of finite differences).
 */
import { isApply, topological, type Expr } from '../core/Expr.ts'
import type { Like } from '../core/Lambda.ts'
import { definition } from '../ops/define.ts'
import { $ } from '../ops/registry.ts'
import { askew } from './vjp.ts'

type Tangents = Map<Expr, Expr>

const pushNode = (node: Expr, tangents: Tangents): Expr | undefined => {
  if (!isApply(node)) return undefined
  const { op, inputs, params } = node.term
  const moving = inputs.map((x) => tangents.get(x))
  if (moving.every((v) => v === undefined)) return undefined
  if (op.jvp !== 'derived') return op.jvp($)({ inputs, output: node, tangents: moving, params })
  const body = definition(node)
  return body && push([body], inputs, moving)[0]
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
  <const Y extends ReadonlyArray<Expr>>(outputs: Y, wrt: ReadonlyArray<Expr>) =>
  (tangents: ReadonlyArray<Expr>): Like<Y> => {
    const faulty = [...outputs, ...tangents].find((x) => x.faults.length > 0) ?? askew('jvp', wrt, tangents)
    const pushed = faulty === undefined ? push(outputs, wrt, tangents) : []
    return outputs.map((y, i) => faulty ?? pushed[i] ?? $.fill(0, y)) as Like<Y>
  }

/**
 * Reverse mode: a graph to the graph of its pullback, `vjp : (a → b) → a → (T b ⊸ T a)`. Since the result is a graph,
 * it differentiates again.
 *
 * Laws: `laws/derivative.ts` (adjoint of the pushforward, linear in the cotangent).
 */
import { isFloat } from '../core/DType.ts'
import { topological, type Expr } from '../core/Expr.ts'
import { definition } from '../ops/define.ts'
import { $ } from '../ops/registry.ts'

type Cotangents = Map<Expr, Expr>

const accumulate = (cotangents: Cotangents, node: Expr, g: Expr): void => {
  const before = cotangents.get(node)
  cotangents.set(node, before === undefined ? g : $.add(before, g))
}

/** Nodes that a derivative can reach: those with a leaf of `wrt` below them. */
const reachable = (nodes: ReadonlyArray<Expr>, wrt: ReadonlySet<Expr>): ReadonlySet<Expr> => {
  const reached = new Set<Expr>() // local
  for (const node of nodes) {
    const through = node.term._tag === 'Apply' && node.term.op.name !== 'stopGradient' ? node.term.inputs : []
    if (wrt.has(node) || through.some((x) => reached.has(x))) reached.add(node)
  }
  return reached
}

const pullNode = (node: Expr, g: Expr, active: ReadonlySet<Expr>, cotangents: Cotangents): void => {
  const { term } = node
  if (term._tag !== 'Apply') return
  const { op, inputs, params } = term
  const body = op.vjp === 'derived' ? definition({ ...node, term }) : undefined
  const pulled =
    body !== undefined
      ? pullback([body], [g], inputs).map((gx, i) => (inputs.indexOf(inputs[i] ?? node) === i ? gx : undefined))
      : op.vjp === 'derived'
        ? []
        : op.vjp($)({ inputs, output: node, cotangent: g, params })
  inputs.forEach((x, i) => {
    const gx = pulled[i]
    if (gx !== undefined && active.has(x)) accumulate(cotangents, x, gx)
  })
}

/** The cotangents of `wrt`, given those of `outputs`; `undefined` where no output depends on it. */
const pullback = (
  outputs: ReadonlyArray<Expr>,
  cotangents: ReadonlyArray<Expr>,
  wrt: ReadonlyArray<Expr>
): ReadonlyArray<Expr | undefined> => {
  const leaves = new Set(wrt)
  const nodes = topological(outputs, leaves)
  const active = reachable(nodes, leaves)
  const found: Cotangents = new Map() // local
  outputs.forEach((y, i) => {
    const g = cotangents[i]
    if (g !== undefined && active.has(y)) accumulate(found, y, g)
  })
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]
    const g = node && found.get(node)
    if (node !== undefined && g !== undefined && !leaves.has(node)) pullNode(node, g, active, found)
  }
  return wrt.map((x) => found.get(x))
}

/** The cotangent of every one of `wrt`, given the cotangents of `outputs`; a graph with faults gives them back. */
export const vjp =
  (outputs: ReadonlyArray<Expr>, wrt: ReadonlyArray<Expr>) =>
  (cotangents: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
    const faulty = [...outputs, ...cotangents].find((x) => x.faults.length > 0)
    if (faulty !== undefined) return wrt.map(() => faulty)
    const pulled = pullback(outputs, cotangents, wrt)
    return wrt.map((x, i) => pulled[i] ?? $.fill(0, isFloat(x.dtype) ? x : { dtype: 'f32', shape: x.shape }))
  }

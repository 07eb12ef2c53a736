/**
 * Reverse mode: a graph to the graph of its pullback, `vjp : (a → b) → a → (T b ⊸ T a)`. Since the result is a graph,
 * it differentiates again.
 *
 * Laws: `laws/derivative.ts` (adjoint of the pushforward, linear in the cotangent).
 */
import { isFloat } from '../core/DType.ts'
import { isApply, misfit, topological, type Apply, type Expr } from '../core/Expr.ts'
import type { Like } from '../core/Lambda.ts'
import { equal } from '../core/Shape.ts'
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

/** The pullback of what defines a node: an operand that occurs twice has all of its cotangent the first time. */
const byDefinition = (node: Apply, g: Expr): ReadonlyArray<Expr | undefined> | undefined => {
  const { inputs } = node.term
  const isFirst = inputs.map((x, i) => inputs.indexOf(x) === i)
  const body = definition(node)
  const pulled = body && pullback([body], [g], inputs)
  return pulled?.map((gx, i) => (isFirst[i] ? gx : undefined))
}

const pullNode = (node: Apply, g: Expr, active: ReadonlySet<Expr>, cotangents: Cotangents): void => {
  const { op, inputs, params } = node.term
  const pulled =
    op.vjp === 'derived' ? byDefinition(node, g) : op.vjp($)({ inputs, output: node, cotangent: g, params })
  inputs.forEach((x, i) => {
    const gx = pulled?.[i]
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
  for (const node of nodes.toReversed()) {
    const g = found.get(node)
    if (g !== undefined && isApply(node) && !leaves.has(node)) pullNode(node, g, active, found)
  }
  return wrt.map((x) => found.get(x))
}

/** A derivative in a direction that does not have the shape of what moves. */
export const askew = (op: string, values: ReadonlyArray<Expr>, directions: ReadonlyArray<Expr>): Expr | undefined => {
  const shapes = values.map(({ shape }, i) => [shape, directions[i]?.shape ?? shape] as const)
  const odd = shapes.find(([value, direction]) => !equal(value, direction))
  return odd && misfit({ _tag: 'ShapesDiffer', op, left: odd[1], right: odd[0] })
}

/** The cotangent of every one of `wrt`, given the cotangents of `outputs`; a graph with faults gives them back. */
export const vjp =
  <const X extends ReadonlyArray<Expr>>(outputs: ReadonlyArray<Expr>, wrt: X) =>
  (cotangents: ReadonlyArray<Expr>): Like<X> => {
    const faulty = [...outputs, ...cotangents].find((x) => x.faults.length > 0) ?? askew('vjp', outputs, cotangents)
    const pulled = faulty === undefined ? pullback(outputs, cotangents, wrt) : []
    const zero = ({ dtype, shape }: Expr): Expr => $.fill(0, { dtype: isFloat(dtype) ? dtype : 'f32', shape })
    return wrt.map((x, i) => faulty ?? pulled[i] ?? zero(x)) as Like<X>
  }

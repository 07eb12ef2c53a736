/** Composites without a lowering of their own give way to their definitions; what no kernel can bind, or do fast, is split. */
import { apply, isApply, topological, type Apply, type Expr } from '../../core/Expr.ts'
import { imageOf, rebuilt } from '../../core/Lambda.ts'
import { definition } from '../../ops/define.ts'
import { blocked } from './blocks.ts'

/** Operands that a concatenation may have, for the bindings of one kernel to suffice. */
const widest = 6

const chunks = <A>(xs: ReadonlyArray<A>, n: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(xs.length / n) }, (_, i) => xs.slice(i * n, (i + 1) * n))

/** A concatenation of many as a concatenation of concatenations. */
const narrow = ({ term: { op, params } }: Apply, inputs: ReadonlyArray<Expr>): Expr =>
  inputs.length <= widest
    ? apply(op, inputs, params)
    : narrow(
        { term: { op, params } } as Apply,
        chunks(inputs, widest).map((part) => apply(op, part, params))
      )

const replacement = (node: Apply): Expr | undefined => {
  const { op, inputs } = node.term
  if (op._tag === 'Composite' && op.wgsl === 'derived') return definition(node)
  return op.name === 'concat' && inputs.length > widest ? narrow(node, inputs) : blocked(node)
}

/** One round: every node after its operands. */
const round = (roots: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
  const image = new Map<Expr, Expr>() // local
  for (const node of topological(roots).filter(isApply)) {
    const moved = rebuilt(node, image)
    image.set(node, replacement(moved) ?? moved)
  }
  return roots.map((root) => imageOf(root, image))
}

/** The same values through primitives and composites with kernels alone. */
export const expand = (roots: ReadonlyArray<Expr>): ReadonlyArray<Expr> =>
  topological(roots).some((node) => isApply(node) && replacement(node) !== undefined) ? expand(round(roots)) : roots

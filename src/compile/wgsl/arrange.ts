/**
 * Layouts: on CPU drivers a contraction whose right operand does not have its columns in a row reads it element by
 * element, at twice the cost of the whole. Laid out anew once, it is read in vectors.
 */
import { apply, isApply, topological, type Apply, type Expr } from '../../core/Expr.ts'
import { imageOf, rebuilt } from '../../core/Lambda.ts'
import { range } from '../../core/Shape.ts'
import { freeOf } from '../../ops/contract.ts'
import { manyRows } from './fuse.ts'
import { loweringOf } from './lowering.ts'
import { productOf, suitsTiles } from './strided.ts'
import type { Target } from './Target.ts'
import { $ } from '../../ops/registry.ts'

/** The same contraction of a right operand whose axes are batch, shared, free. */
const inRows = (node: Apply): Expr => {
  const product = productOf(node)
  const {
    operands: [x, y],
    params: { left, right },
    sizes: { m, n }
  } = product
  if (!suitsTiles(product) || m < manyRows || n % 4 !== 0) return node
  const order = [...right.batch, ...right.over, ...freeOf(y.shape, right)]
  if (order.every((axis, i) => axis === i)) return node
  const moved = $.transpose(y, { order })
  const batch = range(right.batch.length)
  const over = range(right.over.length).map((i) => i + batch.length)
  return apply(node.term.op, [x, moved], { left, right: { batch, over } })
}

const arranged = (node: Apply): Expr => (loweringOf(node)._tag === 'Contract' ? inRows(node) : node)

export const arrange = (roots: ReadonlyArray<Expr>, { schedule }: Target): ReadonlyArray<Expr> => {
  if (schedule !== 'subgroup') return roots
  const image = new Map<Expr, Expr>() // local
  for (const node of topological(roots)) if (isApply(node)) image.set(node, arranged(rebuilt(node, image)))
  return roots.map((root) => imageOf(root, image))
}

/**
 * What `f16` and `bf16` mean: numbers are stored narrow and computed wide. The pass makes that plain. Every operation
 * on narrow values becomes one on wide ones between casts, so that neither a kernel nor a rule but `cast` knows of them;
 * what is left narrow are inputs, constants and the results of casts: numbers that have been rounded, once.
 *
 * A contraction of narrow operands is hence summed in `f32` and rounded at its end: its type is that of its operands. A
 * sum that is to stay wide is one of operands cast to `f32`, which costs nothing (JAX: `preferred_element_type`).
 *
 * Laws: `test/ops/widen.test.ts` (means the same, is typed the same, idempotent; only casts give narrow values).
 */
import { isNarrow } from '../core/DType.ts'
import { apply, isApply, literal, topological, type Apply, type Expr, type Params } from '../core/Expr.ts'
import { imageOf, type Lambda } from '../core/Lambda.ts'
import { stored } from '../core/Tensor.ts'
import { $ } from './registry.ts'

const isLambda = (value: unknown): value is Lambda =>
  typeof value === 'object' && value !== null && 'variables' in value && 'results' in value

const wide = (x: Expr): Expr => (isNarrow(x.dtype) ? $.cast(x, { to: 'f32' }) : x)

/** A loop keeps the types of what it carries; its body is widened in itself. */
const inside = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      isLambda(value) ? { ...value, results: widen(value.results) } : value
    ])
  )

const hasBody = (params: Params): boolean => Object.values(params).some(isLambda)

/** Operations without operands are told the type of their result. */
const ofType = (params: Params, dtype: unknown): Params =>
  params['dtype'] === dtype ? { ...params, dtype: 'f32' } : params

const application = (node: Apply, inputs: ReadonlyArray<Expr>): Expr => {
  const { op, params } = node.term
  if (hasBody(params)) return apply(op, inputs, inside(params))
  if (op.name === 'cast' || !(isNarrow(node.dtype) || inputs.some((x) => isNarrow(x.dtype))))
    return inputs.every((x, i) => x === node.term.inputs[i]) ? node : apply(op, inputs, params)
  return isNarrow(node.dtype)
    ? $.cast(apply(op, inputs.map(wide), ofType(params, node.dtype)), { to: node.dtype })
    : apply(op, inputs.map(wide), params)
}

const widened = (node: Expr, image: ReadonlyMap<Expr, Expr>): Expr =>
  isApply(node)
    ? application(
        node,
        node.term.inputs.map((x) => imageOf(x, image))
      )
    : node.term._tag === 'Constant' && isNarrow(node.dtype)
      ? literal(stored(node.term.value))
      : node

const concerns = (node: Expr): boolean =>
  isNarrow(node.dtype) ||
  (isApply(node) && (hasBody(node.term.params) || node.term.inputs.some((x) => isNarrow(x.dtype))))

/** The same outputs of the same types; nothing below `leaves` is looked at. */
export const widen = (
  roots: ReadonlyArray<Expr>,
  leaves: { readonly has: (node: Expr) => boolean } = new Set<Expr>()
): ReadonlyArray<Expr> => {
  const nodes = topological(roots, leaves)
  if (!nodes.some(concerns)) return roots
  const image = new Map<Expr, Expr>() // local
  for (const node of nodes) image.set(node, leaves.has(node) ? node : widened(node, image))
  return roots.map((root) => imageOf(root, image))
}

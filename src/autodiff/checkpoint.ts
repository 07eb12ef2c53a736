/**
 * Recomputation: a part of a graph whose inner values are not kept for the backward pass, but computed again there, from
 * the operands, when its cotangent has arrived. Memory for time: values and gradients stay the same.
 *
 * The recomputed part is a graph of its own that waits for the cotangent (`after`), so that no pass merges it with the
 * first. onnxruntime's own optimiser may merge them at its higher levels: there the memory is not saved.
 *
 * Laws: `test/autodiff/checkpoint.test.ts`.   Source: Griewank and Walther 2000; Chen et al. 2016 (arXiv 1604.06174).
 */
import { apply, topological, type Expr } from '../core/Expr.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { vjp } from './vjp.ts'

type Part = { readonly body: Expr; readonly leaves: ReadonlyArray<Expr> }

/** The body with other expressions in place of its leaves. */
const at = ({ body, leaves }: Part, operands: ReadonlyArray<Expr>): Expr => {
  const image = new Map(leaves.map((leaf, i) => [leaf, operands[i] ?? leaf])) // local
  for (const node of topological([body], image)) {
    const { term } = node
    if (image.has(node) || term._tag !== 'Apply') continue
    image.set(
      node,
      apply(
        term.op,
        term.inputs.map((x) => image.get(x) ?? x),
        term.params
      )
    )
  }
  return image.get(body) ?? body
}

/** The operands again, as values that exist only once the cotangent does. */
const awaited = ($: Builder, operands: ReadonlyArray<Expr>, cotangent: Expr): ReadonlyArray<Expr> =>
  operands.map((x) => $.after(x, cotangent))

const recomputed: Op = composite<Part>({
  name: 'checkpoint',
  equation: 'a part of a graph, computed again for its gradient',
  arity: -1,
  typing: (_, { body }) => ({ dtype: body.dtype, shape: body.shape }),
  examples: [],
  define: () => (inputs, part) => at(part, inputs),
  vjp:
    ($) =>
    ({ inputs, params, cotangent }) => {
      const again = awaited($, inputs, cotangent)
      return vjp([at(params, again)], again)([cotangent])
    },
  jvp: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

/**
 * `f`, with everything inside it computed again in the backward pass.
 *
 * Everything that `f` depends on and that is to have a gradient is an operand, not captured.
 *
 * @example checkpoint(block)(x, ...weights)
 */
export const checkpoint =
  <Y extends Expr>(f: (...operands: ReadonlyArray<Expr>) => Y) =>
  (...operands: ReadonlyArray<Expr>): Y => {
    const body = f(...operands)
    return (body.faults.length > 0 ? body : apply(recomputed, operands, { body, leaves: operands })) as Y
  }

/**
 * Recomputation: a part of a graph whose inner values are not kept for the backward pass, but computed again there, from
 * the operands, when its cotangent has arrived. Memory for time: values and gradients stay the same.
 *
 * The recomputed part is a graph of its own that waits for the cotangent (`after`), so that no pass merges it with the
 * first. onnxruntime's own optimiser may merge them at its higher levels: there the memory is not saved.
 *
 * Laws: `laws/composition.ts`.   Source: Griewank and Walther 2000; Chen et al. 2016 (arXiv 1604.06174).
 */
import { apply, type Expr } from '../core/Expr.ts'
import { at, type Lambda } from '../core/Lambda.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { batchedOne, rowVariable } from './batched.ts'
import { calling, type Keeping } from './calling.ts'
import { vjp } from './vjp.ts'

type Part = Lambda<readonly [Expr]>

const body = (part: Part, operands: ReadonlyArray<Expr>): Expr => {
  const [result] = at(part, operands)
  return result
}

/** The operands again, as values that exist only once the cotangent does. */
const awaited = ($: Builder, operands: ReadonlyArray<Expr>, cotangent: Expr): ReadonlyArray<Expr> =>
  operands.map((x) => $.after(x, cotangent))

/** The part for single rows as one for stacks; operands that are the same for all rows stay so. */
const ofRows =
  (part: Part, stacked: ReadonlyArray<boolean>, rows: number) =>
  (...operands: ReadonlyArray<Expr>): Expr => {
    const row = operands.map((x, i) => (stacked[i] ? rowVariable(x) : x))
    const moving = (_: Expr, i: number): boolean => stacked[i] === true
    return batchedOne(body(part, row), row.filter(moving), operands.filter(moving), rows)
  }

export const recomputed: Op = composite<Part>({
  name: 'checkpoint',
  equation: 'a part of a graph, computed again for its gradient',
  arity: -1,
  typing: (_, { results: [y] }) => y,
  examples: [],
  define: () => (inputs, part) => body(part, inputs),
  vjp:
    ($) =>
    ({ inputs, params, cotangent }) => {
      const again = awaited($, inputs, cotangent)
      // An operand that occurs twice has all of its cotangent the first time.
      const isFirst = inputs.map((x, i) => inputs.indexOf(x) === i)
      return vjp([body(params, again)], again)([cotangent]).map((g, i) => (isFirst[i] ? g : undefined))
    },
  jvp: 'derived',
  batch:
    () =>
    ({ inputs, stacks, rows, params }) =>
      checkpoint(
        ofRows(
          params,
          stacks.map((stack) => stack !== undefined),
          rows
        )
      )(...inputs.map((x, i) => stacks[i] ?? x)),
  wgsl: 'derived',
  onnx: 'derived'
})

/**
 * `f`, with everything inside it computed again in the backward pass. What it captures is an operand like any other.
 *
 * @example checkpoint(block)(x, ...weights)
 */
export const checkpoint: Keeping = calling(({ lambda, operands, captured }) =>
  apply(recomputed, [...operands, ...captured], lambda)
)

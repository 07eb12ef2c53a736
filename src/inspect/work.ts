/**
 * The arithmetic of a graph, counted from what its operations are. See Note [What counts].
 */
import { looped, type Loop } from '../autodiff/scan.ts'
import { isApply, topological, type Apply, type Expr } from '../core/Expr.ts'
import type { Wgsl } from '../core/Lowering.ts'
import type { Op } from '../core/Op.ts'
import type { Params } from '../core/Expr.ts'
import { size } from '../core/Shape.ts'
import { sizesOf, type Contract } from '../ops/contract.ts'
import { definition } from '../ops/define.ts'
import { fromLinear } from '../ops/place.ts'

// elementwise ----------------------------------------------------------------------------

/** An operand as it is, or a choice of one. */
const isMove = (text: string): boolean => /^(x\d+$|select\()/.test(text)

/** Whether each element is computed, and not only fetched from somewhere. */
const computes = (node: Apply, { element }: Extract<Wgsl<Params>, { readonly _tag: 'Map' }>): boolean => {
  const { inputs, params } = node.term
  const seen: Array<number> = [] // local
  const load = (i: number): string => `x${seen.push(i) - 1}`
  const at = fromLinear(node.shape, 'i')
  const text = element({ params, inputs, type: node, at, load, bind: (_, expression) => expression })
  return seen.length > 0 && !isMove(text)
}

// operations -----------------------------------------------------------------------------

const contraction = ({ inputs, params }: Apply['term']): number => {
  const [x, y] = inputs
  const { batch, m, n, k } = sizesOf(x?.shape ?? [], y?.shape ?? [], params as Contract)
  return 2 * batch * m * n * k
}

const primitive = (node: Apply, lowered: Wgsl<Params>): number => {
  switch (lowered._tag) {
    case 'Map':
      return computes(node, lowered) ? size(node.shape) : 0
    case 'Reduce':
      return size(node.shape) * lowered.count(node.term.inputs, node.term.params)
    case 'Contract':
      return contraction(node.term)
  }
}

const below = (root: Expr, leaves: ReadonlyArray<Expr>): number =>
  topological([root], new Set(leaves))
    .filter((node) => !leaves.includes(node))
    .reduce((sum, node) => sum + flopsOf(node), 0)

const steps = ({ body, steps: count }: Loop): number => count * totalFlops(body.results)

const isLoop = (op: Op): boolean => op === looped

/** Floating-point operations of one node, its operands not counted. */
export const flopsOf = (node: Expr): number => {
  if (!isApply(node) || node.faults.length > 0) return 0
  const { op, params, inputs } = node.term
  if (isLoop(op)) return steps(params as Loop)
  const meaning = definition(node)
  return meaning !== undefined ? below(meaning, inputs) : primitive(node, op.wgsl as Wgsl<Params>)
}

/** Floating-point operations of a graph, each node once. */
export const totalFlops = (roots: ReadonlyArray<Expr>): number =>
  topological(roots).reduce((sum, node) => sum + flopsOf(node), 0)

// Note [What counts]
// - A contraction of batch × m × n × k multiplies and adds as many times: 2·b·m·n·k.
// - An elementwise operation is one for each element, however costly, as XLA counts it; comparisons and conversions too.
// - A reduction of n elements is n for each result.
// - Moving or choosing elements (views, gather, where, pad) is none; so are random bits, which are integers.
// - A composite is what its definition is; a loop is its body as many times as it has steps.
// A node counts once in each kernel that computes it: what fusion computes again in two kernels counts twice there, and
// what it computes again within one counts once.

/** Graphs with their floats stored narrow, for tests. */
import type { DType, Narrow } from '../../src/core/DType.ts'
import { apply, input, literal, topological, type Expr, type Params } from '../../src/core/Expr.ts'
import { stored, type Tensor } from '../../src/core/Tensor.ts'
import { graphOf } from './examples.ts'
import type { Outputs, Values } from './running.ts'
import type { Op } from '../../src/core/Op.ts'

const other = (dtype: DType, to: Narrow): DType => (dtype === 'f32' ? to : dtype)

const told = (params: Params, to: Narrow): Params => {
  const dtype = params['dtype'] === 'f32' ? { dtype: to } : {}
  return { ...params, ...dtype, ...(params['to'] === 'f32' ? { to } : {}) }
}

/** The same graphs with every float of type `to`. */
export const retyped = (roots: ReadonlyArray<Expr>, to: Narrow): ReadonlyArray<Expr> => {
  const image = new Map<Expr, Expr>()
  const moved = (node: Expr): Expr => {
    const { term } = node
    if (term._tag === 'Input') return input(term.name, other(node.dtype, to), node.shape)
    if (term._tag === 'Constant') return literal({ ...term.value, dtype: other(node.dtype, to) })
    const operands = term.inputs.map((x) => image.get(x) ?? x)
    return apply(term.op, operands, told(term.params, to))
  }
  for (const node of topological(roots)) image.set(node, moved(node))
  return roots.map((root) => image.get(root) ?? root)
}

export const narrowed = (value: Tensor, to: Narrow): Tensor => stored({ ...value, dtype: other(value.dtype, to) })

export interface Example {
  readonly outputs: Outputs
  readonly values: Values
}

/** The value of every example of an operation, on operands stored narrow. */
export const narrowExamples = (op: Op, to: Narrow): Example => {
  const graphs = op.examples.map((_, i) => graphOf(op, i))
  const names = graphs.map((_, i) => `value${i}`)
  const roots = retyped(
    graphs.map(({ outputs }, i) => outputs[`value${i}`]!),
    to
  )
  const values = graphs.flatMap((graph) => [...graph.values])
  return {
    outputs: Object.fromEntries(names.map((name, i) => [name, roots[i]!])),
    values: new Map(values.map(([name, value]) => [name, narrowed(value, to)]))
  }
}

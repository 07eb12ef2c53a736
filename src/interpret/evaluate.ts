/** The meaning of a graph, in double precision: the specification that every target is compared with. */
import { topological, type Expr } from '../core/Expr.ts'
import type { Fault, Faults } from '../core/Fault.ts'
import { E } from '../core/fp.ts'
import { equal } from '../core/Shape.ts'
import { isNarrow } from '../core/DType.ts'
import { held, lengthFault, map, stored, type Tensor } from '../core/Tensor.ts'
import { definition } from '../ops/define.ts'
import { widen } from '../ops/widen.ts'

export type Environment = ReadonlyMap<string, Tensor>

const inputFault = (node: Expr, name: string, value: Tensor | undefined): Fault | undefined =>
  value === undefined
    ? { _tag: 'UnboundInput', name }
    : equal(value.shape, node.shape)
      ? lengthFault(`input '${name}'`, value)
      : { _tag: 'InputDiffers', name, expected: node.shape, got: value.shape }

/** What a sum of integers is once it has wrapped around. */
const whole = (x: Tensor): Tensor =>
  x.dtype === 'i32' || x.dtype === 'u32' ? map(x, (value) => held(x.dtype, value)) : x

/** The nodes a value is computed through: composites give way to their definitions. */
const meaningOf = (node: Expr, values: Map<Expr, Tensor>): Tensor => {
  const { term } = node
  if (term._tag === 'Constant') return term.value
  if (term._tag === 'Input' || term.op._tag === 'Composite')
    return { dtype: node.dtype, shape: [], data: new Float64Array() }
  const inputs = term.inputs.map((x) => values.get(x) as Tensor)
  return whole(term.op.meaning(inputs, term.params, { dtype: node.dtype, shape: node.shape }))
}

/** Evaluates below `roots` into `values`, which holds the leaves already. */
const run = (roots: ReadonlyArray<Expr>, values: Map<Expr, Tensor>): void => {
  for (const node of topological(roots, values)) {
    if (values.has(node)) continue
    const { term } = node
    const defined = term._tag === 'Apply' ? definition({ ...node, term }) : undefined
    const body = defined && widen([defined], values)[0]
    if (body !== undefined) run([body], values)
    values.set(node, body === undefined ? meaningOf(node, values) : (values.get(body) as Tensor))
  }
}

/** The values of `roots`, given those of the inputs by name. */
export const evaluate =
  (environment: Environment) =>
  (roots: ReadonlyArray<Expr>): E.Either<Faults, ReadonlyArray<Tensor>> => {
    const wrong = [...new Set(roots.flatMap((root) => root.faults))]
    if (wrong.length > 0) return E.left(wrong)
    const inputs = topological(roots).filter((node) => node.term._tag === 'Input')
    const values = new Map<Expr, Tensor>() // local
    const unbound = inputs.flatMap((node) => {
      const name = node.term._tag === 'Input' ? node.term.name : ''
      const value = environment.get(name)
      if (value !== undefined) values.set(node, isNarrow(node.dtype) ? stored({ ...value, dtype: node.dtype }) : value)
      return inputFault(node, name, value) ?? []
    })
    if (unbound.length > 0) return E.left(unbound)
    const wide = widen(roots)
    run(wide, values)
    return E.right(wide.map((root) => values.get(root) as Tensor))
  }

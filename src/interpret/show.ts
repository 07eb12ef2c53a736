/**
 * Graphs as text, one node a line after its operands, so that a graph can be read, compared, kept and given back by
 * `parse`. The text depends on the graph's description alone: equal graphs have equal texts, on every machine.
 *
 * Laws: `laws/codec.ts` (`parse ∘ show = id`, by identity).
 */
import { topological, type Expr, type Params, type Term } from '../core/Expr.ts'
import { show as sentence } from '../core/Fault.ts'
import { absurd } from '../core/fp.ts'

const showNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** JSON has no words for these numbers: they are strings that begin with `#`. */
const special = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)) ? `#${showNumber(value)}` : value

const showParams = (params: Params): string =>
  Object.keys(params).length === 0 ? '' : ` ${JSON.stringify(params, special)}`

const showTerm = (term: Term, name: (node: Expr) => string): string => {
  switch (term._tag) {
    case 'Input':
      return `input ${JSON.stringify(term.name)}`
    case 'Constant':
      return ['constant', ...Array.from(term.value.data, showNumber)].join(' ')
    case 'Apply':
      return `${term.op.name}(${term.inputs.map(name).join(', ')})${showParams(term.params)}`
    default:
      return absurd(term)
  }
}

const showType = ({ dtype, shape, faults }: Expr): string =>
  faults.length > 0 ? `! ${faults.map(sentence).join('; ')}` : `: ${dtype}[${shape.join(',')}]`

/**
 * The graph below `roots`:
 *
 * @example
 * show([sum([1])(square(input('x', 'f32', [2, 3])))])
 * // %0 = input "x" : f32[2,3]
 * // %1 = mul(%0, %0) : f32[2,3]
 * // %2 = sum(%1) {"axes":[1]} : f32[2]
 * // return %2
 */
export const show = (roots: ReadonlyArray<Expr>): string => {
  const nodes = topological(roots)
  const numbers = new Map(nodes.map((node, i) => [node, `%${i}`]))
  const name = (node: Expr): string => numbers.get(node) ?? '%?'
  const lines = nodes.map((node) => `${name(node)} = ${showTerm(node.term, name)} ${showType(node)}`)
  return [...lines, `return ${roots.map(name).join(', ')}`].join('\n')
}

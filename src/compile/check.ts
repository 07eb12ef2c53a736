/** All faults of a graph, each once, where it began, with the path of operations from the output. */
import { inputsOf, topological, type Expr } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'

/** A fault begins at the node that has it while none of its operands do. */
const origins = (roots: ReadonlyArray<Expr>): ReadonlyArray<Expr> =>
  topological(roots).filter((node) => node.faults.length > 0 && inputsOf(node).every((x) => x.faults.length === 0))

export const check = (outputs: Readonly<Record<string, Expr>>): Faults => [
  ...new Set(origins(Object.values(outputs)).flatMap((node) => node.faults))
]

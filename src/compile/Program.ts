/**
 * A program: a graph that has been checked and simplified, with names for what goes in and what comes out. It is what
 * every target compiles, and it is a value: the same graph gives the same program on every run and machine.
 */
import { topological, type Expr, type Type } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'
import { E, RA } from '../core/fp.ts'
import { equal } from '../core/Shape.ts'
import { check } from './check.ts'
import { simplify } from './simplify.ts'

export interface Port extends Type {
  readonly name: string
}

export interface Program {
  /** Every input that some output depends on, by name. */
  readonly inputs: ReadonlyArray<Port>
  readonly outputs: ReadonlyArray<Port & { readonly node: Expr }>
  /** All nodes, each after its operands. */
  readonly nodes: ReadonlyArray<Expr>
}

const portsOf = (nodes: ReadonlyArray<Expr>): ReadonlyArray<Port> =>
  nodes
    .flatMap(({ term, dtype, shape }) => (term._tag === 'Input' ? [{ name: term.name, dtype, shape }] : []))
    .sort((a, b) => (a.name < b.name ? -1 : 1))

/** The same name must mean the same input everywhere. */
const clashes = (ports: ReadonlyArray<Port>): Faults =>
  ports.flatMap((port, i) => {
    const before = ports[i - 1]
    const clash = before?.name === port.name && !(before.dtype === port.dtype && equal(before.shape, port.shape))
    return clash ? [{ _tag: 'NameTaken', name: port.name }] : []
  })

/** Compiles named outputs: `check → simplify`. All faults come out at once. */
export const program = (outputs: Readonly<Record<string, Expr>>): E.Either<Faults, Program> => {
  const faults = check(outputs)
  if (faults.length > 0) return E.left(faults)
  const roots = simplify.run(Object.values(outputs))
  const nodes = topological(roots)
  const inputs = portsOf(nodes)
  const taken = clashes(inputs)
  if (taken.length > 0) return E.left(taken)
  return E.right({
    inputs,
    nodes,
    outputs: RA.zipWith(Object.keys(outputs), roots, (name, node) => ({
      name,
      node,
      dtype: node.dtype,
      shape: node.shape
    }))
  })
}

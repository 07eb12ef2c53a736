/** A pass: a function from graphs to graphs that mean the same, with a name. A compiler is a list of them. */
import { isApply, topological, type Expr, type Type } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'
import { E, pipe } from '../core/fp.ts'
import { equal } from '../core/Shape.ts'

// model ----------------------------------------------------------------------------------

export interface Pass {
  readonly name: string
  /** The same outputs, in the same order, of the same types. */
  readonly run: (roots: ReadonlyArray<Expr>) => ReadonlyArray<Expr>
}

// combinators ----------------------------------------------------------------------------

/** One pass after another. */
export const sequence = (name: string, passes: ReadonlyArray<Pass>): Pass => ({
  name,
  run: (roots) => passes.reduce((graph, pass) => pass.run(graph), roots)
})

const sameType = (a: Type, b: Type): boolean => a.dtype === b.dtype && equal(a.shape, b.shape)

/** Whether a node has the type that its operation gives to its operands. */
const wellTyped = (node: Expr): boolean => {
  if (!isApply(node)) return true
  const { op, inputs, params } = node.term
  const typing = op.typing(inputs, params)
  return !('_tag' in typing) && sameType(typing, node)
}

const retyped = (before: ReadonlyArray<Expr>, after: ReadonlyArray<Expr>): boolean =>
  before.length !== after.length || before.some((node, i) => !sameType(node, after[i] ?? node))

/** Runs a pass and checks what came out: no faults, every node well typed, every output of the type it had. */
export const checked =
  (pass: Pass) =>
  (roots: ReadonlyArray<Expr>): E.Either<Faults, ReadonlyArray<Expr>> =>
    pipe(pass.run(roots), (after) => {
      const wrong = topological(after).flatMap((node) => node.faults)
      if (wrong.length > 0) return E.left(wrong)
      const odd = topological(after).find((node) => !wellTyped(node))
      const op = odd !== undefined && isApply(odd) ? odd.term.op.name : pass.name
      if (odd !== undefined || retyped(roots, after))
        return E.left([{ _tag: 'Invalid', op, why: `pass '${pass.name}' changed a type` }])
      return E.right(after)
    })

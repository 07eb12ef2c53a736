/** A pass: a function from graphs to graphs that mean the same, with a name. A compiler is a list of them. */
import { isApply, topological, type Apply, type Expr, type Type } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'
import { E, pipe, RA } from '../core/fp.ts'
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
const wellTyped = (node: Apply): boolean => {
  const { op, inputs, params } = node.term
  const typing = op.typing(inputs, params)
  return !('_tag' in typing) && sameType(typing, node)
}

const retyped = (before: ReadonlyArray<Expr>, after: ReadonlyArray<Expr>): boolean =>
  before.length !== after.length || RA.zipWith(before, after, sameType).includes(false)

const changed = (op: string, pass: Pass): E.Either<Faults, never> =>
  E.left([{ _tag: 'Invalid', op, why: `pass '${pass.name}' changed a type` }])

/** Runs a pass and checks what came out: no faults, every node well typed, every output of the type it had. */
export const checked =
  (pass: Pass) =>
  (roots: ReadonlyArray<Expr>): E.Either<Faults, ReadonlyArray<Expr>> =>
    pipe(pass.run(roots), (after) => {
      const wrong = topological(after).flatMap((node) => node.faults)
      if (wrong.length > 0) return E.left(wrong)
      const odd = topological(after)
        .filter(isApply)
        .find((node) => !wellTyped(node))
      if (odd !== undefined) return changed(odd.term.op.name, pass)
      return retyped(roots, after) ? changed(pass.name, pass) : E.right(after)
    })

/** Tangents of which `undefined` is zero, as rules of derivatives add them up and hand them on. */
import type { Expr } from '../core/Expr.ts'
import type { Builder, Jvp } from '../core/Op.ts'

/** The sum of those that are there; `undefined` where none is. */
export const plus = ($: Builder, terms: ReadonlyArray<Expr | undefined>): Expr | undefined =>
  terms.reduce((sum, term) => (sum === undefined ? term : term === undefined ? sum : $.add(sum, term)), undefined)

/** The pushforward of an operation that is linear in its one operand: the operation itself. */
export const linear =
  <P>(operation: ($: Builder) => (x: Expr, params: P) => Expr): Jvp<P, 1> =>
  ($) =>
  ({ tangents: [v], params }) =>
    operation($)(v, params)

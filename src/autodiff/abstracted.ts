/** Trees of variables in place of trees of expressions: how a transformation sees what a function does with its operand. */
import { variable, type Expr } from '../core/Expr.ts'
import { leavesOf, refilled } from './exprs.ts'

export interface Abstracted<T> {
  /** The operand of the function. */
  readonly tree: T
  readonly variables: ReadonlyArray<Expr>
  /** The expressions that the variables stand for. */
  readonly given: ReadonlyArray<Expr>
  /** A tree of the same form with other leaves. */
  readonly filled: (leaves: ReadonlyArray<Expr>) => T
}

export const abstracted = <T>(operand: T): Abstracted<T> => {
  const given = leavesOf(operand)
  const variables = given.map(variable)
  const filled = (leaves: ReadonlyArray<Expr>): T => refilled(operand, leaves)
  return { tree: filled(variables), variables, given, filled }
}

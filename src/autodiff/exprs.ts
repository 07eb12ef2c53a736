/** Trees whose leaves are expressions. */
import { isExpr, type Expr } from '../core/Expr.ts'
import { trees, type Trees } from '../core/Tree.ts'

/** Trees of expressions. */
export const exprs: Trees<Expr> = trees(isExpr)

/** The leaves of a tree, in its order. */
export const leavesOf = (tree: unknown): ReadonlyArray<Expr> => exprs.flatten(tree).map(([, x]) => x)

/** The tree with other leaves of the same types, in its order. */
export const refilled = <T>(tree: T, leaves: ReadonlyArray<Expr>): T =>
  exprs.unflatten(tree, new Map(exprs.flatten(tree).map(([name], i) => [name, leaves[i]]))) as T

/**
 * Functions of one row as functions of many: `vmap : (a → b) → [a] → [b]`. Nothing is looped: every operation is done
 * for all rows at once.
 *
 * Laws: `laws/composition.ts`.
 */
import type { DType } from '../core/DType.ts'
import { misfit, type Expr } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { Dim } from '../core/Shape.ts'
import { batched, rowVariable } from './batched.ts'
import { leavesOf, refilled } from './exprs.ts'

/** The tree with every expression `[…]` as one of `[rows, …]`. */
export type Stack<T, Rows extends Dim = Dim> =
  T extends Expr<infer D extends DType, infer S>
    ? Expr<D, readonly [Rows, ...S]>
    : { readonly [K in keyof T]: Stack<T[K], Rows> }

/** Rows in the form of a tree of stacks. */
export const rowTree = <T, Rows extends Dim>(stacks: Stack<T, Rows>, rows: ReadonlyArray<Expr>): T =>
  refilled<unknown>(stacks, rows) as T

/** Stacks in the form of a tree of rows. */
export const stackTree = <T, Rows extends Dim>(row: T, stacks: ReadonlyArray<Expr>): Stack<T, Rows> =>
  refilled<unknown>(row, stacks) as Stack<T, Rows>

/** What is wrong with stacks that are to have the same rows, if anything. */
export const unevenFault = (op: string, stacks: ReadonlyArray<Expr>): Fault | undefined => {
  const [head] = stacks
  const scalar = stacks.find(({ shape }) => shape.length === 0)
  const odd = stacks.find(({ shape }) => shape[0] !== head?.shape[0])
  if (head === undefined) return { _tag: 'WrongInputs', op, expected: 1, got: 0 }
  return scalar !== undefined
    ? { _tag: 'AxisOutOfRange', op, axis: 0, shape: [] }
    : odd && { _tag: 'ShapesDiffer', op, left: head.shape, right: odd.shape }
}

const faultOf = (stacks: ReadonlyArray<Expr>): Expr | undefined => {
  const fault = unevenFault('vmap', stacks)
  return stacks.find((x) => x.faults.length > 0) ?? (fault && misfit(fault))
}

/**
 * `f` for every row of a tree of stacks. What is the same for all rows is captured, not passed.
 *
 * - each leaf of the operand `[rows, …]`, `f` sees `[…]`; each leaf of the result `[rows, …]`
 * - faults: stacks with different numbers of rows, a scalar among them
 *
 * @example vmap(grad(loss))(samples)   // the gradient of every sample
 */
export const vmap =
  <T, U>(f: (row: T) => U) =>
  <Rows extends Dim>(stacks: Stack<T, Rows>): Stack<U, Rows> => {
    const given = leavesOf(stacks)
    const variables = given.map(rowVariable)
    const result = f(rowTree<T, Rows>(stacks, variables))
    const ys = leavesOf(result)
    const wrong = faultOf(given) ?? ys.find((y) => y.faults.length > 0)
    const rows = given[0]?.shape[0] ?? 0
    return stackTree(result, wrong === undefined ? batched(ys, variables, given, rows) : ys.map(() => wrong))
  }

/** Matrices in the last two axes, stacked along any others: what operations of linear algebra are written with. */
import { literal, type Expr, type Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { Builder, Example, Operands } from '../core/Op.ts'
import { range, sizeAt, type Shape } from '../core/Shape.ts'
import { generate } from '../core/Tensor.ts'
import { draw } from './draw.ts'

// typing ---------------------------------------------------------------------------------

/** What is wrong with an operand that is to be a stack of square matrices, if anything. */
export const notSquare = (op: string, { shape }: Type): Fault | undefined => {
  const [rows = 0, columns = 0] = shape.slice(-2)
  return rows === columns && rows > 0
    ? undefined
    : { _tag: 'Invalid', op, why: `needs square matrices in the last two axes, got [${shape}]` }
}

/** An operation on stacks of square matrices gives stacks of the same. */
export const ofSquares =
  (op: string) =>
  ([a]: Operands<1, Type>): Type | Fault =>
    notSquare(op, a) ?? a

/** What is added to the diagonal first, which keeps a matrix that is nearly singular from being so. */
export type Ridge = { readonly ridge: number }

/** One matrix and a stack, with ridges that keep them from being singular. */
export const ridgedExamples: ReadonlyArray<Example<Ridge, 1>> = [
  { params: { ridge: 4 }, inputs: [draw([3, 3], 1)] },
  { params: { ridge: 3 }, inputs: [draw([2, 2, 2], 1)] }
]

// products and transposes ------------------------------------------------------------------

export const rowsOf = (x: Expr): number => sizeAt(x.shape, -2)

const leadOf = (x: Expr): ReadonlyArray<number> => range(x.shape.length - 2)

/** `a b` for every matrix of the stacks. */
export const times = ($: Builder, a: Expr, b: Expr): Expr => {
  const [batch, rank] = [leadOf(a), a.shape.length]
  return $.contract(a, b, { left: { batch, over: [rank - 1] }, right: { batch, over: [rank - 2] } })
}

/** The transpose of every matrix. */
export const turned = ($: Builder, a: Expr): Expr =>
  $.transpose(a, { order: [...leadOf(a), a.shape.length - 1, a.shape.length - 2] })

/** `column row` for columns `[…, n, 1]` and rows `[…, 1, m]`. */
export const outer = ($: Builder, column: Expr, row: Expr): Expr => {
  const shape = [...column.shape.slice(0, -1), sizeAt(row.shape, -1)]
  return $.mul(stretched($, column, shape), stretched($, row, shape))
}

/** Axes of size 1 repeated to the shape. */
export const stretched = ($: Builder, x: Expr, shape: Shape): Expr =>
  $.broadcast(x, { shape, axes: range(shape.length) })

// parts ----------------------------------------------------------------------------------

/** A column `[…, n, 1]` of the given elements, the same for every matrix of the stack. */
export const columnOf = ($: Builder, like: Expr, value: (row: number) => number): Expr => {
  const n = rowsOf(like)
  const column = literal(generate(like.dtype, [n, 1], value))
  const rank = like.shape.length
  return $.broadcast(column, { shape: [...like.shape.slice(0, -1), 1], axes: [rank - 2, rank - 1] })
}

/** 1 in row `k`, 0 elsewhere. */
export const unitOf = ($: Builder, like: Expr, k: number): Expr => columnOf($, like, (row) => Number(row === k))

// See Note [Selection]
/** The row that a column of one 1 says, `[…, 1, m]`. */
export const rowAt = ($: Builder, a: Expr, unit: Expr): Expr => {
  const kept = [...a.shape.slice(0, -2), 1, sizeAt(a.shape, -1)]
  const chosen = $.mul(a, stretched($, unit, a.shape))
  return $.reshape($.sum(chosen, { axes: [a.shape.length - 2] }), { shape: kept })
}

/** The column that a column of one 1 says, `[…, n, 1]`. */
export const columnAt = ($: Builder, a: Expr, unit: Expr): Expr => {
  const kept = [...a.shape.slice(0, -1), 1]
  const chosen = $.mul(a, stretched($, turned($, unit), a.shape))
  return $.reshape($.sum(chosen, { axes: [a.shape.length - 1] }), { shape: kept })
}

/** The elements below the diagonal, those on it times `diagonal`, and 0 above. */
export const lower = ($: Builder, a: Expr, diagonal: number): Expr => {
  const n = rowsOf(a)
  const held = literal(
    generate(a.dtype, [n, n], (i) => {
      const below = Math.floor(i / n) - (i % n)
      return below > 0 ? 1 : below === 0 ? diagonal : 0
    })
  )
  const rank = a.shape.length
  return $.mul(a, $.broadcast(held, { shape: a.shape, axes: [rank - 2, rank - 1] }))
}

/** `k` times the identity, for every matrix of the stack. */
export const identity = ($: Builder, k: number, like: Expr): Expr => {
  const n = rowsOf(like)
  const rank = like.shape.length
  const one = literal(generate(like.dtype, [n, n], (i) => (Math.floor(i / n) === i % n ? k : 0)))
  return $.broadcast(one, { shape: like.shape, axes: [rank - 2, rank - 1] })
}

/** `a + ridge`. */
export const ridged = ($: Builder, a: Expr, ridge: number): Expr => (ridge === 0 ? a : $.add(a, identity($, ridge, a)))

/** `(a + aᵀ) / 2`. */
export const symmetric = ($: Builder, a: Expr): Expr => $.mul($.add(a, turned($, a)), $.fill(0.5, a))

// Note [Selection]
// The k-th row is a sum of all rows times a column of one 1, rather than a slice: what a kernel reads from a buffer may
// differ from step to step while its text does not, so that the steps of an elimination share their kernels. Compiling a
// kernel takes longer than running it a thousand times.

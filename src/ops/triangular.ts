/** Systems of equations with triangular matrices, one row after another: written out, for small matrices. */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { composite, type Builder, type Op, type Operands } from '../core/Op.ts'
import { equal, range, type Shape } from '../core/Shape.ts'
import { unchanged } from './batch.ts'
import { draw } from './draw.ts'
import { floating, giving } from './kinds.ts'
import {
  columnAt,
  columnOf,
  lower,
  notSquare,
  outer,
  rowAt,
  rowsOf,
  stretched,
  times,
  turned,
  unitOf
} from './matrices.ts'

/** `transposed` solves `lᵀ x = b`. */
export type Triangular = { readonly transposed: boolean }

declare module '../core/Op.ts' {
  interface Builder {
    /** `l` `[…, n, n]`, of which the lower half is read, `b` `[…, n, m]`: `x` with `l x = b`. */
    readonly triangularSolve: <D extends DType, S extends Shape>(
      l: Expr<D>,
      b: Expr<D, S>,
      params: Triangular
    ) => Expr<D, S>
  }
}

const op = 'triangularSolve'

const typing = ([l, b]: Operands<2, Type>): Type | Fault => {
  const fault = notSquare(op, l)
  if (fault !== undefined) return fault
  if (l.dtype !== b.dtype) return { _tag: 'DTypesDiffer', op, left: l.dtype, right: b.dtype }
  return equal(l.shape.slice(0, -1), b.shape.slice(0, -1)) && b.shape.length === l.shape.length
    ? b
    : { _tag: 'ShapesDiffer', op, left: l.shape, right: b.shape }
}

interface Solving {
  readonly rows: ReadonlyArray<Expr>
  /** What the rows that are still to come must be, less what those found add to it. */
  readonly rest: Expr
}

/** The next row is what is left of it, divided; its share leaves all rows below it. */
const nextRow =
  ($: Builder, l: Expr) =>
  ({ rows, rest }: Solving, k: number): Solving => {
    const unit = unitOf($, l, k)
    const column = columnAt($, l, unit)
    const head = rowAt($, rest, unit)
    const row = $.div(head, stretched($, rowAt($, column, unit), head.shape))
    const below = $.mul(
      column,
      columnOf($, l, (i) => Number(i > k))
    )
    return { rows: [...rows, row], rest: $.sub(rest, outer($, below, row)) }
  }

const forward = ($: Builder, l: Expr, b: Expr): Expr =>
  $.concat(range(rowsOf(l)).reduce(nextRow($, l), { rows: [], rest: b }).rows, { axis: b.shape.length - 2 })

/** From the last row to the first: the transpose with rows and columns in reverse is of lower form again. */
const backward = ($: Builder, l: Expr, b: Expr): Expr => {
  const rank = l.shape.length
  const flipped = $.flip(turned($, l), { axes: [rank - 2, rank - 1] })
  return $.flip(forward($, flipped, $.flip(b, { axes: [rank - 2] })), { axes: [rank - 2] })
}

export const triangularSolve: Op = composite<Triangular, 2>({
  name: op,
  equation: 'x with l x = b, or lᵀ x = b, l the lower half of a matrix',
  arity: 2,
  typing: giving(floating, op, typing),
  examples: [
    { params: { transposed: false }, inputs: [{ dtype: 'f32', shape: [3, 3], min: 0.5, max: 2 }, draw([3, 2])] },
    { params: { transposed: true }, inputs: [{ dtype: 'f32', shape: [2, 2, 2], min: 0.5, max: 2 }, draw([2, 2, 1])] }
  ],
  define:
    ($) =>
    ([l, b], { transposed }) =>
      (transposed ? backward : forward)($, l, b),
  vjp:
    ($) =>
    ({ inputs: [l], output: x, params: { transposed }, cotangent: g }) => {
      const b = $.triangularSolve(l, g, { transposed: !transposed })
      const product = transposed ? times($, x, turned($, b)) : times($, b, turned($, x))
      return [$.neg(lower($, product, 1)), b]
    },
  jvp:
    ($) =>
    ({ inputs: [l], output: x, tangents: [dl, db], params }) => {
      const half = dl && lower($, dl, 1)
      const moved = half && times($, params.transposed ? turned($, half) : half, x)
      const b = moved === undefined ? db : db === undefined ? $.neg(moved) : $.sub(db, moved)
      return b && $.triangularSolve(l, b, params)
    },
  batch: unchanged,
  wgsl: 'derived',
  onnx: 'derived'
})

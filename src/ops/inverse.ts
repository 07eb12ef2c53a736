/** The inverse of small matrices: elimination by Gauss and Jordan, the largest element of a column its pivot. */
import type { DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { range, type Shape } from '../core/Shape.ts'
import { unchanged } from './batch.ts'
import { floating, giving } from './kinds.ts'
import {
  columnAt,
  columnOf,
  identity,
  ofSquares,
  outer,
  ridged,
  ridgedExamples,
  rowAt,
  rowsOf,
  stretched,
  times,
  turned,
  unitOf,
  type Ridge
} from './matrices.ts'
import { spreadAgain } from './reduce.ts'

declare module '../core/Op.ts' {
  interface Builder {
    /** `(a + ridge)⁻¹`, `a` `[…, n, n]`. */
    readonly inverse: <D extends DType, S extends Shape>(a: Expr<D, S>, params: Ridge) => Expr<D, S>
  }
}

/** 1 in the row of the pivot, 0 elsewhere: the first of the largest elements from row `k` on. */
const pivotRow = ($: Builder, column: Expr, k: number): Expr => {
  const axis = column.shape.length - 2
  const candidates = $.add(
    $.abs(column),
    columnOf($, column, (i) => (i < k ? -3e38 : 0))
  )
  const { shape } = candidates
  const largest = spreadAgain($, $.max(candidates, { axes: [axis] }), shape, [axis])
  const rows = $.iota({ shape, axis, dtype: 'i32' })
  const hit = $.where($.equal(candidates, largest), rows, $.fill(rowsOf(column), rows))
  const first = spreadAgain($, $.min(hit, { axes: [axis] }), shape, [axis])
  return $.cast($.equal(rows, first), { to: column.dtype })
}

interface Halves {
  /** What becomes the identity, and what becomes the inverse. */
  readonly left: Expr
  readonly right: Expr
}

/** Rows `k` and that of the pivot change places, and column `k` becomes that of the identity. */
const eliminate =
  ($: Builder) =>
  ({ left, right }: Halves, k: number): Halves => {
    const unit = unitOf($, left, k)
    const column = columnAt($, left, unit)
    const pivot = $.stopGradient(pivotRow($, column, k))
    const swap = (m: Expr): Expr => $.add(m, outer($, $.sub(unit, pivot), $.sub(rowAt($, m, pivot), rowAt($, m, unit))))
    const swapped = swap(column)
    const found = rowAt($, column, pivot)
    const step = (m: Expr): Expr => {
      const row = rowAt($, m, pivot)
      return $.sub(swap(m), outer($, $.sub(swapped, unit), $.div(row, stretched($, found, row.shape))))
    }
    return { left: step(left), right: step(right) }
  }

export const inverse: Op = composite<Ridge, 1>({
  name: 'inverse',
  equation: '(a + ridge)⁻¹',
  arity: 1,
  typing: giving(floating, 'inverse', ofSquares('inverse')),
  examples: ridgedExamples,
  define:
    ($) =>
    ([a], { ridge }) =>
      range(rowsOf(a)).reduce(eliminate($), { left: ridged($, a, ridge), right: identity($, 1, a) }).right,
  vjp:
    ($) =>
    ({ output: y, cotangent: g }) => {
      const t = turned($, y)
      return [$.neg(times($, t, times($, g, t)))]
    },
  jvp:
    ($) =>
    ({ output: y, tangents: [v] }) =>
      $.neg(times($, y, times($, v, y))),
  batch: unchanged,
  wgsl: 'derived',
  onnx: 'derived'
})

/** The Cholesky factor of small matrices, one column after another. */
import type { DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { range, type Shape } from '../core/Shape.ts'
import { unchanged } from './batch.ts'
import { floating, giving } from './kinds.ts'
import {
  columnAt,
  columnOf,
  lower,
  ofSquares,
  outer,
  ridged,
  ridgedExamples,
  rowAt,
  rowsOf,
  stretched,
  symmetric,
  times,
  turned,
  unitOf,
  type Ridge
} from './matrices.ts'

declare module '../core/Op.ts' {
  interface Builder {
    /** `l`, lower, with `l lᵀ = (a + aᵀ) / 2 + ridge`; `a` `[…, n, n]`. */
    readonly cholesky: <D extends DType, S extends Shape>(a: Expr<D, S>, params: Ridge) => Expr<D, S>
  }
}

interface Factoring {
  readonly columns: ReadonlyArray<Expr>
  /** What the columns that are still to come multiply to. */
  readonly rest: Expr
}

const nextColumn =
  ($: Builder) =>
  ({ columns, rest }: Factoring, k: number): Factoring => {
    const unit = unitOf($, rest, k)
    const found = columnAt($, rest, unit)
    const scaled = $.mul(found, stretched($, $.rsqrt(rowAt($, found, unit)), found.shape))
    const column = $.mul(
      scaled,
      columnOf($, rest, (i) => Number(i >= k))
    )
    return { columns: [...columns, column], rest: $.sub(rest, outer($, column, turned($, column))) }
  }

/** `y ↦ l⁻ᵀ y l⁻¹`, of a matrix that is made symmetric. */
const between = ($: Builder, l: Expr, y: Expr): Expr => {
  const once = $.triangularSolve(l, y, { transposed: true })
  return symmetric($, $.triangularSolve(l, turned($, once), { transposed: true }))
}

export const cholesky: Op = composite<Ridge, 1>({
  name: 'cholesky',
  equation: 'l, lower, with l lᵀ = (a + aᵀ) / 2 + ridge',
  arity: 1,
  typing: giving(floating, 'cholesky', ofSquares('cholesky')),
  examples: ridgedExamples,
  define:
    ($) =>
    ([a], { ridge }) => {
      const rest = ridged($, symmetric($, a), ridge)
      const { columns } = range(rowsOf(a)).reduce(nextColumn($), { columns: [], rest })
      return $.concat(columns, { axis: a.shape.length - 1 })
    },
  // Source: Murray, "Differentiation of the Cholesky decomposition" (2016), equations 8 and 10.
  vjp:
    ($) =>
    ({ output: l, cotangent: g }) => [between($, l, lower($, times($, turned($, l), g), 0.5))],
  jvp:
    ($) =>
    ({ output: l, tangents: [v] }) => {
      const once = $.triangularSolve(l, symmetric($, v), { transposed: false })
      const moved = $.triangularSolve(l, turned($, once), { transposed: false })
      return times($, l, lower($, moved, 0.5))
    },
  batch: unchanged,
  wgsl: 'derived',
  onnx: 'derived'
})

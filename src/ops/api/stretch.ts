/** Broadcasting, made plain: operands repeated to the shape that they have together. */
import type { DType } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { broadcast, equal, range, type Shape } from '../../core/Shape.ts'
import { $ } from '../registry.ts'

const hasShape = <D extends DType, S extends Shape>(x: Expr<D>, shape: S): x is Expr<D, S> => equal(x.shape, shape)

/** The operand stretched to `shape`, along new leading axes and axes of size 1. */
export const stretch = <D extends DType, S extends Shape>(x: Expr<D>, shape: S): Expr<D, S> =>
  hasShape(x, shape)
    ? x
    : $.broadcast(x, { shape, axes: range(x.shape.length).map((i) => i + shape.length - x.shape.length) })

/** Operands stretched to their common shape; left as they are where there is none, for the operation to say so. */
export const together = (xs: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
  const shape = xs.reduce<Shape | undefined>((s, x) => s && broadcast(s, x.shape), [])
  return shape === undefined || xs.some((x) => x.faults.length > 0) ? xs : xs.map((x) => stretch(x, shape))
}

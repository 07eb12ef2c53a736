/** Contractions that are large enough for tiles, in all the arrangements in which operands and results come. */
import { input, type Expr } from '../../src/core/Expr.ts'
import type { Shape } from '../../src/core/Shape.ts'
import { $ } from '../../src/ops/registry.ts'

const x = (shape: Shape): Expr => input(`x${shape}`, 'f32', shape)
const y = (shape: Shape): Expr => input(`y${shape}`, 'f32', shape)

const matmul = (a: Expr, b: Expr): Expr =>
  $.contract(a, b, { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } })
const swapped = (a: Expr): Expr => $.transpose(a, { order: [1, 0] })
const spread = (a: Expr, shape: Shape, axes: ReadonlyArray<number>): Expr => $.broadcast(a, { shape, axes })

/** Operands [batch, time, heads, width], as attention has them. */
const scores = (a: Expr, b: Expr): Expr =>
  $.contract(a, b, { left: { batch: [0, 2], over: [3] }, right: { batch: [0, 2], over: [3] } })

/** Contractions of every kind that the kernels tell apart. */
export const cases: Readonly<Record<string, Expr>> = {
  'tiles that divide': matmul(x([64, 32]), y([32, 64])),
  'rows that do not divide': matmul(x([37, 32]), y([32, 64])),
  'columns that are no vectors': matmul(x([20, 32]), y([32, 50])),
  'a depth that does not divide': matmul(x([32, 33]), y([33, 32])),
  'few columns': matmul(x([150, 40]), y([40, 4])),
  'columns beyond one vector a lane': matmul(x([18, 20]), y([20, 132])),
  'a transposed left operand': matmul(swapped(x([32, 40])), y([32, 64])),
  'a transposed right operand': matmul(x([40, 32]), swapped(y([64, 32]))),
  'a transposed right operand of columns that are no vectors': matmul(x([40, 32]), swapped(y([67, 32]))),
  'both transposed': matmul(swapped(x([32, 40])), swapped(y([64, 32]))),
  'a column': matmul(x([128, 64]), y([64, 1])),
  'a row': matmul(x([1, 128]), y([128, 64])),
  'an outer product': matmul(x([80, 1]), y([1, 80])),
  'heads of attention': scores(x([2, 24, 3, 16]), y([2, 20, 3, 16])),
  'values of attention': $.contract(x([2, 3, 24, 20]), y([2, 20, 3, 16]), {
    left: { batch: [0, 1], over: [3] },
    right: { batch: [0, 2], over: [1] }
  }),
  'two shared axes': $.contract(x([6, 40, 8]), y([8, 6, 24]), {
    left: { batch: [], over: [0, 2] },
    right: { batch: [], over: [1, 0] }
  }),
  'a slice of the left operand': matmul(
    $.slice(x([48, 40]), { start: [3, 4], stop: [43, 36], step: [1, 1] }),
    y([32, 64])
  ),
  'a slice of the right operand': matmul(
    x([40, 32]),
    $.slice(y([40, 70]), { start: [5, 1], stop: [37, 65], step: [1, 1] })
  ),
  'a computed left operand': matmul($.neg(x([40, 32])), y([32, 64])),
  'a computed right operand': matmul(x([40, 32]), $.neg(y([32, 64]))),
  'a computed right operand of columns that are no vectors': matmul(x([40, 32]), $.neg(y([32, 63]))),
  'a bias and an activation': $.tanh($.add(matmul(x([40, 32]), y([32, 64])), spread(y([64]), [40, 64], [1]))),
  'a bias of columns that are no vectors': $.add(matmul(x([40, 32]), y([32, 63])), spread(y([63]), [40, 63], [1])),
  'a residual': $.add(x([40, 64]), matmul(x([40, 32]), y([32, 64]))),
  'a comparison of the result': $.where(
    $.less(matmul(x([40, 32]), y([32, 64])), x([40, 64])),
    x([40, 64]),
    $.neg(x([40, 64]))
  ),
  'a comparison of the result that is stored': $.less(matmul(x([40, 32]), y([32, 64])), x([40, 64])),
  'many rows of a transposed right operand': matmul(x([130, 32]), swapped(y([64, 32]))),
  'a batch that repeats': $.contract(spread(x([2, 24, 20]), [3, 2, 24, 20], [1, 2, 3]), y([3, 2, 20, 16]), {
    left: { batch: [0, 1], over: [3] },
    right: { batch: [0, 1], over: [2] }
  }),
  'a batch whose axes are in another order': $.contract(x([2, 3, 4, 24, 20]), y([4, 3, 2, 20, 16]), {
    left: { batch: [0, 1, 2], over: [4] },
    right: { batch: [2, 1, 0], over: [3] }
  }),
  'a result that is reshaped': $.reshape(matmul(x([40, 32]), y([32, 64])), { shape: [8, 5, 4, 16] }),
  'one operand twice': matmul(x([48, 48]), x([48, 48])),
  'a product of products': matmul(matmul(x([40, 32]), y([32, 64])), y([64, 20]))
}

/** Folds over axes. */
import type { DType } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { axisOf, keep as kept, range, type Shape } from '../../core/Shape.ts'
import { $, type Fold } from '../registry.ts'
import { scale, square, sub } from './elementwise.ts'

/** Axes to reduce over: a list (negative counts from the end), or all. */
export type Over = ReadonlyArray<number> | 'all'
/** Whether reduced axes disappear or stay with size 1. */
export type Keep = 'dropped' | 'kept'

const axesOf = (over: Over, shape: Shape): ReadonlyArray<number> =>
  over === 'all'
    ? range(shape.length)
    : [...new Set(over.map((axis) => axisOf(axis, shape.length)))].sort((a, b) => a - b)

const counted = (x: Expr, over: Over): number => axesOf(over, x.shape).reduce((n, axis) => n * (x.shape[axis] ?? 1), 1)

export type Reduction = (over: Over, keep?: Keep) => <D extends DType>(x: Expr<D>) => Expr<D>

const reduction =
  (fold: Fold): Reduction =>
  (over, keep = 'dropped') =>
  (x) => {
    const axes = axesOf(over, x.shape)
    const y = fold(x, { axes })
    return keep === 'kept' ? $.reshape(y, { shape: kept(x.shape, axes) }) : y
  }

export const sum: Reduction = reduction($.sum)
export const max: Reduction = reduction($.max)
export const min: Reduction = reduction($.min)
export const prod: Reduction = reduction($.prod)

/** `ln Σ eˣ`, whatever the range of `x`; −∞, with gradient 0, where there is nothing but −∞. */
export const logSumExp: Reduction = reduction($.logSumExp)

export const mean: Reduction =
  (over, keep = 'dropped') =>
  (x) =>
    scale(1 / counted(x, over))(sum(over, keep)(x))

/** The mean square distance from the mean; divisor `n`. */
export const variance: Reduction =
  (over, keep = 'dropped') =>
  (x) =>
    mean(over, keep)(square(sub(x, mean(over, 'kept')(x))))

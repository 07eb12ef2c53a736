/** Folds over axes. */
import type { DType } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { axisOf, keep as kept, range, sizeAt, type Shape } from '../../core/Shape.ts'
import { floating, logical } from '../kinds.ts'
import { $, type Fold } from '../registry.ts'
import { inNameOf } from './instead.ts'
import type { Kinds, Needs } from './needs.ts'
import type { Reduced } from './reduced.ts'
import { stretch } from './stretch.ts'

/** Axes to reduce over: a list (negative counts from the end), or all. */
export type Over = ReadonlyArray<number> | 'all'
/** Whether reduced axes disappear or stay with size 1. */
export type Keep = 'dropped' | 'kept'

const axesOf = (over: Over, shape: Shape): ReadonlyArray<number> =>
  over === 'all'
    ? range(shape.length)
    : [...new Set(over.map((axis) => axisOf(axis, shape.length)))].sort((a, b) => a - b)

const counted = (x: Expr, over: Over): number => axesOf(over, x.shape).reduce((n, axis) => n * sizeAt(x.shape, axis), 1)

export type Reduction<Op extends string, Kind extends keyof Kinds = 'numbers'> = <
  const O extends Over,
  K extends Keep = 'dropped'
>(
  over: O,
  keep?: K
) => <D extends DType, S extends Shape>(x: Expr<D, S> & Needs<Op, Kind, D>) => Expr<D, Reduced<S, O, K>>

const folded = <D extends DType>(fold: Fold, x: Expr<D>, over: Over, keep: Keep): Expr<D> => {
  const axes = axesOf(over, x.shape)
  const y = fold(x, { axes })
  return keep === 'kept' ? $.reshape(y, { shape: kept(x.shape, axes) }) : y
}

const reduction = <Op extends string, Kind extends keyof Kinds>(
  f: (x: Expr, over: Over, keep: Keep) => Expr
): Reduction<Op, Kind> => {
  const untyped =
    (over: Over, keep: Keep = 'dropped') =>
    (x: Expr): Expr =>
      f(x, over, keep)
  return untyped as Reduction<Op, Kind>
}

const fold = <Op extends string, Kind extends keyof Kinds>(operation: Fold): Reduction<Op, Kind> =>
  reduction((x, over, keep) => folded(operation, x, over, keep))

export const sum: Reduction<'sum'> = fold($.sum)
export const max: Reduction<'max'> = fold($.max)
export const min: Reduction<'min'> = fold($.min)
export const prod: Reduction<'prod'> = fold($.prod)

/** `ln Σ eˣ`, whatever the range of `x`; −∞, with gradient 0, where there is nothing but −∞. */
export const logSumExp: Reduction<'logSumExp', 'floats'> = fold($.logSumExp)

const averaged = <D extends DType>(x: Expr<D>, over: Over, keep: Keep): Expr<D> => {
  const total = folded($.sum, x, over, keep)
  return $.mul(total, $.fill(1 / counted(x, over), total))
}

export const mean: Reduction<'mean', 'floats'> = reduction((x, over, keep) =>
  inNameOf('mean', [x], averaged(x, over, keep), floating)
)

/** The mean square distance from the mean; divisor `n`. */
export const variance: Reduction<'variance', 'floats'> = reduction((x, over, keep) => {
  const away = $.sub(x, stretch(averaged(x, over, 'kept'), x.shape))
  return inNameOf('variance', [x], averaged($.mul(away, away), over, keep), floating)
})

/** `√x`, with gradient 0 where `x` is 0. */
const rooted = <D extends DType>(x: Expr<D>): Expr<D> => $.where($.less($.fill(0, x), x), $.sqrt(x), x)

/** The square root of the variance; divisor `n`, gradient 0 where it is 0. */
export const std: Reduction<'std', 'floats'> = reduction((x, over, keep) =>
  inNameOf('std', [x], rooted(variance(over, keep)(x)), floating)
)

/** `√Σx²`, with gradient 0 where it is 0; squares may not overflow. */
export const norm: Reduction<'norm', 'floats'> = reduction((x, over, keep) =>
  inNameOf('norm', [x], rooted(folded($.sum, $.mul(x, x), over, keep)), floating)
)

// truth values ---------------------------------------------------------------------------

const howMany = (x: Expr, over: Over, keep: Keep): Expr => folded($.sum, $.cast(x, { to: 'i32' }), over, keep)

/** Whether an element holds; of none, false. */
export const any: Reduction<'any', 'truth values'> = reduction((x, over, keep) => {
  const holding = howMany(x, over, keep)
  return inNameOf('any', [x], $.less($.fill(0, holding), holding), logical)
})

/** Whether every element holds; of none, true. */
export const all: Reduction<'all', 'truth values'> = reduction((x, over, keep) => {
  const failing = howMany($.not(x), over, keep)
  return inNameOf('all', [x], $.equal(failing, $.fill(0, failing)), logical)
})

/** What a graph begins with: inputs and constants. */
import type { DType } from '../../core/DType.ts'
import { input as makeInput, literal, scalar as makeScalar, type Expr } from '../../core/Expr.ts'
import { axisOf, dim as makeDim, range, type Shape, type Sym } from '../../core/Shape.ts'
import { tensor as makeTensor, type Tensor } from '../../core/Tensor.ts'
import { $ } from '../registry.ts'
import { inNameOf, sound } from './instead.ts'
import type { Kinds } from './needs.ts'

/** A value that is given when the program runs. Two inputs of one name and type are the same input. */
export const input: <const D extends DType, const S extends Shape>(name: string, dtype: D, shape: S) => Expr<D, S> =
  makeInput

/** A named run-time size for types: `dim('batch', n)`. */
export const dim: <const N extends string>(name: N, size: number) => Sym<N> = makeDim

/** A number that is part of the program. */
export const scalar = (value: number): Expr<'f32', readonly []> => makeScalar(value, 'f32')

/** A small tensor that is part of the program, of `f32` where no type is told; large ones belong in inputs. */
export const constant = <const S extends Shape, D extends DType = 'f32'>(
  shape: S,
  values: ArrayLike<number>,
  dtype?: D
): Expr<D, S> => literal(makeTensor(dtype ?? 'f32', shape, Float64Array.from(values))) as Expr<D, S>

/** A tensor of any element type that is part of the program. */
export const embed = (value: Tensor): Expr => literal(value)

/** A tensor whose every element is `value`. */
export const fill = <const S extends Shape>(value: number, shape: S): Expr<'f32', S> =>
  $.fill(value, { dtype: 'f32', shape })

export const zerosLike = <D extends DType, S extends Shape>(x: Expr<D, S>): Expr<D, S> => $.fill(0, x)

/** `0, 1, …` along `axis`. */
export const iota = <const S extends Shape, D extends Kinds['numbers']>(shape: S, axis: number, dtype: D): Expr<D, S> =>
  $.iota({ shape, axis: axisOf(axis, shape.length), dtype })

/** `n` numbers from `start` to `stop`, both among them, at equal distances; of one, `start`. */
export const linspace = <const N extends number>(start: number, stop: number, n: N): Expr<'f32', readonly [N]> => {
  const values = range(n).map((i) => (i > 0 && i === n - 1 ? stop : start + ((stop - start) * i) / Math.max(1, n - 1)))
  return inNameOf('linspace', [], constant([n], values))
}

/** 1 on the diagonal, 0 elsewhere; as many columns as rows where not told. */
export const eye = <const N extends number, const M extends number = N>(
  rows: N,
  columns?: M
): Expr<'f32', readonly [N, M]> => {
  const shape = [rows, (columns ?? rows) as M] as const
  const row = iota(shape, 0, 'i32')
  const hit = sound(row) ? $.equal(row, iota(shape, 1, 'i32')) : row
  return inNameOf('eye', [], $.cast(hit, { to: 'f32' }))
}

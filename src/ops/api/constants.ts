/** What a graph begins with: inputs and constants. */
import type { DType } from '../../core/DType.ts'
import { input as makeInput, literal, scalar as makeScalar, type Expr } from '../../core/Expr.ts'
import { axisOf, dim as makeDim, type Shape, type Sym } from '../../core/Shape.ts'
import { tensor as makeTensor, type Tensor } from '../../core/Tensor.ts'
import { $ } from '../registry.ts'
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

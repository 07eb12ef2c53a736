/** What the types know of results: pinned, since a shape that is lost is a mistake that the editor no longer sees. */
import { expect, expectTypeOf, it } from 'vitest'
import type { Sym } from '../../src/core/Shape.ts'
import {
  add,
  argmax,
  concat,
  constant,
  convolve,
  deconvolve,
  dim,
  expandDims,
  groupNorm,
  input,
  matmul,
  max,
  maxPool,
  mean,
  narrow,
  plainly,
  repeat,
  split,
  stack,
  sum,
  take,
  tiles,
  transpose,
  unstack,
  type Expr,
  type Over,
  type Shape
} from '../../src/ops/api.ts'

const x = input('x', 'f32', [8, 3, 5])
const w = input('w', 'f32', [7, 5])

it('a transposed shape is known, and checked further on', () => {
  expectTypeOf(transpose([2, 0, 1])(x)).toEqualTypeOf<Expr<'f32', readonly [5, 8, 3]>>()
  expectTypeOf(matmul(x, transpose([1, 0])(w))).toEqualTypeOf<Expr<'f32', readonly [8, 3, 7]>>()
  // @ts-expect-error matmul: inner sizes differ, [8,3,5] x [7,5]
  matmul(x, transpose([0, 1])(w))
})

it('an axis that is counted from the end is some number', () => {
  expectTypeOf(transpose([0, -1, -2])(x)).toEqualTypeOf<Expr<'f32', readonly [8, number, number]>>()
})

it('an order or a rank that is known when it runs gives any shape', () => {
  const order: ReadonlyArray<number> = [1, 0]
  const any: Expr<'f32'> = w

  expectTypeOf(transpose(order)(w)).toEqualTypeOf<Expr<'f32', Shape>>()
  expectTypeOf(transpose([1, 0])(any)).toEqualTypeOf<Expr<'f32', Shape>>()
})

it('what is left by a fold over one axis, or all, is known, and checked further on', () => {
  expectTypeOf(sum([1])(x)).toEqualTypeOf<Expr<'f32', readonly [8, 5]>>()
  expectTypeOf(max([-1])(x)).toEqualTypeOf<Expr<'f32', readonly [8, 3]>>()
  expectTypeOf(mean([-2], 'kept')(x)).toEqualTypeOf<Expr<'f32', readonly [8, 1, 5]>>()
  expectTypeOf(sum('all')(x)).toEqualTypeOf<Expr<'f32', readonly []>>()
  expectTypeOf(sum('all', 'kept')(x)).toEqualTypeOf<Expr<'f32', readonly [1, 1, 1]>>()
  // @ts-expect-error add: shapes differ, [8,5] and [7,5]
  add(sum([1])(x), w)
})

it('what is left by a fold over several axes in ascending order is known', () => {
  const clips = input('clips', 'f32', [8, 3, 5, 6, 7])

  expectTypeOf(sum([0, 1])(x)).toEqualTypeOf<Expr<'f32', readonly [5]>>()
  expectTypeOf(sum([0, 2], 'kept')(x)).toEqualTypeOf<Expr<'f32', readonly [1, 3, 1]>>()
  expectTypeOf(mean([1, 2, 3])(clips)).toEqualTypeOf<Expr<'f32', readonly [8, 7]>>()
  expectTypeOf(mean([-2, -1])(clips)).toEqualTypeOf<Expr<'f32', readonly [8, 3, 5]>>()
  expectTypeOf(mean([-2, -1], 'kept')(clips)).toEqualTypeOf<Expr<'f32', readonly [8, 3, 5, 1, 1]>>()
})

it('what is left by a fold in another order, or over axes that are known when it runs, is any shape', () => {
  const over: Over = [0].length === 1 ? [1] : 'all'
  const axes: ReadonlyArray<number> = [0]

  expectTypeOf(sum([1, 0])(x)).toEqualTypeOf<Expr<'f32', Shape>>()
  expectTypeOf(sum([7])(x)).toEqualTypeOf<Expr<'f32', Shape>>()
  expectTypeOf(sum([0, 7])(x)).toEqualTypeOf<Expr<'f32', Shape>>()
  expectTypeOf(sum(axes)(x)).toEqualTypeOf<Expr<'f32', Shape>>()
  expectTypeOf(sum(over as Over)(x)).toEqualTypeOf<Expr<'f32', Shape>>()
})

it('names and numbers that are known when it runs stretch as sizes do', () => {
  type N = Sym<'n'>
  const named = input('named', 'f32', [dim('n', 6), 3])
  const any = input('any', 'f32', [[6].length, 3])

  expectTypeOf(add(named, input('column', 'f32', [dim('n', 6), 1]))).toEqualTypeOf<Expr<'f32', readonly [N, 3]>>()
  expectTypeOf(add(any, named)).toEqualTypeOf<Expr<'f32', readonly [N, 3]>>()
  expectTypeOf(add(named, any)).toEqualTypeOf<Expr<'f32', readonly [N, 3]>>()
  // It may be 1, and may not be.
  expectTypeOf(add(input('row', 'f32', [1, 3]), any)).toEqualTypeOf<Expr<'f32', readonly [number, 3]>>()
  // @ts-expect-error add: shapes differ, [n,3] and [m,3]
  add(named, input('other', 'f32', [dim('m', 5), 3]))
})

it('an axis more is known, and how many operands are on it', () => {
  expectTypeOf(expandDims(1)(x)).toEqualTypeOf<Expr<'f32', readonly [8, 1, 3, 5]>>()
  expectTypeOf(expandDims(-1)(w)).toEqualTypeOf<Expr<'f32', readonly [7, 5, 1]>>()
  expectTypeOf(stack(0)([w, w, w])).toEqualTypeOf<Expr<'f32', readonly [3, 7, 5]>>()
  expectTypeOf(stack(-1)(unstack(0)(w))).toEqualTypeOf<Expr<'f32', readonly [5, number]>>()
  // @ts-expect-error add: shapes differ, [8,3,5] and [1,7,5]
  add(x, expandDims(0)(w))
})

it('of an axis that changes its length the others stay known', () => {
  expectTypeOf(concat(1)([x, x])).toEqualTypeOf<Expr<'f32', readonly [8, number, 5]>>()
  expectTypeOf(narrow(-1, 0, 2)(x)).toEqualTypeOf<Expr<'f32', readonly [8, 3, number]>>()
  expectTypeOf(split(2, 0)(x)).toEqualTypeOf<ReadonlyArray<Expr<'f32', readonly [number, 3, 5]>>>()
  expectTypeOf(repeat(2, 0)(w)).toEqualTypeOf<Expr<'f32', readonly [number, 5]>>()
  // @ts-expect-error matmul: inner sizes differ, [8,3,5] x [7,5]
  matmul(concat(1)([x, x]), w)
})

it('of space the batch, the features and the rank are known', () => {
  const images = input('images', 'f32', [8, 3, 32, 32])
  const kernel = input('kernel', 'f32', [16, 3, 5, 5])
  const features = convolve(plainly(2))(images, kernel)

  expectTypeOf(features).toEqualTypeOf<Expr<'f32', readonly [8, 16, number, number]>>()
  expectTypeOf(deconvolve(plainly(2))(features, kernel)).toEqualTypeOf<
    Expr<'f32', readonly [8, number, number, number]>
  >()
  expectTypeOf(maxPool(tiles([2, 2]))(images)).toEqualTypeOf<Expr<'f32', readonly [8, 3, number, number]>>()
  expectTypeOf(groupNorm(3, 1e-5)(images)).toEqualTypeOf<Expr<'f32', readonly [8, 3, 32, 32]>>()
  // @ts-expect-error add: shapes differ, [8,16,number,number] and [8,8,1,1]
  add(features, input('bias', 'f32', [8, 8, 1, 1]))
})

it('the axes of indices take the place of that of a table, and the place of an extremum has none', () => {
  expectTypeOf(take(0)(w, input('ids', 'i32', [2, 4]))).toEqualTypeOf<Expr<'f32', readonly [2, 4, 5]>>()
  expectTypeOf(take(1)(x, input('id', 'i32', []))).toEqualTypeOf<Expr<'f32', readonly [8, 5]>>()
  expectTypeOf(argmax(1)(x)).toEqualTypeOf<Expr<'i32', readonly [8, 5]>>()
})

it('a constant is of floats, or of what it is told', () => {
  expectTypeOf(constant([2], [1, 2])).toEqualTypeOf<Expr<'f32', readonly [2]>>()
  expectTypeOf(constant([2], [1, 2], 'i32')).toEqualTypeOf<Expr<'i32', readonly [2]>>()
  expect(constant([2], [1, 2], 'i32').dtype).toBe('i32')
})

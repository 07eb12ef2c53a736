/**
 * Numbers that belong to samples: one for all of them, or one for each, `[batch]`, against tensors `[batch, ...]`.
 * Times, steps and weights of a method are such numbers.
 */
import type { DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import { sizeAt } from '../core/Shape.ts'
import { add, div, mul, neg, offset, reshape, scale, sub } from './api.ts'

/** One number for all samples (known when the graph is built), or one per sample, `[batch]`. */
export type PerSample = number | Expr<'f32'>

/** `[batch]` as `[batch, 1, …, 1]`, of the rank of `like`. */
export const alongBatch =
  (like: Expr) =>
  <D extends DType>(k: Expr<D>): Expr<D> =>
    reshape([sizeAt(k.shape, 0), ...like.shape.slice(1).map(() => 1)])(k)

/** `k x`, sample by sample. */
export const weigh =
  (k: PerSample) =>
  (x: Expr<'f32'>): Expr<'f32'> =>
    typeof k === 'number' ? scale(k)(x) : mul(x, alongBatch(x)(k))

/** `x / k`, sample by sample. */
export const divide =
  (k: PerSample) =>
  (x: Expr<'f32'>): Expr<'f32'> =>
    typeof k === 'number' ? scale(1 / k)(x) : div(x, alongBatch(x)(k))

/** `1 − k`. */
export const complement = (k: PerSample): PerSample => (typeof k === 'number' ? 1 - k : offset(1)(neg(k)))

/** `k a + (1 − k) b`, exact at both ends. */
export const blend = (k: PerSample, a: Expr<'f32'>, b: Expr<'f32'>): Expr<'f32'> =>
  add(weigh(k)(a), weigh(complement(k))(b))

/** `x − k v`. */
export const retreat = (x: Expr<'f32'>, k: PerSample, v: Expr<'f32'>): Expr<'f32'> => sub(x, weigh(k)(v))

/** `x + k v`. */
export const advance = (x: Expr<'f32'>, k: PerSample, v: Expr<'f32'>): Expr<'f32'> => add(x, weigh(k)(v))

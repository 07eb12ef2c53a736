/** Random numbers from keys. */
import type { Expr } from '../../core/Expr.ts'
import { range, size, type Shape } from '../../core/Shape.ts'
import { floating } from '../kinds.ts'
import { $ } from '../registry.ts'
import { cos, log, neg, scale, sin, sqrt } from './elementwise.ts'
import { argmax, argsort } from './indexing.ts'
import { inNameOf } from './instead.ts'
import { narrow } from './views.ts'

/** Uniform `u32` words from a key, `[2]` of `u32`. */
export const randomBits =
  (shape: Shape) =>
  (key: Expr<'u32'>): Expr<'u32'> =>
    $.randomBits(key, { shape })

/** `n` independent keys. */
export const splitKey =
  (n: number) =>
  (key: Expr<'u32'>): ReadonlyArray<Expr<'u32'>> => {
    const words = inNameOf('splitKey', [key], randomBits([2 * n])(key))
    return range(n).map((i) => narrow(0, 2 * i, 2 * i + 2)(words))
  }

const unit = <S extends Shape>(words: Expr<'u32', S>): Expr<'f32', S> => {
  // 24 bits, so that every value is exact in f32 and 1 is never reached.
  const high = $.cast($.div(words, $.fill(256, words)), { to: 'f32' })
  return $.mul(high, $.fill(2 ** -24, high))
}

/** Uniform in `[0, 1)`, 24 bits. */
export const uniform =
  <const S extends Shape>(shape: S) =>
  (key: Expr<'u32'>): Expr<'f32', S> =>
    inNameOf('uniform', [key], unit($.randomBits(key, { shape })))

/** Standard normal numbers (Box and Muller): two uniforms give two normals. */
export const normal =
  <const S extends Shape>(shape: S) =>
  (key: Expr<'u32'>): Expr<'f32', S> => {
    const n = size(shape)
    const half = Math.ceil(n / 2)
    const words = randomBits([2 * half])(key)
    const u = unit(narrow(0, 0, half)(words))
    const v = unit(narrow(0, half, 2 * half)(words))
    const radius = sqrt(scale(-2)(log($.sub($.fill(1, u), u))))
    const angle = scale(2 * Math.PI)(v)
    const both = $.concat([$.mul(radius, cos(angle)), $.mul(radius, sin(angle))], { axis: 0 })
    return inNameOf('normal', [key], $.reshape(narrow(0, 0, n)(both), { shape })) as Expr<'f32', S>
  }

/** The noise whose largest, added to logits, is a class drawn from them (Gumbel 1954): `−ln(−ln u)`, `u` uniform. */
export const gumbel =
  <const S extends Shape>(shape: S) =>
  (key: Expr<'u32'>): Expr<'f32', S> => {
    const u = uniform(shape)(key)
    // Uniform numbers may be 0, whose logarithm is not finite.
    return inNameOf('gumbel', [key], neg(log(neg(log($.maximum(u, $.fill(2 ** -25, u)))))))
  }

/** True with probability `p`, each element by itself. */
export const bernoulli =
  <const S extends Shape>(p: number, shape: S) =>
  (key: Expr<'u32'>): Expr<'bool', S> => {
    const u = uniform(shape)(key)
    return inNameOf('bernoulli', [key], $.less(u, $.fill(p, u)))
  }

/** 0 with probability `rate`, else scaled so that the mean stays; `rate` below 1. */
export const dropout =
  (rate: number) =>
  (key: Expr<'u32'>) =>
  <S extends Shape>(x: Expr<'f32', S>): Expr<'f32', S> => {
    if (rate === 0) return x
    const kept = $.where(bernoulli(1 - rate, x.shape)(key), scale(1 / (1 - rate))(x), $.fill(0, x))
    return inNameOf('dropout', [x, key], kept, floating)
  }

/**
 * Classes drawn with probabilities `softmax(logits)` along an axis, which disappears.
 * The largest of logits with Gumbel noise added; −∞ is never drawn where another is finite.
 */
export const categorical =
  (axis: number) =>
  (key: Expr<'u32'>) =>
  (logits: Expr<'f32'>): Expr<'i32'> => {
    const noisy = $.add(logits, gumbel(logits.shape)(key))
    return inNameOf('categorical', [logits, key], argmax(axis)(noisy), floating)
  }

/** `0, …, n − 1` in random order. */
export const permutation =
  (n: number) =>
  (key: Expr<'u32'>): Expr<'i32'> =>
    inNameOf('permutation', [key], argsort(0)(randomBits([n])(key)))

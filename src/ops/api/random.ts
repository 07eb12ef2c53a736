/** Random numbers from keys. */
import type { Expr } from '../../core/Expr.ts'
import { range, size, type Shape } from '../../core/Shape.ts'
import { $ } from '../registry.ts'
import { cos, log, scale, sin, sqrt } from './elementwise.ts'
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
    const words = randomBits([2 * n])(key)
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
    unit($.randomBits(key, { shape }))

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
    return $.reshape(narrow(0, 0, n)(both), { shape }) as Expr<'f32', S>
  }

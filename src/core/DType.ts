/** Element types. `f16` and `bf16` are stored narrow and computed in `f32`. */

export type DType = 'f32' | 'f16' | 'bf16' | 'i32' | 'u32' | 'bool'
export type Float = 'f32' | 'f16' | 'bf16'
export type Int = 'i32' | 'u32'

export const isFloat = (dtype: DType): dtype is Float => dtype === 'f32' || dtype === 'f16' || dtype === 'bf16'

/** Floats that are stored in half a word. */
export type Narrow = 'f16' | 'bf16'
export const isNarrow = (dtype: DType): dtype is Narrow => dtype === 'f16' || dtype === 'bf16'

/** Bytes of one element in a file or a transfer. */
export const bytes: Readonly<Record<DType, number>> = { f32: 4, f16: 2, bf16: 2, i32: 4, u32: 4, bool: 1 }

/** Unit roundoff: half the distance from 1 to the next number; 0 for exact types. */
export const roundoff: Readonly<Record<DType, number>> = {
  f32: 2 ** -24,
  f16: 2 ** -11,
  bf16: 2 ** -8,
  i32: 0,
  u32: 0,
  bool: 0
}

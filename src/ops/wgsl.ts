/** What lowerings to WGSL share: types, numbers as literals, and sums. */
import type { DType } from '../core/DType.ts'
import type { Type } from '../core/Expr.ts'
import type { Wgsl } from '../core/Lowering.ts'

/** The type that elements have inside a kernel. */
export const wgslType: Readonly<Record<DType, string>> = {
  f32: 'f32',
  f16: 'f32',
  bf16: 'f32',
  i32: 'i32',
  u32: 'u32',
  bool: 'bool'
}

/** A number as a WGSL literal of the type that values of `type` have inside a kernel. */
export const wgslNumber = (value: number, { dtype }: Type): string => {
  if (dtype === 'bool') return value === 0 ? 'false' : 'true'
  if (dtype === 'u32') return `${value >>> 0}u`
  if (dtype === 'i32') return value === -(2 ** 31) ? 'i32(-2147483647 - 1)' : `i32(${value | 0})`
  if (Number.isNaN(value)) return 'bitcast<f32>(nan_bits())'
  if (!Number.isFinite(value)) return value > 0 ? 'infinity()' : '(-infinity())'
  const text = String(Math.fround(value))
  return /[.e]/.test(text) ? `f32(${text})` : `f32(${text}.0)`
}

type Reduce = Extract<Wgsl<never>, { readonly _tag: 'Reduce' }>

/** A fold that adds up. */
export const adding: Pick<Reduce, '_tag' | 'identity' | 'combine'> = {
  _tag: 'Reduce',
  identity: (type) => wgslNumber(0, type),
  combine: (a, b) => `(${a} + ${b})`
}

/**
 * The constructors that users call: typed, with NumPy broadcasting for elementwise operations. Parameters come first and
 * are curried (`sum([0])(x)`); operations on two tensors take both at once or pipe (`add(x, y)`, `pipe(x, add(y))`).
 * A wrong program is a sentence in the editor where sizes are known, and the same sentence from `compile` where not.
 */
export * from './api/constants.ts'
export * from './api/contractions.ts'
export * from './api/einsum.ts'
export * from './api/elementwise.ts'
export * from './api/indexing.ts'
export * from './api/losses.ts'
export * from './api/matrices.ts'
export * from './api/random.ts'
export * from './api/reductions.ts'
export * from './api/spatial.ts'
export * from './api/views.ts'

export type { DType } from '../core/DType.ts'
export type { Expr } from '../core/Expr.ts'
export type { Dim, Shape } from '../core/Shape.ts'
// Brings every family's part of `Builder` to those who write operations of their own.
export type { Contract, Side } from './registry.ts'

/** Graphs of constants, and their values: what tests of formulas need. */
import type { Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { key, normal } from '../../src/core/Key.ts'
import type { Shape } from '../../src/core/Shape.ts'
import { size } from '../../src/core/Shape.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { constant } from '../../src/ops/api.ts'

export type Real = Expr<'f32'>

export const fixed = (values: ReadonlyArray<number>, shape: Shape = [values.length]): Real =>
  constant(shape, values) as Real

/** Normal numbers that depend on the seed alone. */
export const noise = (seed: number, shape: Shape): Real => fixed(Array.from(normal(key(seed), size(shape))), shape)

export const valuesOf = (x: Expr, environment: ReadonlyMap<string, Tensor> = new Map()): ReadonlyArray<number> => {
  const result = evaluate(environment)([x])
  if (E.isLeft(result)) throw new Error(result.left.map(show).join('; '))
  return Array.from(result.right[0]?.data ?? [])
}

/** The largest difference of two graphs. */
export const gap = (a: Expr, b: Expr): number => {
  const [x, y] = [valuesOf(a), valuesOf(b)]
  return x.length === y.length ? Math.max(...x.map((value, i) => Math.abs(value - (y[i] ?? NaN)))) : Infinity
}

/** Values of expressions in double precision; a fault is a failed test that says so. */
import type { Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { key, normal } from '../../src/core/Key.ts'
import { size, type Shape } from '../../src/core/Shape.ts'
import { floats, map, type Tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { tensors } from '../../src/nn/params.ts'

export type Named = ReadonlyMap<string, Tensor>

export const valuesOf = (roots: ReadonlyArray<Expr>, ...inputs: ReadonlyArray<Named>): ReadonlyArray<Tensor> => {
  const result = evaluate(new Map(inputs.flatMap((some) => [...some])))(roots)
  if (result._tag === 'Left') throw new Error(result.left.map(show).join('; '))
  return result.right
}

export const valueOf = (root: Expr, ...inputs: ReadonlyArray<Named>): Tensor => {
  const [value = floats([], [NaN])] = valuesOf([root], ...inputs)
  return value
}

/** The sentences of everything that is wrong with an expression. */
export const sentences = (x: Expr): ReadonlyArray<string> => x.faults.map(show)

export const randoms = (seed: number, shape: Shape): Tensor => floats(shape, normal(key(seed), size(shape)))

/** A tree whose every number is moved at random, so that nothing is zero by its initialisation. */
export const shaken = <T>(tree: T, seed: number): T =>
  tensors.map(tree, (value, name) => {
    const moves = normal(
      key(seed + name.length + [...name].reduce((n, c) => (31 * n + c.charCodeAt(0)) % 65521, 7)),
      value.data.length
    )
    return map(value, (v, i) => v + 0.2 * (moves[i] ?? 0))
  }) as T

/** The largest difference of two tensors; no number where their shapes differ. */
export const furthest = (a: Tensor, b: Tensor): number =>
  String(a.shape) === String(b.shape)
    ? Array.from(b.data).reduce((most, v, i) => Math.max(most, Math.abs(v - (a.data[i] ?? NaN))), 0)
    : NaN

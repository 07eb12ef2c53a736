/** Values of graphs, for tests of operations: a fault is a failed test. */
import { show } from '../../src/core/Fault.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import { size, type Shape } from '../../src/core/Shape.ts'
import { tensor, type Tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { embed } from '../../src/ops/api.ts'

export const evaluated = (x: Expr): Tensor => {
  const result = evaluate(new Map())([x])
  if (E.isLeft(result)) throw new Error(result.left.map(show).join('; '))
  return result.right[0] as Tensor
}

export const numbers = (x: Expr): ReadonlyArray<number> => Array.from(evaluated(x).data)

export const faultsOf = (x: Expr): ReadonlyArray<string> => x.faults.map(show)

/** Numbers that repeat only after the 97th, between −1 and 1. */
export const varied = (shape: Shape): Expr<'f32'> =>
  embed(
    tensor(
      'f32',
      shape,
      Float64Array.from({ length: size(shape) }, (_, i) => (((i * 37 + 11) % 97) - 48) / 48)
    )
  ) as Expr<'f32'>

export const ints = (shape: Shape, values: ReadonlyArray<number>): Expr<'i32'> =>
  embed(tensor('i32', shape, Float64Array.from(values))) as Expr<'i32'>

/** Functions of graphs as functions of plain vectors, by way of the meaning: how laws over vectors reach graphs. */
import { input, type Expr } from '../src/core/Expr.ts'
import { E, pipe } from '../src/core/fp.ts'
import { floats } from '../src/core/Tensor.ts'
import { evaluate } from '../src/interpret/evaluate.ts'
import type { Vector } from './Laws.ts'

/** Each vector is one operand `[1, n]`, a batch of one sample; a graph with faults gives no numbers at all. */
export const lift =
  (f: (...operands: ReadonlyArray<Expr<'f32'>>) => Expr) =>
  (...vectors: ReadonlyArray<Vector>): Vector =>
    pipe(
      [f(...vectors.map((v, i) => input(`v${i}`, 'f32', [1, v.length])))],
      evaluate(new Map(vectors.map((v, i) => [`v${i}`, floats([1, v.length], v)]))),
      E.match(
        () => [],
        ([value]) => Array.from(value?.data ?? [])
      )
    )

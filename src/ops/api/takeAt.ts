/** Elements from places that are known when the graph is built. */
import type { DType } from '../../core/DType.ts'
import { literal, type Expr } from '../../core/Expr.ts'
import { range } from '../../core/Shape.ts'
import { tensor } from '../../core/Tensor.ts'
import { $ } from '../registry.ts'

/** The remainder that is not negative. */
export const modulo = (i: number, n: number): number => ((i % n) + n) % n

/** `y[i] = x[source(i)]` along an axis. */
export const takeAt = <D extends DType>(
  x: Expr<D>,
  axis: number,
  source: (i: number) => number,
  length: number
): Expr<D> => $.take(x, literal(tensor('i32', [length], Float64Array.from(range(length), source))), { axis })

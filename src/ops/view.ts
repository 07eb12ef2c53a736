/**
 * Views: operations that only say where each element comes from. They have no kernel of their own: a view disappears
 * into the index arithmetic of whatever reads it. The operations themselves: `rearrange.ts`, `cut.ts`.
 */
import type { Type } from '../core/Expr.ts'
import { size, type Shape } from '../core/Shape.ts'
import { elementAt, type Tensor } from '../core/Tensor.ts'

/** Coordinates of each linear index in turn, as one buffer that moves on: `visit` must not keep it. */
export const everyIndex = (shape: Shape, visit: (index: Int32Array, linear: number) => void): void => {
  const index = new Int32Array(shape.length) // local
  const n = size(shape)
  for (let i = 0; i < n; i++) {
    visit(index, i)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1
      index[axis] = next === shape[axis] ? 0 : next
      if (next !== shape[axis]) break
    }
  }
}

/** The sum of the coordinates, each so many times: a linear index, for the strides of a shape. */
export const weighed = (index: Int32Array, times: ReadonlyArray<number>): number =>
  times.reduce((sum, step, n) => sum + step * (index[n] ?? 0), 0)

/** A tensor whose element at `index` is the operand's at `source(index)`, a linear index; −1 is `otherwise`. */
export const gatherBy = (x: Tensor, type: Type, source: (index: Int32Array) => number, otherwise = 0): Tensor => {
  const data = new Float64Array(size(type.shape)) // local
  everyIndex(type.shape, (index, i) => {
    const j = source(index)
    data[i] = j < 0 ? otherwise : elementAt(x.data, j)
  })
  return { dtype: type.dtype, shape: type.shape, data }
}

/** The first operand. */
export const only = ([x]: readonly [Tensor, ...ReadonlyArray<Tensor>]): Tensor => x

/** Two layers of a perceptron with tanh between them, forward and backward: small enough to write in any framework. */
import { gradOf } from '../src/autodiff/grad.ts'
import type { Expr } from '../src/core/Expr.ts'
import { fold, key, uniform } from '../src/core/Key.ts'
import { size, type Shape } from '../src/core/Shape.ts'
import { floats, stored, type Tensor } from '../src/core/Tensor.ts'
import { input, matmul, square, sum, tanh } from '../src/ops/api.ts'

export interface PerceptronSize {
  readonly batch: number
  readonly dim: number
  readonly hidden: number
}

/** The one that frameworks are compared by. */
export const compared: PerceptronSize = { batch: 512, dim: 256, hidden: 1024 }

const shapesOf = ({ batch, dim, hidden }: PerceptronSize): Readonly<Record<'x' | 'w' | 'v', Shape>> => ({
  x: [batch, dim],
  w: [dim, hidden],
  v: [hidden, dim]
})

/** Two products forward, four backward. */
export const operations = ({ batch, dim, hidden }: PerceptronSize): number => 12 * batch * dim * hidden

/** `loss = Σ (tanh(x w) v)²`, and its gradients by the names of what they are of. */
export const perceptron = (of: PerceptronSize): Readonly<Record<string, Expr>> => {
  const shapes = shapesOf(of)
  const x = input('x', 'f32', shapes.x)
  const w = input('w', 'f32', shapes.w)
  const v = input('v', 'f32', shapes.v)
  const loss = sum('all')(square(matmul(tanh(matmul(x, w)), v)))
  return { loss, ...gradOf(loss)({ x, w, v }) }
}

/** Evenly from -½ to ½; no two alike. */
export const perceptronValues = (of: PerceptronSize): ReadonlyMap<string, Tensor> =>
  new Map(
    Object.entries(shapesOf(of)).map(([name, shape], i) => [
      name,
      stored(
        floats(
          shape,
          uniform(fold(key(1), i), size(shape)).map((u) => u - 0.5)
        )
      )
    ])
  )

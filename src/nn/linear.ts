/** Affine maps of the last axis, with weights `[out, in]` as PyTorch stores them: a product with the second transposed. */
import { add, contract } from '../ops/api.ts'
import { normals, xavier, zeros, type Parameter, type Real } from './params.ts'

export interface Linear<A = Real> {
  /** `[out, in]`. */
  readonly weight: A
  /** `[out]`. */
  readonly bias: A
}

/** Two linear maps around an activation, under the names of an `nn.Sequential` whose middle has no parameters. */
export interface Perceptron<A = Real> {
  readonly 0: Linear<A>
  readonly 2: Linear<A>
}

export const linearInit = (
  input: number,
  output: number,
  weight: (shape: readonly [number, number]) => Parameter = xavier
): Linear<Parameter> => ({ weight: weight([output, input]), bias: zeros([output]) })

/** `x Wᵀ`: `[…, in]` to `[…, out]`. */
export const project = (weight: Real, x: Real): Real =>
  contract({ batch: [], over: [x.shape.length - 1] }, { batch: [], over: [1] })(x, weight)

/** `x Wᵀ + b`: `[…, in]` to `[…, out]`. */
export const linear = ({ weight, bias }: Linear, x: Real): Real => add(project(weight, x), bias)

export const perceptronInit = (
  input: number,
  hidden: number,
  output: number,
  weight: (shape: readonly [number, number]) => Parameter = xavier
): Perceptron<Parameter> => ({ 0: linearInit(input, hidden, weight), 2: linearInit(hidden, output, weight) })

export const perceptron =
  (activation: (x: Real) => Real) =>
  (params: Perceptron, x: Real): Real =>
    linear(params[2], activation(linear(params[0], x)))

/** What Wan draws the weights of its embeddings from. */
export const small: (shape: readonly [number, number]) => Parameter = normals(0.02)

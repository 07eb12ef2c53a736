/**
 * Parameters of networks, in three forms of one tree: how each is drawn (`Parameter`), what it is (`Tensor`), and its
 * place in a program (`Real`). The names of the leaves are those of PyTorch's `state_dict`, so that checkpoints map
 * one to one.
 *
 * Laws: `test/nn/params.test.ts` (same key, same numbers).
 */
import { input, type Expr } from '../core/Expr.ts'
import { normal, split, uniform, type Key } from '../core/Key.ts'
import { size, type Shape } from '../core/Shape.ts'
import { stored, tensor, type Tensor } from '../core/Tensor.ts'
import { trees, type Mapped, type Trees } from '../core/Tree.ts'

// model ----------------------------------------------------------------------------------

/** What networks compute with. */
export type Real = Expr<'f32'>

/** A parameter before it has numbers: its shape, and the law that they are drawn from. */
export interface Parameter {
  readonly shape: Shape
  readonly draw: (key: Key) => Float64Array
}

const isParameter = (value: unknown): value is Parameter =>
  typeof value === 'object' && value !== null && 'draw' in value && 'shape' in value

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'data' in value && 'dtype' in value

/** Trees of parameters without numbers. */
export const parameters: Trees<Parameter> = trees(isParameter)
/** Trees of tensors. */
export const tensors: Trees<Tensor> = trees(isTensor)

// constructors ---------------------------------------------------------------------------

/** Every element is `value`. */
export const filled =
  (value: number) =>
  (shape: Shape): Parameter => ({ shape, draw: () => new Float64Array(size(shape)).fill(value) })

export const zeros: (shape: Shape) => Parameter = filled(0)
export const ones: (shape: Shape) => Parameter = filled(1)

/** Normal numbers of a standard deviation. */
export const normals =
  (deviation: number) =>
  (shape: Shape): Parameter => ({
    shape,
    draw: (key) => normal(key, size(shape)).map((value) => deviation * value)
  })

/**
 * Uniform numbers that keep the variance of what passes through, in both directions: within `±√(6 / (in + out))`.
 * The first axis is `out`, all others together are `in`. Source: Glorot and Bengio 2010, Eq. (16).
 */
export const xavier = (shape: Shape): Parameter => {
  const out = shape[0] ?? 1
  const bound = Math.sqrt(6 / (out + size(shape) / out))
  return { shape, draw: (key) => uniform(key, size(shape)).map((value) => bound * (2 * value - 1)) }
}

// interpretations ------------------------------------------------------------------------

/** Numbers for every parameter, as `f32` holds them: each leaf from its own key, split from one in the tree's order. */
export const drawn =
  <T>(tree: T) =>
  (key: Key): Mapped<T, Parameter, Tensor> => {
    const names = parameters.flatten(tree).map(([name]) => name)
    const keys = split(key, names.length)
    const keyOf = new Map(names.map((name, i) => [name, keys[i] ?? key]))
    return parameters.map(tree, ({ shape, draw }, name) => stored(tensor('f32', shape, draw(keyOf.get(name) ?? key))))
  }

/** The shapes of every parameter: inputs of a program before there are numbers. */
export const inputsOf = <T>(tree: T, prefix: string): Mapped<T, Parameter, Real> =>
  parameters.map(tree, ({ shape }, name) => input(`${prefix}.${name}`, 'f32', shape))

/** The inputs of a program that take a tree of `f32` tensors, each named by its path behind the prefix. */
export const inputsFor = <T>(tree: T, prefix: string): Mapped<T, Tensor, Real> =>
  tensors.map(tree, ({ shape }, name) => input(`${prefix}.${name}`, 'f32', shape))

/** The tensors of a tree by the names that `inputsFor` gives: what a program with those inputs is run with. */
export const named = <T>(tree: T, prefix: string): ReadonlyMap<string, Tensor> => new Map(tensors.flatten(tree, prefix))

/** The number of elements in a tree of parameters. */
export const count = <T>(tree: T): number => parameters.flatten(tree).reduce((n, [, { shape }]) => n + size(shape), 0)

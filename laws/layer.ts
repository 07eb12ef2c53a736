/**
 * Laws of a layer: a function of a tree of parameters and of a batch, `(params, x) ↦ y`, both with the batch as their
 * first axis. Parameters are drawn from a key; their names are those of checkpoints.
 */
import * as fc from 'fast-check'
import { vjp } from '../src/autodiff/vjp.ts'
import type { Close } from '../src/measure/Close.ts'
import { input, type Expr } from '../src/core/Expr.ts'
import { show } from '../src/core/Fault.ts'
import { E, pipe } from '../src/core/fp.ts'
import { normal, split, type Key } from '../src/core/Key.ts'
import { equal, size, type Shape } from '../src/core/Shape.ts'
import { axpy, dot, generate, tensor, type Tensor } from '../src/core/Tensor.ts'
import type { Mapped } from '../src/core/Tree.ts'
import { evaluate } from '../src/interpret/evaluate.ts'
import { tensors } from '../src/nn/params.ts'
import { closeNumbers, closeTensors, firstOf, from, law, unless, type Laws, type Verdict } from './Laws.ts'

const batches = from('a network is a function of each sample: PyTorch, `nn.Module`; JAX, `vmap`')
const adjoint = from('Griewank and Walther 2008, Evaluating Derivatives, ch. 3')
const checkpoints = from('PyTorch, `state_dict`: names are the interface of checkpoints')

// model ----------------------------------------------------------------------------------

/** A layer, with a tree `T` of tensors as its parameters. */
export interface Layer<T> {
  readonly init: (key: Key) => T
  readonly apply: (params: Mapped<T, Tensor, Expr<'f32'>>, x: Expr<'f32'>) => Expr
  /** Of one sample, and of what becomes of it: both without the batch. */
  readonly sample: Shape
  readonly result: Shape
  /** Of the parameters, in the order of the tree. */
  readonly names: ReadonlyArray<string>
}

interface Built {
  readonly y: Expr
  readonly leaves: ReadonlyArray<Expr>
  readonly x: Expr<'f32'>
}

const built = <T>({ init, apply, sample }: Layer<T>, key: Key, batch: number): Built => {
  const x = input('x', 'f32', [batch, ...sample])
  const params = tensors.map(init(key), ({ shape }, name) => input(`params.${name}`, 'f32', shape))
  const leaves = tensors.flatten(init(key)).map(([name, { shape }]) => input(`params.${name}`, 'f32', shape))
  return { y: apply(params, x), leaves, x }
}

// values ---------------------------------------------------------------------------------

type Numbers = ReadonlyMap<string, Tensor>

const valueOf = (root: Expr, numbers: Numbers): Tensor =>
  pipe(
    evaluate(numbers)([root]),
    E.match(
      () => generate(root.dtype, root.shape, () => NaN),
      ([value]) => value ?? generate(root.dtype, root.shape, () => NaN)
    )
  )

const normals = (key: Key, shape: Shape): Tensor => tensor('f32', shape, normal(key, size(shape)))

const numbersOf = <T>({ init, sample }: Layer<T>, key: Key, batch: number): Numbers => {
  const [forParams = key, forX = key] = split(key, 2)
  const params = tensors.flatten(init(forParams)).map(([name, value]) => [`params.${name}`, value] as const)
  return new Map([...params, ['x', normals(forX, [batch, ...sample])]])
}

/** A random number of every number that there is. */
const directionOf = (key: Key, numbers: Numbers): Numbers => {
  const keys = split(key, numbers.size)
  return new Map([...numbers].map(([name, { shape }], i) => [name, normals(keys[i] ?? key, shape)]))
}

const moved = (numbers: Numbers, direction: Numbers, distance: number): Numbers =>
  new Map([...numbers].map(([name, x]) => [name, axpy(distance, direction.get(name) ?? x, x)]))

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const keys: fc.Arbitrary<Key> = fc.tuple(word, word)

// laws -----------------------------------------------------------------------------------

const rowOf = ({ shape, data }: Tensor, row: number): Tensor => {
  const [, ...rest] = shape
  return generate('f32', rest, (i) => data[row * size(rest) + i] ?? NaN)
}

/** The rows of `x` from `start` on, those before from `other`. */
const spliced = (x: Tensor, other: Tensor, start: number): Tensor =>
  generate('f32', x.shape, (i) => (i < start ? other.data[i] : x.data[i]) ?? NaN)

/** The last row, when those before it are others. */
const unmixed = <T>(layer: Layer<T>, key: Key, close: Close): Verdict => {
  const { y } = built(layer, key, 3)
  const numbers = numbersOf(layer, key, 3)
  const [x, other] = [numbers.get('x'), normals([key[1], key[0]], [3, ...layer.sample])]
  if (x === undefined) return 'there is no batch'
  const changed = valueOf(y, new Map([...numbers, ['x', spliced(x, other, 2 * size(layer.sample))]]))
  return closeTensors(close, rowOf(changed, 2), rowOf(valueOf(y, numbers), 2))
}

/** `⟨∇⟨w, y⟩, d⟩` by the gradient and by central differences, `d` over all parameters and the batch. */
const gradient = <T>(layer: Layer<T>, key: Key): Verdict => {
  const { y, leaves, x } = built(layer, key, 2)
  const numbers = numbersOf(layer, key, 2)
  const [forWeights = key, forDirection = key] = split([key[1], key[0]], 2)
  const weights = normals(forWeights, y.shape)
  const direction = directionOf(forDirection, numbers)
  const w = input('cotangent', 'f32', y.shape)
  const pulled = vjp([y], [...leaves, x])([w])
  const given = new Map([...numbers, ['cotangent', weights] as const])
  const slope = pulled.reduce((sum, g, i) => {
    const name = [...numbers.keys()][i] ?? ''
    return sum + dot(valueOf(g, given), direction.get(name) ?? weights)
  }, 0)
  const along = (h: number): number => dot(weights, valueOf(y, moved(numbers, direction, h)))
  const central = (h: number): number => (along(h) - along(-h)) / (2 * h)
  const [wide, narrow] = [central(1e-5), central(5e-6)]
  return closeNumbers({ absolute: 1e-5 + 4 * Math.abs(wide - narrow), relative: 1e-6 }, slope, narrow)
}

const shaped = <T>(layer: Layer<T>, batch: number): Verdict => {
  const { y } = built(layer, [0, 1], batch)
  return firstOf([
    unless(y.faults.length === 0, () => y.faults.map(show).join('; ')),
    unless(equal(y.shape, [batch, ...layer.result]), () => `[${y.shape}], not [${[batch, ...layer.result]}]`)
  ])
}

/** Laws of a layer; `close` is how alike the rows of two batches must be. */
export const layer = <T>(subject: Layer<T>, close: Close): Laws => ({
  'is of the shape that it says': law(batches('shape(y) = [batch, …result]'), fc.integer({ min: 1, max: 4 }), (batch) =>
    shaped(subject, batch)
  ),
  'rows of a batch do not mix': law(batches('y(x)[i] depends on x[i] alone'), keys, (key) =>
    unmixed(subject, key, close)
  ),
  'its gradient agrees with finite differences over the tree': law(
    adjoint('⟨∇⟨w, y⟩, d⟩ = (⟨w, y(θ + h d)⟩ − ⟨w, y(θ − h d)⟩)/2h as h → 0'),
    keys,
    (key) => gradient(subject, key)
  ),
  'its parameters have the names that it says, whatever the key': law(
    checkpoints('names(init(k)) are constant'),
    keys,
    (key) => {
      const names = tensors.flatten(subject.init(key)).map(([name]) => name)
      return unless(names.join() === subject.names.join(), () => `${names}, not ${subject.names}`)
    }
  )
})

/** The operations' own examples as graphs, with operands that are the same on every run. */
import { jvp } from '../../src/autodiff/jvp.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { apply, input, type Expr } from '../../src/core/Expr.ts'
import { isFloat } from '../../src/core/DType.ts'
import { fold, key, uniform, type Key } from '../../src/core/Key.ts'
import type { Draw, Op } from '../../src/core/Op.ts'
import { size, type Shape } from '../../src/core/Shape.ts'
import { stored, tensor, type Tensor } from '../../src/core/Tensor.ts'
import type { Outputs, Values } from './running.ts'

/** Ranks of the elements, scattered: numbers that keep their distance are drawn by rank. */
const ranks = (k: Key, n: number): ReadonlyArray<number> => {
  const order = Array.from(uniform(k, n), (u, i) => [u, i] as const).sort(([a], [b]) => a - b)
  return order.map(([, i]) => i)
}

/** One operand; `part` is its place among those that must stay apart from it. */
export const draw = ({ dtype, shape, min, max, apart }: Draw, k: Key, part = 0, parts = 1): Tensor => {
  const n = size(shape)
  const u = uniform(k, n)
  const place =
    apart === undefined ? u : ranks(fold(k, 1), n).map((r, i) => (r + (part + 0.5 * (u[i] ?? 0)) / parts) / n)
  const values = Float64Array.from(place, (p) => min + p * (max - min))
  return stored(tensor(dtype, shape, dtype === 'f32' ? values : values.map(Math.round)))
}

const gaussian = (shape: Shape, k: Key): Tensor =>
  stored(
    tensor(
      'f32',
      shape,
      uniform(k, size(shape)).map((u) => 2 * u - 1)
    )
  )

export interface Drawn {
  readonly inputs: ReadonlyArray<Expr>
  readonly values: ReadonlyMap<string, Tensor>
}

/** The operands of one example, as inputs named `<prefix>.<i>`. */
export const drawn = (op: Op, example: Op['examples'][number], prefix: string): Drawn => {
  const root = fold(
    key(7),
    [...`${op.name} ${prefix}`].reduce((n, c) => (n * 31 + (c.codePointAt(0) ?? 0)) >>> 0, 0)
  )
  const tensors = example.inputs.map((d, i) => draw(d, fold(root, i), i, example.inputs.length))
  return {
    inputs: tensors.map(({ dtype, shape }, i) => input(`${prefix}.${i}`, dtype, shape)),
    values: new Map(tensors.map((t, i) => [`${prefix}.${i}`, t]))
  }
}

/** A direction for every floating operand or result, as inputs named `<prefix>.<i>`. */
export const directions = (like: ReadonlyArray<Expr>, prefix: string): Drawn => {
  const floating = like.map((x, i) => [x, `${prefix}.${i}`] as const).filter(([x]) => isFloat(x.dtype))
  return {
    inputs: floating.map(([x, name]) => input(name, 'f32', x.shape)),
    values: new Map(floating.map(([x, name], i) => [name, gaussian(x.shape, fold(key(11), i))]))
  }
}

/** The value of an example and both its derivatives, each along a direction. */
export const graphOf = (op: Op, index: number): { readonly outputs: Outputs; readonly values: Values } => {
  const example = op.examples[index]!
  const { inputs, values } = drawn(op, example, `x${index}`)
  const value = apply(op, inputs, example.params)
  const floating = inputs.filter((x) => isFloat(x.dtype))
  if (!isFloat(value.dtype) || floating.length === 0) return { outputs: { [`value${index}`]: value }, values }
  const cotangent = directions([value], `g${index}`)
  const tangent = directions(floating, `v${index}`)
  const pulled = vjp([value], floating)(cotangent.inputs)
  return {
    outputs: {
      [`value${index}`]: value,
      [`pushed${index}`]: jvp([value], floating)(tangent.inputs)[0]!,
      ...Object.fromEntries(pulled.map((g, i) => [`pulled${index}.${i}`, g]))
    },
    values: new Map([...values, ...cotangent.values, ...tangent.values])
  }
}

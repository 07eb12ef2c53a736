/** Reading a manifest: what it expects of named tensors, and its inputs. */
import { floats, tensor, type Tensor } from '../../../src/core/Tensor.ts'
import { size, type Shape } from '../../../src/core/Shape.ts'
import { input, type Expr } from '../../../src/core/Expr.ts'
import { tolerance, type Expected, type Manifest, type Precision, type Tensors } from '../case.ts'

interface Entry extends Precision {
  readonly role: 'input' | 'output'
}

/** The tables of a manifest, with their tensors. */
export interface Golden {
  readonly manifest: Manifest
  readonly tensors: Tensors
}

export const entries = ({ manifest }: Golden): Readonly<Record<string, Entry>> =>
  manifest['tensors'] as Readonly<Record<string, Entry>>

export const get = ({ tensors }: Golden, name: string): Tensor => {
  const found = tensors.get(name)
  if (found === undefined) throw new Error(`no tensor ${name}`)
  return found
}

/** The stored outputs of these names, with the tolerances of the manifest. */
export const expected = (set: Golden, names: ReadonlyArray<string>): ReadonlyMap<string, Expected> =>
  new Map(names.map((name) => [name, { tensor: get(set, name), tolerance: tolerance(entries(set)[name]) }]))

/** All outputs whose names begin with one of the prefixes. */
export const outputsOf = (set: Golden, ...prefixes: ReadonlyArray<string>): ReadonlyArray<string> =>
  Object.entries(entries(set)).flatMap(([name, { role }]) =>
    role === 'output' && prefixes.some((prefix) => name.startsWith(prefix)) ? [name] : []
  )

/** A stored input as an input of a program, under its own name. */
export const given =
  (set: Golden) =>
  (name: string): Expr<'f32'> =>
    input(name, 'f32', get(set, name).shape) as Expr<'f32'>

/** The stored inputs whose names are among these. */
export const inputs = (set: Golden, names: ReadonlyArray<string>): Tensors =>
  new Map(names.map((name) => [name, get(set, name)]))

export const vector = (values: ArrayLike<number>, shape: Shape = [values.length]): Tensor => floats(shape, values)
export const integers = (values: ArrayLike<number>, shape: Shape = [values.length]): Tensor =>
  tensor('i32', shape, Int32Array.from(values))

/** A table of numbers from a function of its indices. */
export const table = (shape: Shape, f: (...index: ReadonlyArray<number>) => number): Tensor => {
  const place = (i: number): ReadonlyArray<number> =>
    shape.map((d, axis) => Math.floor(i / size(shape.slice(axis + 1))) % d)
  return floats(
    shape,
    Array.from({ length: size(shape) }, (_, i) => f(...place(i)))
  )
}

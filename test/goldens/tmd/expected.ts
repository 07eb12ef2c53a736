/** Reading a manifest: what it expects of named tensors, and its inputs. */
import { floats, tensor, type Tensor } from '../../../src/core/Tensor.ts'
import { size, type Shape } from '../../../src/core/Shape.ts'
import { input, type Expr } from '../../../src/core/Expr.ts'
import { expecting, type Expected, type Manifest, type Precision, type Tensors } from '../case.ts'

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
  new Map(names.map((name) => [name, expecting(get(set, name), entries(set)[name])]))

/** All outputs whose names begin with one of the prefixes. */
export const outputsOf = (set: Golden, ...prefixes: ReadonlyArray<string>): ReadonlyArray<string> =>
  Object.entries(entries(set)).flatMap(([name, { role }]) =>
    role === 'output' && prefixes.some((prefix) => name.startsWith(prefix)) ? [name] : []
  )

/** The stored inputs, all of them. */
export const inputsOf = (set: Golden): Tensors =>
  new Map(
    Object.entries(entries(set)).flatMap(([name, { role }]) => (role === 'input' ? [[name, get(set, name)]] : []))
  )

/** What a pattern captures in the names of tensors, each once, in the order of the manifest. */
export const inNames = (set: Golden, pattern: RegExp): ReadonlyArray<string> => [
  ...new Set(Object.keys(entries(set)).flatMap((name) => pattern.exec(name)?.[1] ?? []))
]

/** A stored input as an input of a program, under its own name. */
export const given =
  (set: Golden) =>
  (name: string): Expr<'f32'> =>
    input(name, 'f32', get(set, name).shape) as Expr<'f32'>

// what the manifest says in words ----------------------------------------------------------

interface CaseEntry {
  readonly case: string | number
}

/** The entry of a case, by its name, or by the one word among several that it is named by. */
export const entryOf = <A>(set: Golden, name: string): CaseEntry & A => {
  const cases = set.manifest['cases'] as ReadonlyArray<CaseEntry & A>
  const found = cases.find((entry) => String(entry.case).split(', ').includes(name))
  if (found === undefined) throw new Error(`${set.manifest.file}: no case ${name}`)
  return found
}

const number = '(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?'

/** The numbers that a text gives behind some words: 1 and 3 for `gamma` in `gamma 1,3`, `gamma=(1, 3)`, `[gamma 1,3]`. */
export const listed = (text: string, words: string): ReadonlyArray<number> => {
  const found = new RegExp(`(?<![\\w.])${words}[\\s=(:]*(${number}(?:, ?${number})*)`).exec(text)?.[1]
  if (found === undefined) throw new Error(`the manifest gives no numbers for ${words}: ${text}`)
  return found.split(',').map(Number)
}

/** The one number behind some words. */
export const said = (text: string, words: string): number => listed(text, words)[0] ?? NaN

// tensors --------------------------------------------------------------------------------

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

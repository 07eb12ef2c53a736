/** A WGSL module as data, and its printer. The text depends on the data alone: drivers cache compiled shaders by text. */
import { isFloat, isNarrow, type DType } from '../../core/DType.ts'
import type { Type } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { prelude } from './prelude.ts'

// model ----------------------------------------------------------------------------------

/** What the values of a type are inside a kernel, and what they are stored as. */
export type WgslType = 'f32' | 'i32' | 'u32' | 'bool'

export interface Binding {
  readonly name: string
  readonly access: 'read' | 'read_write' | 'uniform'
  /** The type of the variable, such as `array<f32>`. */
  readonly type: string
}

export interface Function {
  readonly name: string
  readonly parameters: ReadonlyArray<readonly [name: string, type: string]>
  readonly result: string
  readonly body: ReadonlyArray<string>
}

export interface Module {
  readonly comment: string
  readonly bindings: ReadonlyArray<Binding>
  readonly declarations: ReadonlyArray<string>
  readonly functions: ReadonlyArray<Function>
  readonly workgroup: number
  readonly main: ReadonlyArray<string>
}

// types ----------------------------------------------------------------------------------

export const wgslType = (dtype: DType): WgslType => (isFloat(dtype) ? 'f32' : dtype)

/** The scalars of a buffer: `bool` is stored as `u32`, and so are two narrow floats. */
export const storedType = (dtype: DType): Exclude<WgslType, 'bool'> => {
  const type = isNarrow(dtype) ? 'u32' : wgslType(dtype)
  return type === 'bool' ? 'u32' : type
}

/** The type of a binding whose elements are read one by one, or four at once. */
export const arrayType = (dtype: DType, width: 1 | 4): string =>
  width === 1 ? `array<${storedType(dtype)}>` : `array<vec${isNarrow(dtype) ? 2 : 4}<${storedType(dtype)}>>`

/** Bytes of a word, which most elements have. */
export const wordBytes = 4

/** Bytes of the elements in a buffer. Narrow floats lie two to a word, in whole fours, as kernels write them. */
export const storedBytes = ({ dtype, shape }: Type): number =>
  isNarrow(dtype) ? 8 * Math.ceil(size(shape) / 4) : wordBytes * size(shape)

/** The element `i` of a binding, as a kernel computes with it. */
export const elementOf = (dtype: DType, name: string, i: string, width: 1 | 4): string => {
  if (isNarrow(dtype))
    return `pick_${dtype}(${width === 4 ? `${name}[${i} / 4u][(${i} / 2u) % 2u]` : `${name}[${i} / 2u]`}, ${i})`
  const text = width === 4 ? `${name}[${i} / 4u][${i} % 4u]` : `${name}[${i}]`
  return dtype === 'bool' ? `(${text} != 0u)` : text
}

/** Four elements in a row. */
export const fourOf = (dtype: DType, text: string): string =>
  isNarrow(dtype) ? `unpack_${dtype}(${text})` : dtype === 'bool' ? `(${text} != vec4<u32>())` : text

/** The value as it is stored. */
export const toStored = (dtype: DType, text: string): string => (dtype === 'bool' ? `u32(${text})` : text)

/** Four values as they are stored. */
export const fourStored = (dtype: DType, values: ReadonlyArray<string>): string =>
  isNarrow(dtype)
    ? `pack_${dtype}(${values.join(', ')})`
    : `vec4<${storedType(dtype)}>(${values.map((value) => toStored(dtype, value)).join(', ')})`

/** The type of a binding whose elements are written one by one. */
export const aloneType = (dtype: DType): string => (isNarrow(dtype) ? 'array<atomic<u32>>' : arrayType(dtype, 1))

/** Writes one element; of a narrow float its half of a word, while others may write the other half. */
export const storeAlone = (dtype: DType, name: string, i: string, value: string): ReadonlyArray<string> =>
  isNarrow(dtype)
    ? [
        `atomicAnd(&${name}[${i} / 2u], 0xffff0000u >> (16u * (${i} % 2u)));`,
        `atomicOr(&${name}[${i} / 2u], to_${dtype}(${value}) << (16u * (${i} % 2u)));`
      ]
    : [`${name}[${i}] = ${toStored(dtype, value)};`]

// printer --------------------------------------------------------------------------------

export const printBinding = ({ name, access, type }: Binding, i: number): string =>
  `@group(0) @binding(${i}) var<${access === 'uniform' ? 'uniform' : `storage, ${access}`}> ${name}: ${type};`

export const printFunction = ({ name, parameters, result, body }: Function): string =>
  [
    `fn ${name}(${parameters.map(([p, type]) => `${p}: ${type}`).join(', ')})${result === '' ? '' : ` -> ${result}`} {`,
    ...body.map((line) => `  ${line}`),
    '}'
  ].join('\n')

const called = /\b\w+(?=\()/g

/** The functions of the prelude that a text calls, with those that they call. */
export const preludeOf = (text: string): ReadonlyArray<string> => {
  const used = new Set<string>() // local
  const visit = (source: string): void => {
    for (const name of new Set(source.match(called) ?? [])) {
      const own = used.has(name) ? undefined : prelude[name]
      if (own === undefined) continue
      used.add(name)
      visit(own)
    }
  }
  visit(text)
  return Object.keys(prelude).flatMap((name) => (used.has(name) ? (prelude[name] ?? []) : []))
}

const entry = ({ workgroup, main }: Module): string =>
  [
    `@compute @workgroup_size(${workgroup}, 1, 1)`,
    'fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {',
    ...main.map((line) => `  ${line}`),
    '}'
  ].join('\n')

export const printModule = (module: Module): string => {
  const body = [...module.functions.map(printFunction), entry(module)].join('\n\n')
  const sections = [
    `// ${module.comment}`,
    module.bindings.map(printBinding).join('\n'),
    module.declarations.join('\n'),
    ...preludeOf(body),
    body
  ]
  return `${sections.filter((s) => s !== '').join('\n\n')}\n`
}

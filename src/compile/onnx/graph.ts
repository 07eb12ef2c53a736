/**
 * Writes an ONNX graph. Equal nodes and equal constants are written once, so that what an operation and its derivative
 * have in common is computed once, and names depend on nothing but the order of writing.
 */
import { isNarrow, type DType } from '../../core/DType.ts'
import { RA } from '../../core/fp.ts'
import type { Lambda } from '../../core/Lambda.ts'
import type { OnnxAttribute, OnnxGraph, OnnxLoop, OnnxValue } from '../../core/Lowering.ts'
import type { Operands } from '../../core/Op.ts'
import { equal, range, size, type Shape } from '../../core/Shape.ts'
import { carrier, rawData, typeCode, type OnnxBody, type OnnxConstant, type OnnxNode, type OnnxType } from './model.ts'

// model ----------------------------------------------------------------------------------

/** Narrow floats on their way: a value is computed with as `f32`, and crosses the ends of a graph in its own format. */
export interface Formats {
  /** A value in as many bits as its element type has; of one that was widened, what it was before. */
  readonly narrowed: (name: string, dtype: DType) => string
  /** The same numbers, as the graph computes with them. */
  readonly widened: (name: string, dtype: DType) => string
}

/** A graph being written; it grows by what its `graph` is asked for. */
export interface Sheet extends Formats {
  readonly graph: OnnxGraph
  readonly nodes: ReadonlyArray<OnnxNode>
  readonly constants: ReadonlyArray<OnnxConstant>
  /** The same sheet, with nodes named after an operation. */
  readonly on: (operation: string) => OnnxGraph
  /** A value rounded to what its element type can hold. */
  readonly rounded: (name: string, dtype: DType) => string
}

/** Writes the graph inside a node; its names begin with the prefix, and its first operands are its inputs. */
export type WriteBody = (body: Lambda, inputs: number, prefix: string) => OnnxBody

interface Before {
  readonly dtype: DType
  readonly name: string
}

interface Ink {
  /** What values are called begins so: no graph inside another has a name of that one. */
  readonly prefix: string
  readonly writeBody: WriteBody
  /** What each reshaped value is a reshape of. */
  readonly reshapes: Map<string, string>
  /** What each widened value was before. */
  readonly formats: Map<string, Before>
  readonly nodes: Array<OnnxNode>
  readonly constants: Array<OnnxConstant>
  /** The numbers of what has been written, by its description. */
  readonly written: Map<string, number>
}

// constructors ---------------------------------------------------------------------------

// No name of a user begins so: see `ports` in emit.ts.
const valueName = (prefix: string, node: number, output: number): string =>
  output === 0 ? `%${prefix}${node}` : `%${prefix}${node}.${output}`

const attributeText = (value: OnnxAttribute): string =>
  typeof value === 'number' ? String(value) : JSON.stringify(value)

const nodeText = (
  op: string,
  inputs: ReadonlyArray<string>,
  attributes: Readonly<Record<string, OnnxAttribute>>,
  outputs: number,
  domain: string
): string => {
  const settings = Object.entries(attributes).map(([name, value]) => `${name}=${attributeText(value)}`)
  return JSON.stringify([domain, op, outputs, inputs, settings])
}

const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** The number of what a description describes, in a list that it joins when it is new. */
const numbered = <A>(ink: Ink, list: Array<A>, key: string, make: (id: number) => A): number => {
  const known = ink.written.get(key)
  if (known !== undefined) return known
  const id = list.length
  ink.written.set(key, id)
  list.push(make(id))
  return id
}

const outputsOf = <N extends number>({ prefix }: Ink, id: number, outputs: N): Operands<N, string> =>
  range(outputs).map((i) => valueName(prefix, id, i)) as ReadonlyArray<string> as Operands<N, string>

type Written = Parameters<OnnxGraph['nodes']>

/** The number of a node. */
const writeNode = (ink: Ink, operation: string, ...[op, given, attributes, outputs, domain = '']: Written): number => {
  const [first = '', ...rest] = given
  // A reshape of a reshape is one of the original.
  const source = ink.reshapes.get(first) ?? first
  const inputs = op === 'Reshape' ? [source, ...rest] : given
  return numbered(ink, ink.nodes, nodeText(op, inputs, attributes, outputs, domain), (id) => {
    const made = outputsOf(ink, id, outputs)
    if (op === 'Reshape') for (const name of made) ink.reshapes.set(name, source)
    return { op, name: `${operation}/${op}.${id}`, inputs, outputs: made, attributes, domain }
  })
}

const writeCast = (ink: Ink, operation: string, name: string, to: OnnxType): string =>
  valueName(ink.prefix, writeNode(ink, operation, 'Cast', [name], { to: typeCode[to] }, 1), 0)

const formatsOf = (ink: Ink, operation: string): Formats => ({
  narrowed: (name, dtype) => {
    if (!isNarrow(dtype)) return name
    const before = ink.formats.get(name)
    return before?.dtype === dtype ? before.name : writeCast(ink, operation, name, dtype)
  },
  widened: (name, dtype) => {
    if (!isNarrow(dtype)) return name
    const wide = writeCast(ink, operation, name, 'f32')
    ink.formats.set(wide, { dtype, name })
    return wide
  }
})

/** A narrow float is rounded on its way and stays `f32`. */
const rounded =
  ({ narrowed, widened }: Formats): Sheet['rounded'] =>
  (name, dtype) =>
    widened(narrowed(name, dtype), dtype)

/** Equal bodies are the same expressions, since the operands of a lambda are named by their places. */
const loopText = ({ body, reverse }: OnnxLoop, inputs: ReadonlyArray<string>): string =>
  JSON.stringify(['Scan', body.results.map(({ id }) => id), body.variables.map(({ id }) => id), reverse, inputs])

const writeLoop =
  (ink: Ink, operation: string, whole: OnnxGraph['full'], { narrowed, widened }: Formats): OnnxGraph['scan'] =>
  (loop) => {
    const { body, carries, sequences, constants, reverse } = loop
    const entering = [...carries, ...sequences].map((value) => narrowed(whole(value), value.type.dtype))
    const inputs = [...entering, ...constants.map(whole)]
    const outputs = body.results.length
    const direction = (n: number): ReadonlyArray<number> => range(n).map(() => Number(reverse))
    const id = numbered(ink, ink.nodes, loopText(loop, inputs), (id) => ({
      op: 'Scan',
      name: `${operation}/Scan.${id}`,
      inputs,
      outputs: outputsOf(ink, id, outputs),
      attributes: {
        num_scan_inputs: sequences.length,
        scan_input_directions: direction(sequences.length),
        scan_output_directions: direction(outputs - carries.length)
      },
      domain: '',
      body: ink.writeBody(body, carries.length + sequences.length, `${ink.prefix}${id}/`)
    }))
    return RA.zipWith(outputsOf(ink, id, outputs), body.results, (name, { dtype }) => widened(name, dtype))
  }

const writeConstant = (ink: Ink, type: OnnxType, values: ReadonlyArray<number>, shape: Shape): string => {
  const name = (id: number): string => `%${ink.prefix}c${id}`
  const key = `constant ${type} [${shape}] ${values.map(numberText).join(' ')}`
  return name(numbered(ink, ink.constants, key, (id) => ({ name: name(id), type, shape, data: rawData(type, values) })))
}

/** The value with every axis of its type at full size; axes of size 1 cost nothing. */
const full = (graph: Pick<OnnxGraph, 'node' | 'ints'>, { name, shape, type }: OnnxValue): string =>
  equal(shape, type.shape)
    ? name
    : size(shape) === size(type.shape)
      ? graph.node('Reshape', [name, graph.ints(type.shape)], { allowzero: 1 })
      : graph.node('Expand', [name, graph.ints(type.shape)])

const writer = (ink: Ink, operation: string): OnnxGraph => {
  const nodes: OnnxGraph['nodes'] = (op, inputs, attributes, outputs, domain) =>
    outputsOf(ink, writeNode(ink, operation, op, inputs, attributes, outputs, domain), outputs)
  const node: OnnxGraph['node'] = (op, inputs, attributes = {}, domain = '') =>
    valueName(ink.prefix, writeNode(ink, operation, op, inputs, attributes, 1, domain), 0)
  const ints: OnnxGraph['ints'] = (values) => writeConstant(ink, 'i64', values, [values.length])
  const formats = formatsOf(ink, operation)
  const whole: OnnxGraph['full'] = (value) => full({ node, ints }, value)
  return {
    node,
    nodes,
    ints,
    scan: writeLoop(ink, operation, whole, formats),
    constant: (dtype, values, shape = []) =>
      writeConstant(ink, dtype === 'f64' || dtype === 'i64' ? dtype : carrier(dtype), values, shape),
    cast: (name, to) =>
      to === 'f16' || to === 'bf16'
        ? rounded(formats)(name, to)
        : to === 'f32' && ink.formats.has(name)
          ? name
          : writeCast(ink, operation, name, to),
    full: whole
  }
}

/** An empty sheet. */
export const sheet = (writeBody: WriteBody, prefix = ''): Sheet => {
  const ink: Ink = {
    prefix,
    writeBody,
    reshapes: new Map(),
    formats: new Map(),
    nodes: [],
    constants: [],
    written: new Map()
  } // local
  const formats = formatsOf(ink, 'program')
  return {
    graph: writer(ink, 'program'),
    nodes: ink.nodes,
    constants: ink.constants,
    on: (operation) => writer(ink, operation),
    rounded: rounded(formats),
    ...formats
  }
}

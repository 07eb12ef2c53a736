/**
 * Writes an ONNX graph. Equal nodes and equal constants are written once, so that what an operation and its derivative
 * have in common is computed once, and names depend on nothing but the order of writing.
 */
import type { DType } from '../../core/DType.ts'
import type { Lambda } from '../../core/Lambda.ts'
import type { OnnxAttribute, OnnxGraph, OnnxLoop, OnnxValue } from '../../core/Lowering.ts'
import { equal, size, type Shape } from '../../core/Shape.ts'
import { carrier, rawData, typeCode, type OnnxBody, type OnnxConstant, type OnnxNode, type OnnxType } from './model.ts'

// model ----------------------------------------------------------------------------------

/** A graph being written; it grows by what its `graph` is asked for. */
export interface Sheet {
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

interface Ink {
  /** What values are called begins so: no graph inside another has a name of that one. */
  readonly prefix: string
  readonly writeBody: WriteBody
  /** What each reshaped value is a reshape of. */
  readonly reshapes: Map<string, string>
  readonly nodes: Array<OnnxNode>
  readonly constants: Array<OnnxConstant>
  readonly written: Map<string, ReadonlyArray<string>>
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

const writeNodes =
  (ink: Ink, operation: string): OnnxGraph['nodes'] =>
  (op, given, attributes, outputs, domain = '') => {
    const [first = '', ...rest] = given
    // A reshape of a reshape is one of the original.
    const inputs = op === 'Reshape' ? [ink.reshapes.get(first) ?? first, ...rest] : given
    const key = nodeText(op, inputs, attributes, outputs, domain)
    const known = ink.written.get(key)
    if (known !== undefined) return known
    const id = ink.nodes.length
    const made = Array.from({ length: outputs }, (_, i) => valueName(ink.prefix, id, i))
    ink.written.set(key, made)
    if (op === 'Reshape') ink.reshapes.set(made[0] ?? '', inputs[0] ?? '')
    ink.nodes.push({ op, name: `${operation}/${op}.${id}`, inputs, outputs: made, attributes, domain })
    return made
  }

/** Equal bodies are the same expressions, since the operands of a lambda are named by their places. */
const loopText = ({ body, reverse }: OnnxLoop, inputs: ReadonlyArray<string>): string =>
  JSON.stringify(['Scan', body.results.map(({ id }) => id), body.variables.map(({ id }) => id), reverse, inputs])

const writeLoop =
  (
    ink: Ink,
    operation: string,
    wholes: (values: ReadonlyArray<OnnxValue>) => ReadonlyArray<string>
  ): OnnxGraph['scan'] =>
  (loop) => {
    const { body, carries, sequences, constants, reverse } = loop
    const inputs = wholes([...carries, ...sequences, ...constants])
    const key = loopText(loop, inputs)
    const known = ink.written.get(key)
    if (known !== undefined) return known
    const id = ink.nodes.length
    const made = body.results.map((_, i) => valueName(ink.prefix, id, i))
    const direction = (n: number): ReadonlyArray<number> => Array.from({ length: n }, () => Number(reverse))
    ink.written.set(key, made)
    ink.nodes.push({
      op: 'Scan',
      name: `${operation}/Scan.${id}`,
      inputs,
      outputs: made,
      attributes: {
        num_scan_inputs: sequences.length,
        scan_input_directions: direction(sequences.length),
        scan_output_directions: direction(body.results.length - carries.length)
      },
      domain: '',
      body: ink.writeBody(body, carries.length + sequences.length, `${ink.prefix}${id}/`)
    })
    return made
  }

const writeConstant = (ink: Ink, type: OnnxType, values: ReadonlyArray<number>, shape: Shape): string => {
  const key = `constant ${type} [${shape}] ${values.map(numberText).join(' ')}`
  const known = ink.written.get(key)?.[0]
  if (known !== undefined) return known
  const name = `%${ink.prefix}c${ink.constants.length}`
  ink.written.set(key, [name])
  ink.constants.push({ name, type, shape, data: rawData(type, values) })
  return name
}

/** The value with every axis of its type at full size; axes of size 1 cost nothing. */
const full = (graph: Pick<OnnxGraph, 'node' | 'ints'>, { name, shape, type }: OnnxValue): string =>
  equal(shape, type.shape)
    ? name
    : size(shape) === size(type.shape)
      ? graph.node('Reshape', [name, graph.ints(type.shape)], { allowzero: 1 })
      : graph.node('Expand', [name, graph.ints(type.shape)])

const writer = (ink: Ink, operation: string): OnnxGraph => {
  const nodes = writeNodes(ink, operation)
  const node: OnnxGraph['node'] = (op, inputs, attributes = {}, domain = '') =>
    nodes(op, inputs, attributes, 1, domain)[0] ?? ''
  const ints: OnnxGraph['ints'] = (values) => writeConstant(ink, 'i64', values, [values.length])
  const convert = (name: string, to: OnnxType): string => node('Cast', [name], { to: typeCode[to] })
  const whole: OnnxGraph['full'] = (value) => full({ node, ints }, value)
  return {
    node,
    nodes,
    ints,
    scan: writeLoop(ink, operation, (values) => values.map(whole)),
    constant: (dtype, values, shape = []) =>
      writeConstant(ink, dtype === 'f64' || dtype === 'i64' ? dtype : carrier(dtype), values, shape),
    // A narrow float is rounded on its way and stays `f32`.
    cast: (name, to) => (to === 'f16' || to === 'bf16' ? convert(convert(name, to), 'f32') : convert(name, to)),
    full: whole
  }
}

/** An empty sheet. */
export const sheet = (writeBody: WriteBody, prefix = ''): Sheet => {
  const ink: Ink = { prefix, writeBody, reshapes: new Map(), nodes: [], constants: [], written: new Map() } // local
  const graph = writer(ink, 'program')
  return {
    graph,
    nodes: ink.nodes,
    constants: ink.constants,
    on: (operation) => writer(ink, operation),
    rounded: (name, dtype) => (dtype === 'f16' || dtype === 'bf16' ? graph.cast(name, dtype) : name)
  }
}

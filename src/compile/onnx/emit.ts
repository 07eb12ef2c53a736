/**
 * A program as an ONNX file. Each operation writes itself (`Op.onnx`); what is left for here is to name the ends, to
 * expand what is defined by others, and to drop what nobody uses.
 *
 * Laws: the same program gives the same bytes; the file means what the program means (`test/runtime/onnx.test.ts`).
 */
import { topological, type Apply, type Expr, type Type } from '../../core/Expr.ts'
import type { OnnxValue } from '../../core/Lowering.ts'
import { isNarrow } from '../../core/DType.ts'
import { RA } from '../../core/fp.ts'
import { formats, narrow } from '../../core/narrow.ts'
import { stored, type Tensor } from '../../core/Tensor.ts'
import type { Port, Program } from '../Program.ts'
import { widen } from '../../ops/widen.ts'
import { expandFor } from '../simplify.ts'
import { fuse } from './fuse.ts'
import { sheet, type Sheet, type WriteBody } from './graph.ts'
import {
  carrier,
  portType,
  serialize,
  typeCode,
  type Ends,
  type OnnxConstant,
  type OnnxModel,
  type OnnxNode,
  type OnnxPort
} from './model.ts'

// model ----------------------------------------------------------------------------------

/** A port of the program and the name that it has in the file. */
export interface NamedPort extends Port {
  readonly label: string
}

export interface OnnxFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly inputs: ReadonlyArray<NamedPort>
  readonly outputs: ReadonlyArray<NamedPort>
  readonly nodes: number
}

/** Values of inputs that are to be part of the file, by name. */
export type Weights = ReadonlyMap<string, Tensor>

type Values = Map<Expr, OnnxValue>

const typeOf = ({ dtype, shape }: Type): Type => ({ dtype, shape })

// names ----------------------------------------------------------------------------------

/** Labels that are told apart: an output that is named like an input gets a mark, and no label looks like ours. */
const labels = (ports: ReadonlyArray<Port>, taken: Set<string>): ReadonlyArray<NamedPort> =>
  ports.map((port) => {
    const plain = port.name.replace(/^%/, '_%')
    for (let label = plain; ; label = `${label}'`)
      if (!taken.has(label)) {
        taken.add(label)
        return { name: port.name, dtype: port.dtype, shape: port.shape, label }
      }
  })

const onnxPort =
  (ends: Ends) =>
  ({ label, dtype, shape }: NamedPort): OnnxPort => ({ name: label, type: portType(dtype, ends), shape })

/** What stands for an input of the program: an input of the file, or a constant of the same name. */
type Entries = ReadonlyMap<string, OnnxPort>

// nodes ----------------------------------------------------------------------------------

const written = (page: Sheet, node: Apply, values: Values): OnnxValue => {
  const { op, params, inputs } = node.term
  const type = typeOf(node)
  const operands = inputs.map((x) => values.get(x) as OnnxValue)
  // Expansion has left none that is derived.
  const value = op.onnx === 'derived' ? '' : op.onnx(page.on(op.name))({ node, params, inputs: operands, type })
  return typeof value === 'string' ? { name: value, shape: node.shape, type } : { ...value, type }
}

/** The numbers of an input, whatever they came as. */
const entering = (page: Sheet, { dtype }: Type, { name, type }: OnnxPort): string =>
  type === 'u16'
    ? page.widened(page.graph.node('BitCast', [name], { to: typeCode.bf16 }), dtype)
    : type === dtype
      ? page.widened(name, dtype)
      : page.rounded(name, dtype)

const writeNode = (page: Sheet, node: Expr, values: Values, entries: Entries): OnnxValue => {
  const { term, dtype, shape } = node
  const whole = (name: string): OnnxValue => ({ name, shape, type: { dtype, shape } })
  switch (term._tag) {
    case 'Input':
      return whole(entering(page, node, entries.get(term.name) ?? { name: term.name, type: carrier(dtype), shape }))
    case 'Constant':
      return whole(page.graph.constant(dtype, Array.from(term.value.data), shape))
    case 'Apply':
      return written(page, { ...node, term }, values)
  }
}

// outputs --------------------------------------------------------------------------------

/**
 * Gives every output its label: by renaming the value where a node makes it, by a copy where it is an input, a constant
 * or an output already.
 */
const nameOutputs = (page: Sheet, results: ReadonlyArray<readonly [value: string, label: string]>) => {
  const made = new Set(page.nodes.flatMap((node) => node.outputs))
  const names = new Map<string, string>() // local
  const copies: Array<OnnxNode> = []
  for (const [value, label] of results)
    if (made.has(value) && !names.has(value)) names.set(value, label)
    else
      copies.push({
        op: 'Identity',
        name: `output/${label}`,
        inputs: [value],
        outputs: [label],
        attributes: {},
        domain: ''
      })
  const renamed = (name: string): string => names.get(name) ?? name
  return [...page.nodes, ...copies].map((node) => ({
    ...node,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed)
  }))
}

/** The nodes that some output depends on, without the last outputs of a node where nobody uses them. */
const live = (nodes: ReadonlyArray<OnnxNode>, outputs: ReadonlyArray<string>): ReadonlyArray<OnnxNode> => {
  const used = new Set(outputs) // local
  return nodes
    .toReversed()
    .filter((node) => {
      const wanted = node.outputs.some((name) => used.has(name))
      if (wanted) node.inputs.forEach((name) => used.add(name))
      return wanted
    })
    .toReversed()
    .map((node) => ({ ...node, outputs: trimmed(node.outputs, used) }))
}

const trimmed = (names: ReadonlyArray<string>, used: ReadonlySet<string>): ReadonlyArray<string> =>
  names.slice(0, names.findLastIndex((name) => used.has(name)) + 1)

const needed = (
  constants: ReadonlyArray<OnnxConstant>,
  nodes: ReadonlyArray<OnnxNode>
): ReadonlyArray<OnnxConstant> => {
  const used = new Set(nodes.flatMap((node) => node.inputs))
  return constants.filter(({ name }) => used.has(name))
}

// interpretations ------------------------------------------------------------------------

/** What of a page some of the results need, under the labels of these. */
const finished = (page: Sheet, results: ReadonlyArray<readonly [value: string, label: string]>) => {
  const labels = results.map(([, label]) => label)
  const nodes = fuse(live(nameOutputs(page, results), labels), page.constants, labels)
  return { nodes, constants: needed(page.constants, nodes) }
}

/** A value of the type that it has in the language. */
const wholeOf = (page: Sheet, node: Expr, values: Values): string =>
  page.narrowed(page.graph.full(values.get(node) as OnnxValue), node.dtype)

/** A value as an output of the file. */
const leaving = (page: Sheet, node: Expr, values: Values, ends: Ends): string => {
  const whole = wholeOf(page, node, values)
  const type = portType(node.dtype, ends)
  return type === 'u16'
    ? page.graph.node('BitCast', [whole], { to: typeCode.u16 })
    : type === node.dtype
      ? whole
      : page.widened(whole, node.dtype)
}

/** The body of a loop, whose operands beyond its inputs are values of the graph outside. */
const writeBody: WriteBody = ({ variables, results }, inputs, prefix) => {
  const page = sheet(writeBody, prefix)
  const roots = expandFor('onnx').run(results)
  const own = variables.map((x, i) => ({ x, name: `%${prefix}x${i}` }))
  const entry = (name: string, { dtype }: Type, i: number): string => (i < inputs ? page.widened(name, dtype) : name)
  const values: Values = new Map(
    own.map(({ x, name }, i) => [x, { name: entry(name, x, i), shape: x.shape, type: typeOf(x) }])
  )
  for (const node of topological(roots))
    if (!values.has(node)) values.set(node, writeNode(page, node, values, new Map()))
  const outputs = roots.map((node, i) => [wholeOf(page, node, values), `%${prefix}y${i}`] as const)
  const port = ({ dtype, shape }: Type, name: string): OnnxPort => ({ name, type: dtype, shape })
  return {
    ...finished(page, outputs),
    inputs: own.slice(0, inputs).map(({ x, name }) => port(x, name)),
    outputs: roots.map((y, i) => port(y, `%${prefix}y${i}`)),
    captures: own.slice(inputs).map(({ name }) => name)
  }
}

/** What a file is made of. */
interface Contents {
  readonly program: Program
  readonly inputs: ReadonlyArray<NamedPort>
  readonly outputs: ReadonlyArray<NamedPort>
  readonly weights: Weights
  readonly ends: Ends
}

const entryOf =
  ({ weights, ends }: Contents) =>
  (port: NamedPort): OnnxPort => ({
    ...onnxPort(ends)(port),
    ...(weights.has(port.name) ? { type: port.dtype } : {})
  })

const write = (contents: Contents): OnnxModel => {
  const { program, inputs, outputs, ends } = contents
  const page = sheet(writeBody)
  const entry = entryOf(contents)
  const entries: Entries = new Map(inputs.map((port) => [port.name, entry(port)]))
  const values: Values = new Map()
  for (const node of program.nodes) values.set(node, writeNode(page, node, values, entries))
  const results = RA.zipWith(
    program.outputs,
    outputs,
    ({ node }, { label }) => [leaving(page, node, values, ends), label] as const
  )
  return { ...finished(page, results), inputs: inputs.map(entry), outputs: outputs.map(onnxPort(ends)) }
}

/** The program with every operation one that ONNX has a lowering of. */
const expanded = (program: Program): Program => {
  const roots = expandFor('onnx').run(widen(program.outputs.map(({ node }) => node)))
  return {
    ...program,
    nodes: topological(roots),
    outputs: RA.zipWith(program.outputs, roots, (port, node) => ({ ...port, node }))
  }
}

const bytesOf = ({ dtype, shape, data }: Tensor): Uint8Array => {
  const held = isNarrow(dtype) ? narrow(formats[dtype])(data) : stored({ dtype, shape, data }).data
  return new Uint8Array(held.buffer, held.byteOffset, held.byteLength)
}

/** The model with some inputs as constants of the same names: a file that needs nothing beside it. */
const weighted = (model: OnnxModel, inputs: ReadonlyArray<NamedPort>, weights: Weights): OnnxModel => {
  const held = inputs.flatMap(({ name, label }) => {
    const value = weights.get(name)
    return value === undefined ? [] : [{ name: label, type: value.dtype, shape: value.shape, data: bytesOf(value) }]
  })
  const labels = new Set(held.map(({ name }) => name))
  return {
    ...model,
    inputs: model.inputs.filter(({ name }) => !labels.has(name)),
    constants: [...model.constants, ...held]
  }
}

/** The file of a program; inputs named in `weights` are held by the file, and are no inputs of it. */
export const emit = (program: Program, weights: Weights = new Map(), ends: Ends = 'numbers'): OnnxFile => {
  const taken = new Set<string>() // local
  const inputs = labels(program.inputs, taken)
  const outputs = labels(program.outputs, taken)
  const model = weighted(write({ program: expanded(program), inputs, outputs, weights, ends }), inputs, weights)
  return {
    bytes: serialize(model),
    inputs: inputs.filter(({ name }) => !weights.has(name)),
    outputs,
    nodes: model.nodes.length
  }
}

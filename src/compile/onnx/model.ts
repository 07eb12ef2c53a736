/**
 * An ONNX graph as a value, and the file that it is written to.
 *
 * Source: https://onnx.ai/onnx/repo-docs/IR.html, IR version 10; opset 21, or 26 where `BitCast` is used.
 */
import type { DType } from '../../core/DType.ts'
import { RA } from '../../core/fp.ts'
import type { OnnxAttribute } from '../../core/Lowering.ts'
import type { Shape } from '../../core/Shape.ts'
import { bytes, encode, float, int, message, packed, text, type Field } from './protobuf.ts'

// model ----------------------------------------------------------------------------------

/** Element types of values in the graph. */
export type OnnxType = 'f32' | 'f64' | 'f16' | 'bf16' | 'i32' | 'i64' | 'u16' | 'u32' | 'bool'

export interface OnnxNode {
  readonly op: string
  /** The operation that asked for it and a number: what a profile shows. */
  readonly name: string
  readonly inputs: ReadonlyArray<string>
  readonly outputs: ReadonlyArray<string>
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
  readonly domain: string
  /** A graph inside, which reads the last inputs of the node where it says `captures`. */
  readonly body?: OnnxBody
}

export interface OnnxBody extends OnnxModel {
  /** What the graph calls the values outside that it reads, in the order of the node's last inputs. */
  readonly captures: ReadonlyArray<string>
}

export interface OnnxConstant {
  readonly name: string
  readonly type: OnnxType
  readonly shape: Shape
  readonly data: Uint8Array
}

export interface OnnxPort {
  readonly name: string
  readonly type: OnnxType
  readonly shape: Shape
}

/** Nodes stand after the nodes that make their inputs. */
export interface OnnxModel {
  readonly nodes: ReadonlyArray<OnnxNode>
  readonly constants: ReadonlyArray<OnnxConstant>
  readonly inputs: ReadonlyArray<OnnxPort>
  readonly outputs: ReadonlyArray<OnnxPort>
}

/** Codes of `TensorProto.DataType`. */
export const typeCode: Readonly<Record<OnnxType, number>> = {
  f32: 1,
  u16: 4,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  u32: 12,
  bf16: 16
}

/** What an element type is inside a graph: narrow floats are kept as `f32`, since few kernels take them. */
export const carrier = (dtype: DType): Exclude<OnnxType, 'f16' | 'bf16' | 'u16'> =>
  dtype === 'f16' || dtype === 'bf16' ? 'f32' : dtype

/**
 * How `bf16`, of which onnxruntime for Node has no tensors, crosses the ends of a file: as numbers of `f32`, which anyone
 * can feed, or as the patterns of the numbers, which take half the room.
 */
export type Ends = 'numbers' | 'patterns'

/** What an input or an output is. */
export const portType = (dtype: DType, ends: Ends): OnnxType =>
  dtype === 'f16' ? dtype : dtype === 'bf16' && ends === 'patterns' ? 'u16' : carrier(dtype)

/** The elements of a constant as a file stores them, little-endian. */
export const rawData = (type: OnnxType, values: ReadonlyArray<number>): Uint8Array => {
  const typed =
    type === 'i64'
      ? BigInt64Array.from(values, BigInt)
      : type === 'f64'
        ? Float64Array.from(values)
        : type === 'i32'
          ? Int32Array.from(values)
          : type === 'u32'
            ? Uint32Array.from(values)
            : type === 'bool'
              ? Uint8Array.from(values)
              : Float32Array.from(values)
  return new Uint8Array(typed.buffer)
}

// interpretations ------------------------------------------------------------------------

/** The operations of a version, unless one is used that came later. */
const opsets = { usual: 21, bitCast: 26 } as const
const irVersion = 10

const attributeValue = (value: OnnxAttribute): ReadonlyArray<Field> => {
  if (typeof value === 'number') return [int(3, value), int(20, 2)]
  if (typeof value === 'string') return [text(4, value), int(20, 3)]
  return 'float' in value ? [float(2, value.float), int(20, 1)] : [...value.map((v) => int(8, v)), int(20, 7)]
}

const attribute = ([name, value]: readonly [string, OnnxAttribute]): Field =>
  message(5, [text(1, name), ...attributeValue(value)])

/** The inputs that the file lists: a graph inside reads the others by their names. */
const listed = ({ inputs, body }: OnnxNode): ReadonlyArray<string> =>
  inputs.slice(0, inputs.length - (body?.captures.length ?? 0))

/** The graph inside a node, with the names that values outside have. */
const inside = ({ inputs }: OnnxNode, body: OnnxBody): OnnxModel => {
  const first = inputs.length - body.captures.length
  const outer = new Map(RA.zip(body.captures, inputs.slice(first)))
  const nodes = body.nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => outer.get(name) ?? name) }))
  return { ...body, nodes }
}

const nodeField = (node: OnnxNode): Field =>
  message(1, [
    ...listed(node).map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(3, node.name),
    text(4, node.op),
    ...Object.entries(node.attributes).map(attribute),
    ...(node.body === undefined
      ? []
      : [message(5, [text(1, 'body'), message(6, graphFields(inside(node, node.body))), int(20, 5)])]),
    ...(node.domain === '' ? [] : [text(7, node.domain)])
  ])

const constantField = ({ name, type, shape, data }: OnnxConstant): Field =>
  message(5, [packed(1, shape), int(2, typeCode[type]), text(8, name), bytes(9, data)])

const portField =
  (field: number) =>
  ({ name, type, shape }: OnnxPort): Field => {
    const axes = shape.map((d) => message(1, [int(1, d)]))
    return message(field, [text(1, name), message(2, [message(1, [int(1, typeCode[type]), message(2, axes)])])])
  }

const opsetField = (domain: string, version: number): Field => message(8, [text(1, domain), int(2, version)])

const graphFields = (model: OnnxModel): ReadonlyArray<Field> => [
  ...model.nodes.map(nodeField),
  text(2, 'fluxion'),
  ...model.constants.map(constantField),
  ...model.inputs.map(portField(11)),
  ...model.outputs.map(portField(12))
]

const domainsOf = ({ nodes }: OnnxModel): ReadonlyArray<string> =>
  nodes.flatMap(({ domain, body }) => [domain, ...(body === undefined ? [] : domainsOf(body))])

const usesBitCast = ({ nodes }: OnnxModel): boolean => nodes.some(({ op }) => op === 'BitCast')

/** The file. Equal models give equal bytes. */
export const serialize = (model: OnnxModel): Uint8Array<ArrayBuffer> => {
  const domains = [...new Set(domainsOf(model))].filter((domain) => domain !== '').sort()
  return encode([
    int(1, irVersion),
    text(2, 'fluxion'),
    message(7, graphFields(model)),
    opsetField('', usesBitCast(model) ? opsets.bitCast : opsets.usual),
    ...domains.map((domain) => opsetField(domain, 1))
  ])
}

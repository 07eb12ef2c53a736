/** Broken lowerings to ONNX: one of the nodes, lists or constants that an operation writes is written otherwise. */
import type { OnnxAttribute, OnnxGraph } from '../../src/core/Lowering.ts'
import type { Onnx } from '../../src/core/Lowering.ts'
import type { Op } from '../../src/core/Op.ts'
import type { Params } from '../../src/core/Expr.ts'
import { numbered } from './Mutant.ts'
import { variants } from './parameters.ts'

type Attributes = Readonly<Record<string, OnnxAttribute>>

/** A node as it is asked for. */
interface Call {
  readonly op: string
  readonly inputs: ReadonlyArray<string>
  readonly attributes: Attributes
}

/** What is written in place of a call; `write` writes a node. */
type Write = (call: Call) => string
type NodeChange = readonly [name: string, written: (call: Call, write: Write) => string]
type ListChange = readonly [name: string, values: ReadonlyArray<number>]

/** Operators of one type that are easily taken for each other. */
const twins: Readonly<Record<string, string>> = {
  Abs: 'Identity',
  Add: 'Sub',
  And: 'Or',
  Cos: 'Sin',
  Div: 'Mul',
  Erf: 'Tanh',
  Exp: 'Identity',
  Floor: 'Identity',
  Greater: 'Less',
  Less: 'Greater',
  LessOrEqual: 'GreaterOrEqual',
  Log: 'Identity',
  Max: 'Min',
  Min: 'Max',
  Mul: 'Div',
  Neg: 'Identity',
  Not: 'Identity',
  Or: 'And',
  Reciprocal: 'Identity',
  ReduceMax: 'ReduceMin',
  ReduceMean: 'ReduceSum',
  ReduceMin: 'ReduceMax',
  ReduceProd: 'ReduceSum',
  ReduceSum: 'ReduceMax',
  Relu: 'Abs',
  Sigmoid: 'Tanh',
  Sign: 'Identity',
  Sin: 'Cos',
  Softmax: 'LogSoftmax',
  Sqrt: 'Identity',
  Sub: 'Add',
  Tanh: 'Sigmoid'
}

const sums = ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow']

// changes --------------------------------------------------------------------------------

const exchanged = ({ inputs }: Call): ReadonlyArray<NodeChange> =>
  inputs.flatMap((x, i) =>
    inputs.flatMap(
      (y, j): ReadonlyArray<NodeChange> =>
        i < j && x !== y
          ? [
              [
                `inputs ${i + 1} and ${j + 1} exchanged`,
                (call, write) => write({ ...call, inputs: call.inputs.with(i, y).with(j, x) })
              ]
            ]
          : []
    )
  )

/** The types of a cast are no sizes: a wrong one is refused by the checker. */
const attributesOf = ({ op, attributes }: Call): ReadonlyArray<NodeChange> =>
  op === 'Cast'
    ? []
    : [
        ...variants(attributes).map(
          ([name, changed]): NodeChange => [
            name,
            (call, write) => write({ ...call, attributes: changed as Attributes })
          ]
        ),
        ...Object.entries(attributes).flatMap(
          ([key, value]): ReadonlyArray<NodeChange> =>
            typeof value === 'object' && 'float' in value
              ? [
                  [
                    `${key} doubled`,
                    (call, write) =>
                      write({ ...call, attributes: { ...call.attributes, [key]: { float: value.float * 2 + 1 } } })
                  ]
                ]
              : []
        )
      ]

const nodeChanges = (call: Call): ReadonlyArray<NodeChange> => [
  ['negated', (it, write) => write({ op: 'Neg', inputs: [write(it)], attributes: {} })],
  ...(twins[call.op] === undefined
    ? []
    : [
        [
          `${twins[call.op]} in its place`,
          (it: Call, write: Write) => write({ ...it, op: twins[it.op] ?? it.op })
        ] as const
      ]),
  ...exchanged(call),
  ...(sums.includes(call.op)
    ? call.inputs.map((_, i): NodeChange => [`input ${i + 1} alone`, (it) => it.inputs[i] ?? ''])
    : []),
  ...attributesOf(call)
]

const listChanges = (values: ReadonlyArray<number>): ReadonlyArray<ListChange> =>
  variants({ values }).map(([name, changed]) => [name, changed['values'] as ReadonlyArray<number>])

const constantChanges = (values: ReadonlyArray<number>): ReadonlyArray<ListChange> => [
  ['another constant', values.map((x) => (x === 0 ? 1 : 2 * x))],
  ['negated', values.map((x) => -x)]
]

// writing --------------------------------------------------------------------------------

/** What is asked for each time that something is written: the changes there are, and which one to make. */
interface Editor {
  readonly node: (call: Call) => NodeChange | undefined
  readonly list: (kind: 'ints' | 'constant', values: ReadonlyArray<number>) => ReadonlyArray<number>
}

const edited = (g: OnnxGraph, editor: Editor): OnnxGraph => ({
  ...g,
  node: (op, inputs, attributes = {}, domain = '') => {
    const call: Call = { op, inputs, attributes }
    const write: Write = (it) => g.node(it.op, it.inputs, it.attributes, it.op === op ? domain : '')
    const change = editor.node(call)
    return change === undefined ? write(call) : change[1](call, write)
  },
  ints: (values) => g.ints(editor.list('ints', values)),
  constant: (dtype, values, shape) => g.constant(dtype, editor.list('constant', values), shape)
})

/** Names of all changes, in the order in which things are written. */
const recorder = (found: Array<readonly [kind: string, changes: ReadonlyArray<string>]>): Editor => ({
  node: (call) => {
    found.push([call.op, nodeChanges(call).map(([name]) => name)])
    return undefined
  },
  list: (kind, values) => {
    found.push([kind, (kind === 'ints' ? listChanges : constantChanges)(values).map(([name]) => name)])
    return values
  }
})

const maker = (wanted: string): Editor => {
  const kinds: Array<string> = [] // local
  const place = (kind: string): string => {
    kinds.push(kind)
    return numbered(kinds).at(-1) ?? ''
  }
  return {
    node: (call) => {
      const at = place(call.op)
      return nodeChanges(call).find(([name]) => `${at}: ${name}` === wanted)
    },
    list: (kind, values) => {
      const at = place(kind)
      const changes = (kind === 'ints' ? listChanges : constantChanges)(values)
      return changes.find(([name]) => `${at}: ${name}` === wanted)?.[1] ?? values
    }
  }
}

/** The changes that a lowering offers each time it is called, added to `names`. */
export const listening = (op: Op, names: Set<string>): Op =>
  withOnnx(op, (lowering) => (g) => (site) => {
    const found: Array<readonly [string, ReadonlyArray<string>]> = [] // local
    const value = lowering(edited(g, recorder(found)))(site)
    numbered(found.map(([kind]) => kind)).forEach((at, i) =>
      found[i]?.[1].forEach((name) => void names.add(`${at}: ${name}`))
    )
    return value
  })

/** The operation whose lowering makes the change wherever it can. */
export const brokenOnnx = (op: Op, change: string): Op =>
  withOnnx(op, (lowering) => (g) => lowering(edited(g, maker(change))))

const withOnnx = (op: Op, by: (lowering: Onnx<Params>) => Onnx<Params>): Op =>
  op.onnx === 'derived' ? op : { ...op, onnx: by(op.onnx) }

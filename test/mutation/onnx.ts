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

/** What a change may write. */
interface Writer {
  readonly node: (call: Call) => string
  readonly ints: (values: ReadonlyArray<number>) => string
}

/** What is known of what has been written: its element type, and its numbers where it is a list of them. */
interface Known {
  readonly dtype: (name: string) => string | undefined
  readonly list: (name: string) => ReadonlyArray<number> | undefined
}

type NodeChange = readonly [name: string, written: (call: Call, writer: Writer) => string]
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

const written =
  (change: (call: Call) => Call): NodeChange[1] =>
  (call, { node }) =>
    node(change(call))

/** What takes the opposite of a value. Unsigned numbers have no sign to change. */
const opposite = (dtype: string | undefined): string =>
  dtype === 'bool' ? 'Not' : dtype === 'u32' ? 'BitwiseNot' : 'Neg'

/** Inputs of one type. Lists of numbers (sizes, axes, starts) are changed by themselves. */
const exchanged = ({ inputs }: Call, { dtype, list }: Known): ReadonlyArray<NodeChange> =>
  inputs.flatMap((x, i) =>
    inputs.flatMap(
      (y, j): ReadonlyArray<NodeChange> =>
        i < j && x !== y && dtype(x) === dtype(y) && list(x) === undefined && list(y) === undefined
          ? [
              [
                `inputs ${i + 1} and ${j + 1} exchanged`,
                written((call) => ({ ...call, inputs: call.inputs.with(i, y).with(j, x) }))
              ]
            ]
          : []
    )
  )

// lists ----------------------------------------------------------------------------------

/** The same numbers in another order: what else a shape or a permutation may be. See Note [Programs]. */
const orders = (values: ReadonlyArray<number>): ReadonlyArray<ListChange> =>
  values
    .slice(1)
    .flatMap((x, i): ReadonlyArray<ListChange> => {
      const before = values[i] ?? x
      return x === before ? [] : [[`${i + 1} and ${i + 2} exchanged`, values.with(i, x).with(i + 1, before)]]
    })
    .concat(
      values.length > 2 && new Set(values).size > 1 ? [['rotated', [...values.slice(1), ...values.slice(0, 1)]]] : []
    )

/** One number more or less. */
const steps = (values: ReadonlyArray<number>): ReadonlyArray<ListChange> =>
  variants({ values }).map(([name, changed]) => [name, changed['values'] as ReadonlyArray<number>])

/** Padding moved from the end of an axis to its beginning, or back. */
const moved = (pads: ReadonlyArray<number>): ReadonlyArray<ListChange> => {
  const rank = pads.length / 2
  return Array.from({ length: rank }).flatMap((_, axis) =>
    [-1, 1].map((by): ListChange => {
      const [before = 0, after = 0] = [pads[axis], pads[axis + rank]]
      return [`moved by ${by} along ${axis}`, pads.with(axis, before + by).with(axis + rank, after - by)]
    })
  )
}

/** How an input that is a list may be another, by operator and place. */
const listsOf: Readonly<Record<string, ReadonlyArray<typeof steps | undefined>>> = {
  Reshape: [undefined, orders],
  Expand: [undefined, orders],
  Pad: [undefined, moved],
  Slice: [undefined, undefined, undefined, orders, orders]
}

const inLists = ({ op, inputs }: Call, { list }: Known): ReadonlyArray<NodeChange> =>
  inputs.flatMap((x, i) => {
    const values = list(x)
    const ways = op in listsOf ? listsOf[op]?.[i] : steps
    return values === undefined || ways === undefined
      ? []
      : ways(values).map(
          ([name, by]): NodeChange => [
            `input ${i + 1} ${name}`,
            (call, { node, ints }) => node({ ...call, inputs: call.inputs.with(i, ints(by)) })
          ]
        )
  })

/** A slice of the same size somewhere else. */
const inWindow = ({ op, inputs }: Call, { list }: Known): ReadonlyArray<NodeChange> => {
  const [starts, stops] = [list(inputs[1] ?? ''), list(inputs[2] ?? '')]
  if (op !== 'Slice' || starts === undefined || stops === undefined) return []
  const shift = (values: ReadonlyArray<number>, axis: number, by: number) => values.with(axis, (values[axis] ?? 0) + by)
  return starts.flatMap((start, axis) =>
    [-1, 1]
      .filter((by) => start + by >= 0)
      .map(
        (by): NodeChange => [
          `moved by ${by} along list place ${axis}`,
          (call, { node, ints }) =>
            node({
              ...call,
              inputs: call.inputs.with(1, ints(shift(starts, axis, by))).with(2, ints(shift(stops, axis, by)))
            })
        ]
      )
  )
}

// attributes -----------------------------------------------------------------------------

const attributeWays: Readonly<Record<string, typeof steps>> = { perm: orders, pads: moved }

const isList = (value: OnnxAttribute): value is ReadonlyArray<number> => Array.isArray(value)

const attributeChanges = (key: string, value: OnnxAttribute): ReadonlyArray<readonly [string, OnnxAttribute]> =>
  isList(value)
    ? (attributeWays[key] ?? steps)(value).map(([name, by]) => [`${key} ${name}`, by] as const)
    : typeof value === 'object'
      ? [[`${key} doubled`, { float: value.float * 2 + 1 }]]
      : variants({ [key]: value }).map(([name, by]) => [name, by[key] as OnnxAttribute])

/** The types of a cast are no sizes: a wrong one is refused by the checker. */
const inAttributes = ({ op, attributes }: Call): ReadonlyArray<NodeChange> =>
  op === 'Cast'
    ? []
    : Object.entries(attributes).flatMap(([key, value]) =>
        attributeChanges(key, value).map(
          ([name, by]): NodeChange => [
            name,
            written((call) => ({ ...call, attributes: { ...call.attributes, [key]: by } }))
          ]
        )
      )

// nodes ----------------------------------------------------------------------------------

/** Operators whose result has another element type than their first input. */
const resultTypes: Readonly<Record<string, string>> = {
  ArgMax: 'i64',
  ArgMin: 'i64',
  Equal: 'bool',
  Greater: 'bool',
  GreaterOrEqual: 'bool',
  IsInf: 'bool',
  IsNaN: 'bool',
  Less: 'bool',
  LessOrEqual: 'bool',
  Shape: 'i64'
}

const resultType = ({ op, inputs }: Call, { dtype }: Known): string | undefined =>
  resultTypes[op] ?? dtype(inputs[op === 'Where' ? 1 : 0] ?? '')

const twinOf = ({ op, inputs }: Call, { dtype }: Known): string | undefined =>
  op === 'Neg' && dtype(inputs[0] ?? '') === 'u32' ? undefined : twins[op]

const nodeChanges = (call: Call, known: Known): ReadonlyArray<NodeChange> => {
  const twin = twinOf(call, known)
  return [
    ['negated', (it, { node }) => node({ op: opposite(resultType(call, known)), inputs: [node(it)], attributes: {} })],
    ...(twin === undefined ? [] : [[`${twin} in its place`, written((it) => ({ ...it, op: twin }))] as const]),
    ...exchanged(call, known),
    ...(sums.includes(call.op)
      ? call.inputs.map((_, i): NodeChange => [`input ${i + 1} alone`, (it) => it.inputs[i] ?? ''])
      : []),
    ...inLists(call, known),
    ...inWindow(call, known),
    ...inAttributes(call)
  ]
}

const constantChanges = (values: ReadonlyArray<number>): ReadonlyArray<ListChange> => [
  ['another constant', values.map((x) => (x === 0 ? 1 : 2 * x))],
  ['negated', values.map((x) => -x)]
]

// writing --------------------------------------------------------------------------------

/** What is asked for each time that something is written: the changes there are, and which one to make. */
interface Editor {
  readonly node: (call: Call, known: Known) => NodeChange | undefined
  readonly constant: (values: ReadonlyArray<number>) => ReadonlyArray<number>
}

interface Book extends Known {
  readonly write: (name: string, dtype: string | undefined, list?: ReadonlyArray<number>) => string
}

/** What has been written so far. */
const book = (): Book => {
  const dtypes = new Map<string, string>() // local
  const lists = new Map<string, ReadonlyArray<number>>()
  return {
    dtype: (name) => dtypes.get(name),
    list: (name) => lists.get(name),
    write: (name, dtype, list) => {
      if (dtype !== undefined) dtypes.set(name, dtype)
      if (list !== undefined) lists.set(name, list)
      return name
    }
  }
}

const edited = (g: OnnxGraph, editor: Editor, known: Book): OnnxGraph => ({
  ...g,
  node: (op, inputs, attributes = {}, domain = '') => {
    const call: Call = { op, inputs, attributes }
    const writer: Writer = {
      ints: g.ints,
      node: (it) => g.node(it.op, it.inputs, it.attributes, it.op === op ? domain : '')
    }
    const change = editor.node(call, known)
    return known.write(change === undefined ? writer.node(call) : change[1](call, writer), resultType(call, known))
  },
  ints: (values) => known.write(g.ints(values), 'i64', values),
  constant: (dtype, values, shape) => known.write(g.constant(dtype, editor.constant(values), shape), dtype),
  cast: (name, to) => known.write(g.cast(name, to), to),
  full: (value) => known.write(g.full(value), value.type.dtype)
})

/** Names of all changes, in the order in which things are written. */
const recorder = (found: Array<readonly [kind: string, changes: ReadonlyArray<string>]>): Editor => ({
  node: (call, known) => {
    found.push([call.op, nodeChanges(call, known).map(([name]) => name)])
    return undefined
  },
  constant: (values) => {
    found.push(['constant', constantChanges(values).map(([name]) => name)])
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
    node: (call, known) => {
      const at = place(call.op)
      return nodeChanges(call, known).find(([name]) => `${at}: ${name}` === wanted)
    },
    constant: (values) => {
      const at = place('constant')
      return constantChanges(values).find(([name]) => `${at}: ${name}` === wanted)?.[1] ?? values
    }
  }
}

// lowerings ------------------------------------------------------------------------------

const withOnnx = (op: Op, by: (lowering: Onnx<Params>) => Onnx<Params>): Op =>
  op.onnx === 'derived' ? op : { ...op, onnx: by(op.onnx) }

/** The lowering with an editor for each time that it is called. */
const editing =
  (lowering: Onnx<Params>, editor: Editor): Onnx<Params> =>
  (g) =>
  (site) => {
    const known = book()
    site.inputs.forEach(({ name, type }) => known.write(name, type.dtype))
    return lowering(edited(g, editor, known))(site)
  }

/** The changes that a lowering offers each time it is called, added to `names`. */
export const listening = (op: Op, names: Set<string>): Op =>
  withOnnx(op, (lowering) => (g) => (site) => {
    const found: Array<readonly [string, ReadonlyArray<string>]> = [] // local
    const value = editing(lowering, recorder(found))(g)(site)
    numbered(found.map(([kind]) => kind)).forEach((at, i) =>
      found[i]?.[1].forEach((name) => void names.add(`${at}: ${name}`))
    )
    return value
  })

/** The operation whose lowering makes the change wherever it can. */
export const brokenOnnx = (op: Op, change: string): Op =>
  withOnnx(op, (lowering) => (g) => (site) => editing(lowering, maker(change))(g)(site))

// Note [Programs]
// A change that no runtime takes for a program tells nothing of the laws: a shape of another size, a window that grows,
// operands of different types exchanged. Lists are therefore changed as their operator lets them be: shapes and
// permutations into another order, windows and padding moved with their size kept.

/**
 * Graphs as JSON: versioned, every node once, whatever shares it, numbers exact. What reads one back checks it from the
 * first brace to the last type, and says where it does not hold.
 *
 *     { "fluxion": "graph", "version": 1, "functions": [], "outputs": { "y": 1 },
 *       "nodes": [ { "node": "input", "name": "x", "dtype": "f32", "shape": [2] },
 *                  { "node": "apply", "op": "sin", "inputs": [0], "params": {}, "dtype": "f32", "shape": [2] } ] }
 *
 * Laws: `laws/codec.ts` (`fromJson ∘ toJson = id`, by identity of the nodes).
 */
import * as t from 'io-ts'
import type { DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import { show as sentence } from '../core/Fault.ts'
import { absurd, E, pipe } from '../core/fp.ts'
import type { Lambda } from '../core/Lambda.ts'
import type { Shape } from '../core/Shape.ts'
import {
  built,
  dtypes,
  known,
  listing,
  type Content,
  type Line,
  type Operations,
  type Section
} from '../interpret/listing.ts'
import { isSection, natural, oneOf } from './codecs.ts'

// model ----------------------------------------------------------------------------------

/** Values by name: what a program gives. */
export type Outputs = Readonly<Record<string, Expr>>

/** What is wrong with a JSON of a graph, and where: `nodes[3].inputs[0]`. */
export interface NotAGraph {
  readonly _tag: 'NotAGraph'
  readonly path: string
  readonly why: string
}

export const showNotAGraph = ({ path, why }: NotAGraph): string => (path === '' ? why : `${path}: ${why}`)

export const version = 1 as const

interface Typed {
  readonly dtype: DType
  readonly shape: Shape
}

/** Operands by their places in the list of nodes; in parameters, `{ "@": n }` is function `n`. */
interface ApplyNode extends Typed {
  readonly node: 'apply'
  readonly op: string
  readonly inputs: ReadonlyArray<number>
  readonly params: Readonly<Record<string, unknown>>
  /** What is wrong with it, in sentences; its type means nothing then. */
  readonly faults?: ReadonlyArray<string> | undefined
}

type NodeOf<N> =
  | (Typed & { readonly node: 'input'; readonly name: string })
  | (Typed & { readonly node: 'constant'; readonly data: ReadonlyArray<N> })
  | ApplyNode

interface FunctionOf<N> {
  readonly variables: ReadonlyArray<number>
  readonly nodes: ReadonlyArray<NodeOf<N>>
  readonly results: ReadonlyArray<number>
}

/** Nodes each after their operands; functions each after those that they hold; outputs by their places among the nodes. */
interface GraphOf<N> {
  readonly fluxion: 'graph'
  readonly version: typeof version
  readonly functions: ReadonlyArray<FunctionOf<N>>
  readonly nodes: ReadonlyArray<NodeOf<N>>
  readonly outputs: Readonly<Record<string, number>>
}

/** A graph as JSON has it: numbers that JSON has none for are the words "NaN", "Infinity", "-Infinity", "-0". */
export type GraphJson = GraphOf<number | string>
type Graph = GraphOf<number>
type Node = NodeOf<number>

// numbers --------------------------------------------------------------------------------

/** Numbers that JSON has none for. */
const words: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 }

const needsWord = (value: number): boolean => !Number.isFinite(value) || Object.is(value, -0)
const wordOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

const exact: t.Type<number, number | string, unknown> = new t.Type(
  'a number, or one of "NaN", "Infinity", "-Infinity", "-0"',
  t.number.is,
  (value, context) => {
    const number = typeof value === 'string' ? words[value] : value
    return typeof number === 'number' ? t.success(number) : t.failure(value, context)
  },
  (value) => (needsWord(value) ? wordOf(value) : value)
)

// parameters -----------------------------------------------------------------------------

/** `{ "@number": "NaN" }`: tables of one key that a table of the listing cannot have. */
const encodeValue = (value: unknown): unknown =>
  value === undefined
    ? { '@undefined': true }
    : typeof value === 'number' && needsWord(value)
      ? { '@number': wordOf(value) }
      : Array.isArray(value)
        ? value.map(encodeValue)
        : isSection(value)
          ? encodeTable(value)
          : value

const encodeTable = (table: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(table).map(([key, x]) => [key, encodeValue(x)]))

const decodeValue = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(decodeValue)
    : !isSection(value)
      ? value
      : '@undefined' in value
        ? undefined
        : '@number' in value
          ? (words[String(value['@number'])] ?? NaN)
          : Object.fromEntries(Object.entries(value).map(([key, x]) => [key, decodeValue(x)]))

const params: t.Type<Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, unknown> = new t.Type(
  'a table of parameters',
  isSection,
  (value, context) => (isSection(value) ? t.success(decodeValue(value) as typeof value) : t.failure(value, context)),
  encodeTable
)

// nodes ----------------------------------------------------------------------------------

const type = {
  dtype: oneOf(...dtypes),
  shape: t.readonlyArray(natural, 'a list of sizes')
}
const inputNode = t.type({ node: t.literal('input'), name: t.string, ...type })
const constantNode = t.type({ node: t.literal('constant'), data: t.readonlyArray(exact, 'a list of numbers'), ...type })
const applyNode = t.type({
  node: t.literal('apply'),
  op: t.string,
  inputs: t.readonlyArray(natural, 'a list of places of nodes'),
  params,
  faults: t.union([t.undefined, t.readonlyArray(t.string, 'a list of sentences')], 'a list of sentences'),
  ...type
})

const kinds = { input: inputNode, constant: constantNode, apply: applyNode }

const isKind = (value: unknown): value is keyof typeof kinds => typeof value === 'string' && Object.hasOwn(kinds, value)

const isNode = (value: unknown): value is Node =>
  isSection(value) && isKind(value['node']) && kinds[value['node']].is(value)

/** One of three kinds, told apart by `node`: what is wrong is said of that kind alone. */
const node: t.Type<Node, NodeOf<number | string>, unknown> = new t.Type<Node, NodeOf<number | string>, unknown>(
  'a node: { "node": "input", "constant" or "apply", … }',
  isNode,
  (value, context) =>
    isSection(value) && isKind(value['node'])
      ? kinds[value['node']].validate(value, context)
      : t.failure(value, context),
  (value) =>
    value.node === 'apply'
      ? { ...value, params: params.encode(value.params) }
      : value.node === 'constant'
        ? constantNode.encode(value)
        : value
)

const nodes = t.readonlyArray(node, 'a list of nodes')
const places = t.readonlyArray(natural, 'a list of places of nodes')

const graph: t.Type<Graph, GraphJson, unknown> = t.type(
  {
    fluxion: t.literal('graph'),
    version: t.literal(version),
    functions: t.readonlyArray(t.type({ variables: places, nodes, results: places }), 'a list of functions'),
    nodes,
    outputs: t.record(t.string, natural)
  },
  'a graph'
)

// lines ----------------------------------------------------------------------------------

const nodeOf = ({ content, dtype, shape, faults: wrong }: Line): Node => {
  switch (content._tag) {
    case 'Input':
      return { node: 'input', name: content.name, dtype, shape }
    case 'Constant':
      return { node: 'constant', data: [...content.data], dtype, shape }
    case 'Apply': {
      const { op, inputs, params: given } = content
      const stated = wrong.length === 0 ? {} : { faults: wrong.map(sentence) }
      return { node: 'apply', op, inputs, params: given, dtype, shape, ...stated }
    }
    default:
      return absurd(content)
  }
}

const contentOf = (read: Node): Content => {
  switch (read.node) {
    case 'input':
      return { _tag: 'Input', name: read.name }
    case 'constant':
      return { _tag: 'Constant', data: Float64Array.from(read.data) }
    case 'apply':
      return { _tag: 'Apply', op: read.op, inputs: read.inputs, params: read.params }
    default:
      return absurd(read)
  }
}

const lineOf = (read: Node): Line => ({
  content: contentOf(read),
  dtype: read.dtype,
  shape: read.shape,
  faults: read.node === 'apply' ? (read.faults ?? []).map((why) => ({ _tag: 'Invalid', op: read.op, why })) : []
})

// writing --------------------------------------------------------------------------------

const nodesOf = ({ lines }: Section): ReadonlyArray<Node> => lines.map(nodeOf)

/**
 * A graph with names for its results, as a value that `JSON.stringify` writes. Equal graphs give equal values.
 *
 * @example JSON.stringify(toJson({ y: sin(input('x', 'f32', [2])) }))
 */
export const toJson = (outputs: Outputs): GraphJson => {
  const names = Object.keys(outputs)
  const { sections } = listing(Object.values(outputs))
  const main = sections.at(-1) ?? { variables: [], lines: [], nodes: [], results: [] }
  return graph.encode({
    fluxion: 'graph',
    version,
    functions: sections
      .slice(0, -1)
      .map((section) => ({ variables: section.variables, nodes: nodesOf(section), results: section.results })),
    nodes: nodesOf(main),
    outputs: Object.fromEntries(names.map((name, i) => [name, main.results[i] ?? 0]))
  })
}

// reading --------------------------------------------------------------------------------

type Read<A> = E.Either<ReadonlyArray<NotAGraph>, A>

const wrong = (path: string, why: string): Read<never> => E.left([{ _tag: 'NotAGraph', path, why }])

const step = (path: string, key: string): string =>
  key === '' ? path : /^\d+$/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`

const brief = (value: unknown): string => {
  const text = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

const pathOf = (context: t.Context): string => context.slice(1).reduce((path, { key }) => step(path, key), '')

const faultOf = ({ value, context }: t.ValidationError): NotAGraph => ({
  _tag: 'NotAGraph',
  path: pathOf(context),
  why: `should be ${context.at(-1)?.type.name ?? 'something else'}, is ${brief(value)}`
})

/** A file of another kind, or of another version, is not looked at further. */
const header = (json: unknown): Read<unknown> =>
  !isSection(json) || json['fluxion'] !== 'graph'
    ? wrong('', 'this is no graph of Fluxion, which begins with "fluxion": "graph"')
    : json['version'] !== version
      ? wrong(
          'version',
          `is ${brief(json['version'])}, and this version of Fluxion reads ${version}; read it with the one that wrote it`
        )
      : E.right(json)

const nodesRead = (
  operations: Operations,
  functions: ReadonlyArray<Lambda>,
  path: string,
  given: ReadonlyArray<Node>
): Read<ReadonlyArray<Expr>> => {
  const made: Array<Expr> = [] // local
  for (const [i, read] of given.entries()) {
    const next = built(operations)({ nodes: made, functions }, lineOf(read))
    if (E.isLeft(next)) {
      const { part, operand, why } = next.left
      const place = part === 'type' ? '' : operand === undefined ? `.${part}` : `.${part}[${operand}]`
      return wrong(`${path}[${i}]${place}`, why)
    }
    made.push(next.right)
  }
  return E.right(made)
}

const at =
  (made: ReadonlyArray<Expr>) =>
  (path: string, place: number): Read<Expr> => {
    const found = made[place]
    return found === undefined ? wrong(path, `there is no node ${place}; there are ${made.length}`) : E.right(found)
  }

const allAt = (made: ReadonlyArray<Expr>, path: string, given: ReadonlyArray<number>): Read<ReadonlyArray<Expr>> =>
  pipe(
    given,
    E.traverseArrayWithIndex((i, place: number) => at(made)(`${path}[${i}]`, place))
  )

const functionRead = (
  operations: Operations,
  functions: ReadonlyArray<Lambda>,
  { variables, nodes: given, results }: Graph['functions'][number]
): Read<ReadonlyArray<Lambda>> => {
  const path = `functions[${functions.length}]`
  return pipe(
    nodesRead(operations, functions, `${path}.nodes`, given),
    E.flatMap((made) =>
      pipe(
        allAt(made, `${path}.variables`, variables),
        E.bindTo('variables'),
        E.bind('results', () => allAt(made, `${path}.results`, results))
      )
    ),
    E.map((lambda) => [...functions, lambda])
  )
}

const outputsRead = (operations: Operations, { functions, nodes: given, outputs }: Graph): Read<Outputs> =>
  pipe(
    functions.reduce<Read<ReadonlyArray<Lambda>>>(
      (before, one) => E.flatMap((so: ReadonlyArray<Lambda>) => functionRead(operations, so, one))(before),
      E.right([])
    ),
    E.flatMap((lambdas) => nodesRead(operations, lambdas, 'nodes', given)),
    E.flatMap((made) =>
      pipe(
        Object.entries(outputs),
        E.traverseArray(([name, place]) =>
          pipe(
            at(made)(`outputs.${name}`, place),
            E.map((found) => [name, found] as const)
          )
        )
      )
    ),
    E.map(Object.fromEntries)
  )

/** The graph of a JSON, with operations of one's own: `{ ...known, ...own }`. */
export const fromJsonWith =
  (operations: Operations) =>
  (json: unknown): Read<Outputs> =>
    pipe(
      header(json),
      E.flatMap((value) =>
        pipe(
          graph.decode(value),
          E.mapLeft((errors) => errors.map(faultOf))
        )
      ),
      E.flatMap((read) => outputsRead(operations, read))
    )

/**
 * The graph that `toJson` was given, the same objects; or all places where the JSON is not one of a graph, or the first
 * where what it says of a node does not hold.
 */
export const fromJson: (json: unknown) => Read<Outputs> = fromJsonWith(known)

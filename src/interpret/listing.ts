/**
 * A graph as a table: numbered nodes, each after its operands, section by section. A function that a node holds (the body
 * of a loop, a recomputed part) is a section of its own, before those that use it; the last section is the graph. Text
 * and JSON are two notations of it.
 */
import type { DType } from '../core/DType.ts'
import { looped } from '../autodiff/scan.ts'
import { recomputed } from '../autodiff/checkpoint.ts'
import { apply, input, isExpr, literal, topological, type Expr, type Params, type Type } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'
import { absurd, E, pipe } from '../core/fp.ts'
import type { Lambda } from '../core/Lambda.ts'
import type { Op } from '../core/Op.ts'
import { equal, size } from '../core/Shape.ts'
import type { Elements } from '../core/Tensor.ts'
import { ops } from '../ops/registry.ts'

// model ----------------------------------------------------------------------------------

export type Content =
  | { readonly _tag: 'Input'; readonly name: string }
  | { readonly _tag: 'Constant'; readonly data: Elements }
  /** Operands by their places in the section. In parameters, `{ "@": n }` is the function of section `n`. */
  | { readonly _tag: 'Apply'; readonly op: string; readonly inputs: ReadonlyArray<number>; readonly params: Params }

/** One node. Its type means nothing where it has faults. */
export interface Line extends Type {
  readonly content: Content
  readonly faults: Faults
}

export interface Section {
  /** The places of a function's variables; the graph itself has none. */
  readonly variables: ReadonlyArray<number>
  readonly lines: ReadonlyArray<Line>
  /** What the lines were made of. */
  readonly nodes: ReadonlyArray<Expr>
  readonly results: ReadonlyArray<number>
}

/** Operations by the names that a table gives them. */
export type Operations = Readonly<Record<string, Op>>

export interface Listing {
  readonly sections: ReadonlyArray<Section>
  readonly operations: Operations
}

/** All operations that a name alone tells: the registry's, and those that transformations bring. */
export const known: Operations = { ...ops, [looped.name]: looped, [recomputed.name]: recomputed }

// parameters -----------------------------------------------------------------------------

type Table = Readonly<Record<string, unknown>>

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value)

const areExprs = (value: unknown): value is ReadonlyArray<Expr> => Array.isArray(value) && value.every(isExpr)

const isLambda = (value: Table): value is Table & Lambda => areExprs(value['variables']) && areExprs(value['results'])

/** `@` is the mark of what parameters hold beside plain values; a key that begins with it has one more. */
const mark = '@'

const entries = (table: Table, f: (value: unknown) => unknown): Table =>
  Object.fromEntries(Object.entries(table).map(([key, x]) => [key.startsWith(mark) ? mark + key : key, f(x)]))

/** A parameter with numbers of sections in place of functions. */
const plain = (value: unknown, sectionOf: (lambda: Lambda) => number): unknown => {
  const inner = (x: unknown): unknown => plain(x, sectionOf)
  if (Array.isArray(value)) return value.map(inner)
  if (!isTable(value)) return value
  if (!isLambda(value)) return entries(value, inner)
  const { variables, results, ...rest } = value
  return { [mark]: sectionOf({ variables, results }), ...entries(rest, inner) }
}

const restoredTable = (table: Table, functions: ReadonlyArray<Lambda>): E.Either<string, Table> =>
  pipe(
    Object.entries(table).filter(([key]) => key !== mark),
    E.traverseArray(([key, x]) =>
      pipe(
        restored(x, functions),
        E.map((value) => [key.startsWith(mark) ? key.slice(1) : key, value] as const)
      )
    ),
    E.map(Object.fromEntries)
  )

/** The parameter that a plain one stands for. */
const restored = (value: unknown, functions: ReadonlyArray<Lambda>): E.Either<string, unknown> => {
  if (Array.isArray(value)) return E.traverseArray((x: unknown) => restored(x, functions))(value)
  if (!isTable(value)) return E.right(value)
  const rest = restoredTable(value, functions)
  if (!(mark in value)) return rest
  const found = functions[Number(value[mark])]
  return found === undefined
    ? E.left(`there is no function @${String(value[mark])} before it`)
    : E.map((more: Table) => ({ variables: found.variables, results: found.results, ...more }))(rest)
}

// to a table -----------------------------------------------------------------------------

/** Names that tell operations apart: the second of a name is `name#2`. */
const naming = (operations: Map<string, Op>, names: Map<Op, string>): ((op: Op) => string) => {
  const free = (name: string, n: number): string => {
    const marked = n === 1 ? name : `${name}#${n}`
    return operations.has(marked) ? free(name, n + 1) : marked
  }
  return (op) => {
    const name = names.get(op) ?? free(op.name, 1)
    names.set(op, name)
    operations.set(name, op)
    return name
  }
}

const contentOf = (
  { term }: Expr,
  place: (node: Expr) => number,
  nameOf: (op: Op) => string,
  sectionOf: (lambda: Lambda) => number
): Content => {
  switch (term._tag) {
    case 'Input':
      return { _tag: 'Input', name: term.name }
    case 'Constant':
      return { _tag: 'Constant', data: term.value.data }
    case 'Apply': {
      const params = plain(term.params, sectionOf) as Params
      return { _tag: 'Apply', op: nameOf(term.op), inputs: term.inputs.map(place), params }
    }
    default:
      return absurd(term)
  }
}

/** The table of the graph below `roots`. Equal graphs have equal tables. */
export const listing = (roots: ReadonlyArray<Expr>): Listing => {
  const sections: Array<Section> = [] // local
  const operations = new Map<string, Op>()
  const nameOf = naming(operations, new Map())
  const numbers = new Map<string, number>()
  const sectionOf = (lambda: Lambda): number => {
    const key = `${lambda.variables.map(({ id }) => id)} ${lambda.results.map(({ id }) => id)}`
    const found = numbers.get(key) ?? add(lambda)
    numbers.set(key, found)
    return found
  }
  const add = ({ variables, results }: Lambda): number => {
    const nodes = topological([...variables, ...results])
    const places = new Map(nodes.map((node, i) => [node, i]))
    const place = (node: Expr): number => places.get(node) ?? 0
    const lines = nodes.map((node) => ({
      dtype: node.dtype,
      shape: node.shape,
      faults: node.faults,
      content: contentOf(node, place, nameOf, sectionOf)
    }))
    return sections.push({ variables: variables.map(place), lines, nodes, results: results.map(place) }) - 1
  }
  add({ variables: [], results: roots })
  return { sections, operations: Object.fromEntries(operations) }
}

/** The operations of a graph by the names that its text and its JSON give them: what reads these back, whatever they are. */
export const operationsOf = (roots: ReadonlyArray<Expr>): Operations => listing(roots).operations

// from a table ---------------------------------------------------------------------------

/** What is wrong with a line: of an operand, which. */
export interface Flaw {
  readonly part: 'data' | 'op' | 'inputs' | 'params' | 'type'
  readonly operand?: number
  readonly why: string
}

/** What has been built: the nodes of this section, and the functions of those before it. */
export interface Above {
  readonly nodes: ReadonlyArray<Expr>
  readonly functions: ReadonlyArray<Lambda>
}

const flaw = (part: Flaw['part'], why: string): E.Either<Flaw, never> => E.left({ part, why })

const constant = ({ dtype, shape }: Type, data: Elements): E.Either<Flaw, Expr> =>
  size(shape) === data.length
    ? E.right(literal({ dtype, shape, data }))
    : flaw('data', `[${shape}] has ${size(shape)} elements, and ${data.length} are given`)

const unknownOperation = (name: string): string =>
  /^custom(Vjp|Jvp)\b/.test(name)
    ? `the derivative of '${name}' is a function, which is not written down; read it with operationsOf the graph, or with the operation itself`
    : `there is no operation '${name}'; if it is your own, read with your operations among the others`

const typeText = ({ dtype, shape }: Type): string => `${dtype}[${shape.join(',')}]`

/** The node, if its type is what the line says; a line that states a fault states no type. */
const stated = (line: Line, node: Expr): E.Either<Flaw, Expr> => {
  const agrees = node.faults.length === 0 && node.dtype === line.dtype && equal(node.shape, line.shape)
  return line.faults.length > 0 || agrees
    ? E.right(node)
    : flaw('type', `it says ${typeText(line)}, and the operation gives ${typeText(node)}`)
}

const applied = (
  operations: Operations,
  { nodes, functions }: Above,
  line: Line,
  { op, inputs, params }: Extract<Content, { readonly _tag: 'Apply' }>
): E.Either<Flaw, Expr> => {
  const found = Object.hasOwn(operations, op) ? operations[op] : undefined
  if (found === undefined) return flaw('op', unknownOperation(op))
  const operand = inputs.findIndex((n) => nodes[n] === undefined)
  if (operand >= 0) return E.left({ part: 'inputs', operand, why: `there is no node ${inputs[operand]} before it` })
  const operands = inputs.flatMap((n) => nodes[n] ?? [])
  return pipe(
    restored(params, functions),
    E.mapLeft((why): Flaw => ({ part: 'params', why })),
    E.flatMap((read) => stated(line, apply(found, operands, read as Params)))
  )
}

/** The node of a line: the very object that the line was made of, while that is in use. */
export const built =
  (operations: Operations) =>
  (above: Above, line: Line): E.Either<Flaw, Expr> => {
    const { content } = line
    switch (content._tag) {
      case 'Input':
        return E.right(input(content.name, line.dtype, line.shape))
      case 'Constant':
        return constant(line, content.data)
      case 'Apply':
        return applied(operations, above, line, content)
      default:
        return absurd(content)
    }
  }

/** Element types by name. */
export const dtypes: ReadonlyArray<DType> = ['f32', 'f16', 'bf16', 'i32', 'u32', 'bool']

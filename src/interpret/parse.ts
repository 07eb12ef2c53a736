/** Text to graph: the inverse of `show`. Types are inferred again and must agree with those that the text states. */
import type { DType } from '../core/DType.ts'
import type { Expr, Params, Type } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'
import { E, pipe } from '../core/fp.ts'
import type { Lambda } from '../core/Lambda.ts'
import { built, dtypes, known, type Above, type Content, type Flaw, type Operations } from './listing.ts'
import { after, before, chain, map, place, repeated, separated, succeed, token, when, type Reader } from './Reader.ts'

// model ----------------------------------------------------------------------------------

export interface Unreadable {
  readonly _tag: 'Unreadable'
  /** Counted from 1. */
  readonly line: number
  readonly column: number
  readonly why: string
}

export const showUnreadable = ({ line, column, why }: Unreadable): string => `${line}:${column}: ${why}`

/** A name, and where it stands. */
interface Named {
  readonly at: number
  readonly name: string
}

type Statement =
  | { readonly _tag: 'Function'; readonly name: Named; readonly variables: ReadonlyArray<Named> }
  | { readonly _tag: 'Return'; readonly results: ReadonlyArray<Named> }
  | { readonly _tag: 'Node'; readonly name: Named; readonly node: Node }

/** A line of a table with names for places, and where its parts stand. */
interface Node extends Type {
  readonly content: Content
  readonly operands: ReadonlyArray<Named>
  readonly faults: Faults
  readonly parts: Readonly<Record<Flaw['part'], number>>
}

/** What a section has so far, filled as it is read; in a function, its name and variables. */
interface Scope {
  readonly nodes: Array<Expr>
  readonly places: Map<string, number>
  readonly function?: { readonly name: Named; readonly variables: ReadonlyArray<Named> }
}

interface State {
  readonly functions: ReadonlyArray<Lambda>
  readonly scope: Scope
}

const scopeOf = (own: Scope['function']): Scope => ({
  nodes: [],
  places: new Map(),
  ...(own === undefined ? {} : { function: own })
})

// values ---------------------------------------------------------------------------------

const spaces = token(/ */y, 'a space')
const space = token(/ +/y, 'a space')
const symbol = (text: string): Reader<string> => token(new RegExp(text.replace(/[^\w]/g, '\\$&'), 'y'), `'${text}'`)

const number = map(token(/-?(?:Infinity|\d+(?:\.\d+)?(?:e[+-]?\d+)?)|NaN/y, 'a number'), Number)
const natural = map(token(/\d+/y, 'a size'), Number)

const unescaped =
  (text: string): Reader<string> =>
  (_, at) =>
    E.tryCatch(
      () => [JSON.parse(text) as string, at] as const,
      () => ({
        at: at - text.length,
        why: 'the string is not one of JSON; write quotes and backslashes as \\" and \\\\'
      })
    )
const string: Reader<string> = chain(token(/"(?:[^"\\]|\\.)*"/y, 'a string in double quotes'), unescaped)

const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null, undefined: undefined }

const comma = /, */y

const list: Reader<unknown> = (text, at) =>
  before(after(symbol('['), separated(value, comma, /\]/y)), symbol(']'))(text, at)

const entry: Reader<readonly [string, unknown]> = chain(string, (key) =>
  map(after(token(/: */y, "':'"), value), (x) => [key, x] as const)
)

const table: Reader<Params> = map(
  before(after(symbol('{'), separated(entry, comma, /\}/y)), symbol('}')),
  Object.fromEntries
)

const word: Reader<unknown> = map(
  token(/true|false|null|undefined/y, 'a value: a number, a string, a list, a table, true or false'),
  (name) => words[name]
)

const value: Reader<unknown> = (text, at) =>
  when<unknown>(
    /\{/y,
    table,
    when<unknown>(/\[/y, list, when<unknown>(/"/y, string, when<unknown>(/[-\dIN]/y, number, word)))
  )(text, at)

// nodes ----------------------------------------------------------------------------------

const named = (pattern: RegExp, what: string): Reader<Named> =>
  chain(place, (at) => map(token(pattern, what), (name) => ({ at, name })))

const nodeName = named(/%\d+/y, 'the name of a node, such as %0')
const sectionName = named(/@\d+/y, 'the name of a function, such as @0')

const namesUntil = (end: RegExp): Reader<ReadonlyArray<Named>> => separated(nodeName, comma, end)

const operandNames = before(after(symbol('('), namesUntil(/\)/y)), symbol(')'))

const dtype = map(
  token(new RegExp(`(?:${dtypes.join('|')})(?=\\[)`, 'y'), `an element type: ${dtypes.join(', ')}`),
  (name) => name as DType
)
const shape = before(after(symbol('['), separated(natural, comma, /\]/y)), symbol(']'))
const type: Reader<Type> = chain(dtype, (d) => map(shape, (s) => ({ dtype: d, shape: s })))

type Typing = Type & { readonly faults: Faults }

const faulty: Typing = { dtype: 'f32', shape: [], faults: [{ _tag: 'Invalid', op: 'text', why: 'a fault' }] }

/** A type, or in its place what is wrong with the node: that the text says so is enough. */
const typing: Reader<Typing> = after(
  space,
  when<Typing>(
    /!/y,
    map(token(/!.*/y, 'a fault'), () => faulty),
    map(after(token(/: */y, "':' and a type"), type), (found) => ({ ...found, faults: [] }))
  )
)

const plainType: Reader<Typing> = chain(place, (at) =>
  chain(
    typing,
    (found) => (_, next) =>
      found.faults.length === 0
        ? E.right([found, next] as const)
        : E.left({ at, why: 'this node is nothing but a fault, and no graph has it; show the graph once it is mended' })
  )
)

const nowhere: Node['parts'] = { data: 0, op: 0, inputs: 0, params: 0, type: 0 }

const inputNode: Reader<Node> = chain(after(token(/input +/y, 'input'), string), (name) =>
  map(plainType, (found) => ({ ...found, content: { _tag: 'Input', name }, operands: [], parts: nowhere }))
)

const constantNode: Reader<Node> = chain(after(token(/constant/y, 'constant'), place), (data) =>
  chain(repeated(/ +[-\dIN]/y, after(space, number)), (numbers) =>
    map(plainType, (found) => ({
      ...found,
      content: { _tag: 'Constant', data: Float64Array.from(numbers) },
      operands: [],
      parts: { ...nowhere, data: data + 1 }
    }))
  )
)

const params: Reader<Params> = when(/ *\{/y, after(spaces, table), succeed({}))

const applyNode: Reader<Node> = chain(named(/[^\s(){}"]+(?=\()/y, 'an operation and its operands in brackets'), (op) =>
  chain(operandNames, (operands) =>
    chain(place, (afterOperands) =>
      chain(params, (read) =>
        chain(place, (end) =>
          map(typing, (found) => ({
            ...found,
            content: { _tag: 'Apply', op: op.name, inputs: [], params: read },
            operands,
            parts: { data: op.at, op: op.at, inputs: op.at, params: afterOperands + 1, type: end + 3 }
          }))
        )
      )
    )
  )
)

const node: Reader<Node> = when(/input /y, inputNode, when(/constant /y, constantNode, applyNode))

// statements -----------------------------------------------------------------------------

const equals = token(/ *= */y, "'='")

const functionStatement: Reader<Statement> = chain(before(sectionName, equals), (name) =>
  map(after(symbol('function'), operandNames), (variables) => ({ _tag: 'Function', name, variables }))
)

const returnStatement: Reader<Statement> = map(after(token(/return */y, 'return'), namesUntil(/$/y)), (results) => ({
  _tag: 'Return',
  results
}))

const nodeStatement: Reader<Statement> = chain(before(nodeName, equals), (name) =>
  map(node, (read) => ({ _tag: 'Node', name, node: read }))
)

const statement: Reader<Statement> = before(
  after(spaces, when(/@/y, functionStatement, when(/return\b/y, returnStatement, nodeStatement))),
  token(/\s*$/y, 'the end of the line')
)

// meaning of statements --------------------------------------------------------------------

interface Wrong {
  readonly at: number
  readonly why: string
}
type Read<A> = E.Either<Wrong, A>

const placeIn =
  ({ places }: Scope) =>
  ({ at, name }: Named): Read<number> =>
    pipe(places.get(name), E.fromNullable({ at, why: `${name} is not defined above` }))

const nodesIn = (scope: Scope, names: ReadonlyArray<Named>): Read<ReadonlyArray<Expr>> =>
  pipe(
    names,
    E.traverseArray(placeIn(scope)),
    E.map((places) => places.flatMap((n) => scope.nodes[n] ?? []))
  )

const flawIn =
  ({ parts, operands }: Node) =>
  ({ part, operand, why }: Flaw): Wrong => ({ at: operands[operand ?? -1]?.at ?? parts[part], why })

const define = (operations: Operations, state: State, name: Named, read: Node): Read<State> => {
  const { functions, scope } = state
  if (scope.places.has(name.name))
    return E.left({ at: name.at, why: `${name.name} is defined twice; give it another name` })
  const above: Above = { nodes: scope.nodes, functions }
  return pipe(
    E.traverseArray(placeIn(scope))(read.operands),
    E.flatMap((inputs) => {
      const content: Content = read.content._tag === 'Apply' ? { ...read.content, inputs } : read.content
      return pipe(built(operations)(above, { ...read, content }), E.mapLeft(flawIn(read)))
    }),
    E.map((made) => {
      scope.places.set(name.name, scope.nodes.push(made) - 1)
      return state
    })
  )
}

const begin = (state: State, name: Named, variables: ReadonlyArray<Named>): Read<State> =>
  state.scope.function !== undefined
    ? E.left({ at: name.at, why: `${state.scope.function.name.name} has not ended; end it with a return` })
    : state.scope.nodes.length > 0
      ? E.left({ at: name.at, why: 'functions stand before the nodes of the graph; move it up' })
      : name.name !== `@${state.functions.length}`
        ? E.left({ at: name.at, why: `the next function is @${state.functions.length}, not ${name.name}` })
        : E.right({ ...state, scope: scopeOf({ name, variables }) })

/** The end of a function gives a state to go on with, the end of the graph its roots. */
const end = (state: State, results: ReadonlyArray<Named>): Read<E.Either<State, ReadonlyArray<Expr>>> => {
  const { scope, functions } = state
  const within = scope.function
  return pipe(
    nodesIn(scope, results),
    E.flatMap((roots) =>
      within === undefined
        ? E.right(E.right(roots))
        : pipe(
            nodesIn(scope, within.variables),
            E.mapLeft(({ why }) => ({ at: 0, why: `${why} in ${within.name.name}, which says that it is a variable` })),
            E.map((variables) =>
              E.left({ functions: [...functions, { variables, results: roots }], scope: scopeOf(undefined) })
            )
          )
    )
  )
}

type Turn = Read<E.Either<State, ReadonlyArray<Expr>>>

const turn = (operations: Operations, state: State, line: string): Turn =>
  pipe(
    statement(line, 0),
    E.flatMap(([read]): Turn => {
      switch (read._tag) {
        case 'Function':
          return pipe(begin(state, read.name, read.variables), E.map(E.left))
        case 'Return':
          return end(state, read.results)
        case 'Node':
          return pipe(define(operations, state, read.name, read.node), E.map(E.left))
      }
    })
  )

/** The graph that a text describes, with these operations: `{ ...known, ...ownOperations }`, or `operationsOf` a graph. */
export const parseWith =
  (operations: Operations) =>
  (text: string): E.Either<Unreadable, ReadonlyArray<Expr>> => {
    const unreadable = (line: number, { at, why }: Wrong): E.Either<Unreadable, never> =>
      E.left({ _tag: 'Unreadable', line, column: at + 1, why })
    const lines = text.split('\n')
    for (let i = 0, state: State = { functions: [], scope: scopeOf(undefined) }; i < lines.length; i++) {
      const line = lines[i] ?? ''
      if (line.trim() === '') continue
      const next = turn(operations, state, line)
      if (E.isLeft(next)) return unreadable(i + 1, next.left)
      if (E.isRight(next.right)) return next.right
      state = next.right.left
    }
    const last = lines.at(-1) ?? ''
    return unreadable(lines.length, {
      at: last.length,
      why: 'the text ends without a return; name the results: return %0'
    })
  }

/** The roots that `show` was given, the same objects; or the first place that cannot be read. */
export const parse: (text: string) => E.Either<Unreadable, ReadonlyArray<Expr>> = parseWith(known)

/** Text to graph: the inverse of `show`. Types are inferred again and must agree with those that the text states. */
import type { DType } from '../core/DType.ts'
import { apply, input, literal, type Expr, type Params } from '../core/Expr.ts'
import { E, pipe } from '../core/fp.ts'
import type { Op } from '../core/Op.ts'
import { tensor } from '../core/Tensor.ts'
import { ops as registry } from '../ops/registry.ts'

// model ----------------------------------------------------------------------------------

export interface Unreadable {
  readonly _tag: 'Unreadable'
  /** Counted from 1. */
  readonly line: number
  readonly why: string
}

export const showUnreadable = ({ line, why }: Unreadable): string => `line ${line}: ${why}`

type Read<A> = E.Either<string, A>
type Operations = Readonly<Record<string, Op>>
type Nodes = ReadonlyMap<string, Expr>

const inputLine = /^(%\d+) = input ("(?:[^"\\]|\\.)*") : (\w+)\[([\d,]*)\]$/
const constantLine = /^(%\d+) = constant ?(.*) : (\w+)\[([\d,]*)\]$/
const applyLine = /^(%\d+) = (\w+)\(([^)]*)\)(?: (\{.*\}))? (?:: (\w+\[[\d,]*\])|! .*)$/
const returnLine = /^return ?(.*)$/

// reading --------------------------------------------------------------------------------

const words = (text: string, separator: string): ReadonlyArray<string> => (text === '' ? [] : text.split(separator))

const shapeOf = (text: string): ReadonlyArray<number> => words(text, ',').map(Number)

const special = (_: string, value: unknown): unknown =>
  typeof value === 'string' && value.startsWith('#') ? Number(value.slice(1)) : value

const readParams = (text: string | undefined): Read<Params> =>
  E.tryCatch(
    () => JSON.parse(text ?? '{}', special) as Params,
    () => `parameters are not JSON: ${text}`
  )

const readNodes = (nodes: Nodes, text: string): Read<ReadonlyArray<Expr>> => {
  const names = words(text, ', ')
  const unknown = names.find((name) => !nodes.has(name))
  return unknown === undefined
    ? E.right(names.flatMap((name) => nodes.get(name) ?? []))
    : E.left(`${unknown} is not defined above`)
}

/** The node, if its type is what the text says; a text that states a fault states no type. */
const stated = (type: string | undefined, node: Expr): Read<Expr> => {
  const inferred = `${node.dtype}[${node.shape.join(',')}]`
  return type === undefined || (type === inferred && node.faults.length === 0)
    ? E.right(node)
    : E.left(`the text says ${type}, the type is ${inferred}`)
}

const readApply = (ops: Operations, nodes: Nodes, [, , op = '', operands = '', params, type]: RegExpMatchArray) => {
  const known = ops[op]
  return known === undefined
    ? E.left(`there is no operation '${op}'`)
    : pipe(
        readNodes(nodes, operands),
        E.bindTo('inputs'),
        E.apS('read', readParams(params)),
        E.chain(({ inputs, read }) => stated(type, apply(known, inputs, read)))
      )
}

const readLine = (ops: Operations, nodes: Nodes, line: string): Read<readonly [name: string, node: Expr]> => {
  const given = inputLine.exec(line)
  const constant = constantLine.exec(line)
  const applied = applyLine.exec(line)
  const name = (given ?? constant ?? applied)?.[1] ?? ''
  const node: Read<Expr> =
    given !== null
      ? E.right(input(JSON.parse(given[2] ?? '""') as string, given[3] as DType, shapeOf(given[4] ?? '')))
      : constant !== null
        ? E.right(
            literal(
              tensor(
                constant[3] as DType,
                shapeOf(constant[4] ?? ''),
                Float64Array.from(words(constant[2] ?? '', ' '), Number)
              )
            )
          )
        : applied !== null
          ? readApply(ops, nodes, applied)
          : E.left(`not a node: ${line}`)
  return pipe(
    node,
    E.map((read) => [name, read] as const)
  )
}

/** The graph that a text describes, with the operations of one's own registry. */
export const parseWith =
  (ops: Operations) =>
  (text: string): E.Either<Unreadable, ReadonlyArray<Expr>> => {
    const nodes = new Map<string, Expr>() // local
    const unreadable = (line: number) => (why: string) => ({ _tag: 'Unreadable', line, why }) as const
    const lines = text.split('\n')
    for (const [i, line] of lines.entries()) {
      const last = returnLine.exec(line)
      if (last !== null) return pipe(readNodes(nodes, last[1] ?? ''), E.mapLeft(unreadable(i + 1)))
      const read = readLine(ops, nodes, line)
      if (E.isLeft(read)) return E.left(unreadable(i + 1)(read.left))
      nodes.set(read.right[0], read.right[1])
    }
    return E.left(unreadable(lines.length)('the text ends without a return'))
  }

/** The roots that `show` was given, the same objects; or the first line that cannot be read. */
export const parse: (text: string) => E.Either<Unreadable, ReadonlyArray<Expr>> = parseWith(registry)

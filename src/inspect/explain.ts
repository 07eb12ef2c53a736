/** Where a value comes from: the shortest path of operations from each input to it, as text. */
import { inputsOf, isApply, topological, type Expr } from '../core/Expr.ts'
import { showType } from './table.ts'

// paths ----------------------------------------------------------------------------------

/** For every node below a value, one that uses it on the shortest way to the value. */
const users = (value: Expr): ReadonlyMap<Expr, Expr> => {
  const found = new Map<Expr, Expr>([[value, value]]) // local
  // A map visits what is added while it is walked: nearest first.
  for (const [node] of found) for (const x of inputsOf(node)) if (!found.has(x)) found.set(x, node)
  return found
}

const upFrom = (from: Expr, value: Expr, found: ReadonlyMap<Expr, Expr>): ReadonlyArray<Expr> => {
  const path: Array<Expr> = [from] // local
  for (let node = from; node !== value; ) {
    node = found.get(node) ?? value
    path.push(node)
  }
  return path
}

/** The shortest path from a node up to a value that depends on it, both included; `undefined` where it does not. */
export const pathOf = (from: Expr, value: Expr): ReadonlyArray<Expr> | undefined => {
  const found = users(value)
  return found.has(from) ? upFrom(from, value, found) : undefined
}

// text -----------------------------------------------------------------------------------

/** What a node is, in a word: an input by its name, a number, or its operation. */
export const nameOf = (node: Expr): string => {
  const { term } = node
  if (term._tag === 'Input') return term.name
  if (term._tag === 'Apply') return term.op.name
  return term.value.data.length === 1 ? String(term.value.data[0]) : 'constant'
}

const named = (node: Expr): string => `${nameOf(node)} ${showType(node)}`

/** A call with the operand that the path comes through as a dot. */
const step = (node: Expr, through: Expr | undefined): string => {
  if (!isApply(node)) return named(node)
  const operands = node.term.inputs.map((x) => (x === through ? '·' : named(x)))
  return `${node.term.op.name}(${operands.join(', ')}) : ${showType(node)}`
}

/** A path as lines, from below upwards. */
export const showPath = (path: ReadonlyArray<Expr>): string => path.map((node, i) => step(node, path[i - 1])).join('\n')

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`

const indented = (text: string): string => text.replace(/^/gm, '  ')

const below = (value: Expr): ReadonlyArray<Expr> => topological([value])

const explained = (value: Expr, from: Expr, found: ReadonlyMap<Expr, Expr>): string => {
  const path = upFrom(from, value, found)
  return `from ${nameOf(from)}, ${counted(path.length - 1, 'operation')}:\n${indented(showPath(path))}`
}

/**
 * The shortest path of operations from one input, or any other node, to a value.
 *
 * @example
 * explainFrom(w)(loss)
 * // from w, 3 operations:
 * //   w f32[3,2]
 * //   contract(x f32[4,3], ·) : f32[4,2]
 * //   …
 */
export const explainFrom =
  (from: Expr) =>
  (value: Expr): string => {
    const found = users(value)
    return found.has(from) ? explained(value, from, found) : `${named(value)} does not depend on ${named(from)}`
  }

/** What a value is, how much is below it, and the shortest path to it from each input that it depends on. */
export const explain = (value: Expr): string => {
  const nodes = below(value)
  const inputs = nodes.filter(({ term }) => term._tag === 'Input')
  const operations = nodes.filter(isApply)
  const found = users(value)
  const head = `${named(value)}: ${counted(operations.length, 'operation')} on ${counted(inputs.length, 'input')}`
  return [head, ...inputs.map((input) => explained(value, input, found))].join('\n')
}

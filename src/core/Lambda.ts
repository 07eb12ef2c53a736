/**
 * Functions on expressions as values: a graph with variables in place of its operands. A lambda is closed, which means
 * that it sees nothing but its operands: what the function captured is handed out beside it, to become operands too.
 * Equal functions give equal lambdas, since their variables have names of their place alone.
 */
import { apply, input, inputsOf, isApply, topological, variable, type Expr, type Type } from './Expr.ts'

// model ----------------------------------------------------------------------------------

export type Lambda = {
  readonly variables: ReadonlyArray<Expr>
  readonly results: ReadonlyArray<Expr>
}

export interface Closure {
  readonly lambda: Lambda
  /** Operands that follow those of the function. */
  readonly captured: ReadonlyArray<Expr>
}

// substitution ---------------------------------------------------------------------------

const rebuilt = (node: Expr, image: ReadonlyMap<Expr, Expr>): Expr => {
  if (!isApply(node)) return node
  const { op, inputs, params } = node.term
  const moved = inputs.map((x) => image.get(x) ?? x)
  return moved.every((x, i) => x === inputs[i]) ? node : apply(op, moved, params)
}

/** The graph with `operands` in place of `leaves`, whatever is below them. */
export const substitute = (
  roots: ReadonlyArray<Expr>,
  leaves: ReadonlyArray<Expr>,
  operands: ReadonlyArray<Expr>
): ReadonlyArray<Expr> => {
  const image = new Map(leaves.map((leaf, i) => [leaf, operands[i] ?? leaf])) // local
  for (const node of topological(roots, new Set(leaves))) if (!image.has(node)) image.set(node, rebuilt(node, image))
  return roots.map((root) => image.get(root) ?? root)
}

/** The results of a lambda at operands. */
export const at = ({ results, variables }: Lambda, operands: ReadonlyArray<Expr>): ReadonlyArray<Expr> =>
  substitute(results, variables, operands)

// closing --------------------------------------------------------------------------------

/** The nodes with one of `leaves` below them, or what `isLeaf` accepts. */
export const above = (nodes: ReadonlyArray<Expr>, isLeaf: (node: Expr) => boolean): ReadonlySet<Expr> => {
  const found = new Set<Expr>() // local
  for (const node of nodes) if (isLeaf(node) || inputsOf(node).some((x) => found.has(x))) found.add(node)
  return found
}

/** The largest parts of a graph that need none of the variables but are not constant. */
const capturedBy = (results: ReadonlyArray<Expr>, variables: ReadonlySet<Expr>): ReadonlyArray<Expr> => {
  const nodes = topological(results)
  const inside = above(nodes, (node) => variables.has(node))
  const given = above(nodes, (node) => node.term._tag === 'Input' && !variables.has(node))
  const used = [...nodes.filter((node) => inside.has(node)).flatMap(inputsOf), ...results]
  return [...new Set(used)].filter((node) => given.has(node) && !inside.has(node))
}

/** Results as a function of their variables, closed. */
export const closed = (own: ReadonlyArray<Expr>, results: ReadonlyArray<Expr>): Closure => {
  const captured = capturedBy(results, new Set(own))
  const open = [...own, ...captured]
  const variables = open.map(({ dtype, shape }, i) => input(`%${i}`, dtype, shape))
  return { captured, lambda: { variables, results: substitute(results, open, variables) } }
}

/** A function of expressions of the given types, closed. */
export const close = (
  types: ReadonlyArray<Type>,
  f: (...operands: ReadonlyArray<Expr>) => ReadonlyArray<Expr>
): Closure => {
  const own = types.map(variable)
  return closed(own, f(...own))
}

// Note [Names of places]
// A lambda's variables are named by their places, so those of a lambda inside another may be the same expressions. None
// is ever taken for the other: lambdas are closed, substitution does not enter the lambdas that operations hold, and a
// lambda is only ever looked into after `at` has put operands in place of its variables.

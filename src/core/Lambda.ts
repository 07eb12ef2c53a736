/**
 * Functions on expressions as values: a graph with variables in place of its operands. A lambda is closed, which means
 * that it sees nothing but its operands: what the function captured is handed out beside it, to become operands too.
 * Equal functions give equal lambdas, since their variables have names of their place alone.
 */
import { apply, input, inputsOf, isApply, topological, variable, type Apply, type Expr, type Type } from './Expr.ts'
import { RA } from './fp.ts'

// model ----------------------------------------------------------------------------------

type Exprs = ReadonlyArray<Expr>

/** As many expressions. */
export type Like<R extends Exprs> = { readonly [I in keyof R]: Expr }

export type Lambda<R extends Exprs = Exprs> = {
  readonly variables: ReadonlyArray<Expr>
  readonly results: R
}

export interface Closure<R extends Exprs = Exprs> {
  readonly lambda: Lambda<Like<R>>
  /** Operands that follow those of the function. */
  readonly captured: ReadonlyArray<Expr>
}

// substitution ---------------------------------------------------------------------------

/** What a node became; one that nothing is said of stayed what it was. */
export const imageOf = (node: Expr, image: ReadonlyMap<Expr, Expr>): Expr => image.get(node) ?? node

/** A node on what its operands became. */
export const rebuilt = (node: Apply, image: ReadonlyMap<Expr, Expr>): Apply => {
  const { op, inputs, params } = node.term
  const moved = inputs.map((x) => imageOf(x, image))
  return moved.every((x, i) => x === inputs[i]) ? node : apply(op, moved, params)
}

/** The graph with `operands` in place of `leaves`, whatever is below them. */
export const substitute = <const R extends Exprs>(roots: R, leaves: Exprs, operands: Exprs): Like<R> => {
  const given = new Set(leaves)
  const image = new Map(RA.zip(leaves, operands)) // local
  for (const node of topological(roots, given))
    if (isApply(node) && !given.has(node)) image.set(node, rebuilt(node, image))
  return roots.map((root) => imageOf(root, image)) as Like<R>
}

/** The results of a lambda at operands. */
export const at = <R extends Exprs>({ results, variables }: Lambda<R>, operands: Exprs): Like<R> =>
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
export const closed = <const R extends Exprs>(own: Exprs, results: R): Closure<R> => {
  const captured = capturedBy(results, new Set(own))
  const open = [...own, ...captured]
  const variables = open.map(({ dtype, shape }, i) => input(`%${i}`, dtype, shape))
  return { captured, lambda: { variables, results: substitute(results, open, variables) } }
}

/** A function of expressions of the given types, closed. */
export const close = <const R extends Exprs>(types: ReadonlyArray<Type>, f: (...operands: Exprs) => R): Closure<R> => {
  const own = types.map(variable)
  return closed(own, f(...own))
}

// Note [Names of places]
// A lambda's variables are named by their places, so those of a lambda inside another may be the same expressions. None
// is ever taken for the other: lambdas are closed, substitution does not enter the lambdas that operations hold, and a
// lambda is only ever looked into after `at` has put operands in place of its variables.

/**
 * Rewriting by local rules to a normal form: a node is looked at after its operands, and again for as long as a rule
 * has something to say. What comes out is left alone by every rule, so that rewriting is idempotent.
 */
import { isApply, topological, type Apply, type Expr } from '../core/Expr.ts'
import { imageOf, rebuilt } from '../core/Lambda.ts'

// model ----------------------------------------------------------------------------------

/** An equation read from left to right. `rewrite` sees a node whose operands are in normal form. */
export interface Rule {
  readonly name: string
  /** The operations whose nodes it looks at. */
  readonly on: ReadonlyArray<string> | 'every'
  readonly rewrite: (node: Apply) => Expr | undefined
}

type Image = Map<Expr, Expr>

/** The rules for nodes of each operation. */
type Index = (op: string) => ReadonlyArray<Rule>

// combinators ----------------------------------------------------------------------------

const byOperation = (rules: ReadonlyArray<Rule>): Index => {
  const known = new Map<string, ReadonlyArray<Rule>>() // local
  return (op) => {
    const found = known.get(op) ?? rules.filter(({ on }) => on === 'every' || on.includes(op))
    known.set(op, found)
    return found
  }
}

const firstOf = (node: Apply, index: Index): Expr | undefined => {
  for (const rule of index(node.term.op.name)) {
    const found = rule.rewrite(node)
    if (found !== undefined && found !== node) return found
  }
  return undefined
}

const normal = (node: Expr, image: Image, index: Index): Expr => {
  if (!isApply(node)) return node
  const moved = rebuilt(node, image)
  const known = image.get(moved)
  if (known !== undefined) return known
  const found = firstOf(moved, index)
  const result = found === undefined ? moved : settle(found, image, index)
  image.set(moved, result)
  return result
}

/** The normal form of a graph; the depth of recursion is that of rules that set off each other, not of the graph. */
const settle = (root: Expr, image: Image, index: Index): Expr => {
  for (const node of topological([root], image)) if (!image.has(node)) image.set(node, normal(node, image, index))
  return imageOf(root, image)
}

/** Every root in the normal form of the rules; what roots share stays shared. */
export const rewriting =
  (rules: ReadonlyArray<Rule>) =>
  (roots: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
    const image: Image = new Map() // local
    const index = byOperation(rules)
    return roots.map((root) => settle(root, image, index))
  }

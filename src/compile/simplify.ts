/** Local rewriting that preserves meaning, bottom up, in one pass over the nodes. */
import { apply, topological, type Expr } from '../core/Expr.ts'

/** The graph with `rewrite` applied to every node after its operands were rewritten. */
export const rewriteWith =
  (rewrite: (node: Expr) => Expr) =>
  (roots: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
    const image = new Map<Expr, Expr>() // local
    for (const node of topological(roots)) {
      const { term } = node
      const moved =
        term._tag === 'Apply'
          ? apply(
              term.op,
              term.inputs.map((x) => image.get(x) ?? x),
              term.params
            )
          : node
      image.set(node, rewrite(moved))
    }
    return roots.map((root) => image.get(root) ?? root)
  }

export const simplify = (roots: ReadonlyArray<Expr>): ReadonlyArray<Expr> => rewriteWith((node) => node)(roots)

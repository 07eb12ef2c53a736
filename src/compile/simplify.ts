/**
 * Local rewriting that preserves meaning: what an elegant program says in passing and a fast one does not compute.
 *
 * Laws: `test/compile/simplify.test.ts` (means the same, is typed the same, idempotent).
 */
import { definition } from '../ops/define.ts'
import type { Pass } from './Pass.ts'
import { rewriting, type Rule } from './rewrite.ts'
import { arithmetic } from './rules/arithmetic.ts'
import { factors, freeFactor } from './rules/factors.ts'
import { fold } from './rules/fold.ts'
import { views } from './rules/views.ts'

export const rules: ReadonlyArray<Rule> = [...fold, ...arithmetic, ...views, ...factors]

export const simplify: Pass = { name: 'simplify', run: rewriting(rules) }

/** Expands the composites that a target has nothing better for, and simplifies what comes out. */
export const expandFor = (target: 'onnx' | 'wgsl'): Pass => {
  const expansion: Rule = {
    name: 'a composite is its definition',
    on: 'every',
    rewrite: (node) => (node.term.op[target] === 'derived' ? definition(node) : undefined)
  }
  return {
    name: `expand for ${target}`,
    run: rewriting([expansion, ...rules, ...(target === 'onnx' ? [freeFactor] : [])])
  }
}

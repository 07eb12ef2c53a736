/**
 * Local rewriting that preserves meaning: what an elegant program says in passing and a fast one does not compute.
 *
 * Laws: `test/compile/simplify.test.ts` (means the same, is typed the same, idempotent).
 */
import { isApply } from '../core/Expr.ts'
import type { Op } from '../core/Op.ts'
import { definition } from '../ops/define.ts'
import { ops } from '../ops/registry.ts'
import type { Pass } from './Pass.ts'
import { rewriting, type Rule } from './rewrite.ts'
import { arithmetic } from './rules/arithmetic.ts'
import { factors } from './rules/factors.ts'
import { fold } from './rules/fold.ts'
import { views } from './rules/views.ts'

export const rules: ReadonlyArray<Rule> = [...fold, ...arithmetic, ...views, ...factors]

export const simplify: Pass = { name: 'simplify', run: rewriting(rules) }

/** Composites that `derived` picks give way to their definitions. */
const expansion = (derived: (op: Op) => boolean): Rule => ({
  name: 'a composite is its definition',
  on: Object.values(ops)
    .filter((op) => op._tag === 'Composite' && derived(op))
    .map((op) => op.name),
  rewrite: (node) => (isApply(node) ? definition(node) : undefined)
})

/** Expands the composites that a target has nothing better for, and simplifies what comes out. */
export const expandFor = (target: 'onnx' | 'wgsl'): Pass => ({
  name: `expand for ${target}`,
  run: rewriting([expansion((op) => op._tag === 'Composite' && op[target] === 'derived'), ...rules])
})

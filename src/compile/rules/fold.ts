/** Operations on small constants are done now. */
import { literal, type Apply, type Expr } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { ops } from '../../ops/registry.ts'
import type { Rule } from '../rewrite.ts'
import { typeOf } from './match.ts'

/** Elements that a constant made here may have. */
const limit = 64

// A repeated scalar is easier to recognise as it is, and bits belong to their key.
const kept = ['broadcast', 'iota', 'randomBits']

const folded = ({ term: { op, inputs, params }, dtype, shape }: Apply): Expr | undefined => {
  if (op._tag === 'Composite' || inputs.length === 0 || size(shape) > limit) return undefined
  if (shape.length > 0 && inputs.every((x) => x.shape.length === 0)) return undefined
  const values = inputs.flatMap(({ term }) => (term._tag === 'Constant' ? [term.value] : []))
  return values.length === inputs.length ? literal(op.meaning(values, params, typeOf({ dtype, shape }))) : undefined
}

export const fold: ReadonlyArray<Rule> = [
  {
    name: 'operations on constants',
    on: Object.keys(ops).filter((name) => !kept.includes(name)),
    rewrite: folded
  }
]

/** What a composite stands for: its definition as a graph over the same operands. */
import type { Apply, Expr } from '../core/Expr.ts'
import { $ } from './registry.ts'

/** The defining graph of a composite node, `undefined` for a primitive. Its leaves are the node's own operands. */
export const definition = ({ term: { op, inputs, params } }: Apply): Expr | undefined =>
  op._tag === 'Composite' ? op.define($)(inputs, params) : undefined

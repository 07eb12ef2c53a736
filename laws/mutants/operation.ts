/** Operations with one thing wrong: a derivative, a definition, a batching rule, a lowering. */
import { f64 } from '../../src/measure/Close.ts'
import type { Params } from '../../src/core/Expr.ts'
import { primitive, type Primitive } from '../../src/core/Op.ts'
import { $, ops } from '../../src/ops/registry.ts'
import type { Mutant } from '../Laws.ts'
import { operation } from '../operation.ts'
import { wrongProducts } from './derivative.ts'
import { offByAThousandth, wrongComposites } from './graph.ts'

const mul = ops['mul'] as Primitive<Params>

/** A product that gives every row the result of the first operands. */
const ofOneRow = primitive({
  ...mul,
  batch:
    () =>
    ({ output, rows }) =>
      $.broadcast(output, { shape: [rows, ...output.shape], axes: output.shape.map((_, i) => i + 1) })
})

export const operationMutants: ReadonlyArray<Mutant> = [
  ...[...wrongProducts, ...wrongComposites].map(({ name, brokenLaw, op }) => ({
    name,
    brokenLaw: `${op.name}: ${brokenLaw}`,
    laws: operation(op)
  })),
  {
    name: 'a rule for rows that does one',
    brokenLaw: 'mul: vmap is the function of each row',
    laws: operation(ofOneRow)
  },
  {
    name: 'a device that is a thousandth off',
    brokenLaw: 'mul: agrees with the meaning',
    laws: operation(mul, { run: offByAThousandth, close: f64 })
  }
]

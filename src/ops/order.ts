/**
 * Order: a value that is to be computed only when another is there. It means what its first operand means; to a
 * compiler it is a different value, which must not be merged with the first or moved before the second.
 */
import type { DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import { primitive, type Op } from '../core/Op.ts'
import type { Shape } from '../core/Shape.ts'
import { unchanged } from './batch.ts'
import { draw } from './draw.ts'
import { only } from './view.ts'

declare module '../core/Op.ts' {
  interface Builder {
    readonly after: <D extends DType, S extends Shape>(x: Expr<D, S>, other: Expr) => Expr<D, S>
  }
}

export const after: Op = primitive<object, 2>({
  name: 'after',
  equation: 'x, computed after the other operand',
  arity: 2,
  typing: ([x]) => x,
  examples: [
    {
      params: {},
      inputs: [draw([2, 3]), draw([2])]
    }
  ],
  meaning: only,
  vjp:
    () =>
    ({ cotangent: g }) => [g, undefined],
  jvp:
    () =>
    ({ tangents: [v] }) =>
      v,
  batch: unchanged,
  wgsl: { _tag: 'Map', element: ({ at, load }) => load(0, at) },
  onnx:
    (g) =>
    ({ inputs: [x] }) =>
      g.node('Identity', [g.full(x)])
})

/** What rules look for in a graph. */
import { isApply, type Apply, type Expr, type Type } from '../../core/Expr.ts'
import { isFloat } from '../../core/DType.ts'
import { equal, size, type Shape } from '../../core/Shape.ts'
import * as binary from '../../ops/binary.ts'
import { $, type BroadcastTo } from '../../ops/registry.ts'
import * as select from '../../ops/select.ts'
import * as unary from '../../ops/unary.ts'
import type { Op } from '../../core/Op.ts'
import type { Rule } from '../rewrite.ts'

/** The operations that compute each element by itself. */
export const pointwise: ReadonlyArray<string> = [unary, binary, select]
  .flatMap((family): ReadonlyArray<Op> => Object.values(family))
  .map((op) => op.name)

export const typeOf = ({ dtype, shape }: Type): Type => ({ dtype, shape })

export const is = (node: Expr | undefined, op: string): node is Apply =>
  node !== undefined && isApply(node) && node.term.op.name === op

/** The operands of a node of `op`; `undefined` for any other. */
export const under = (node: Expr | undefined, op: string): ReadonlyArray<Expr> | undefined =>
  is(node, op) ? node.term.inputs : undefined

/** A rule on nodes of one operand, which is what it mostly needs. */
export const onUnary = <P>(
  name: string,
  on: string | ReadonlyArray<string>,
  rewrite: (x: Expr, params: P, node: Apply) => Expr | undefined
): Rule => ({
  name,
  on: typeof on === 'string' ? [on] : on,
  rewrite: (node) => {
    const [x] = node.term.inputs
    return x && rewrite(x, node.term.params as P, node)
  }
})

export const onBinary = (
  name: string,
  on: string,
  rewrite: (x: Expr, y: Expr, node: Apply) => Expr | undefined
): Rule => ({
  name,
  on: [on],
  rewrite: (node) => {
    const [x, y] = node.term.inputs
    return x && y && rewrite(x, y, node)
  }
})

/** A rule on a commutative operation, which looks at the operands in both orders. */
export const onPair = (name: string, on: string, rewrite: (x: Expr, y: Expr) => Expr | undefined): Rule =>
  onBinary(name, on, (x, y) => rewrite(x, y) ?? rewrite(y, x))

// places ---------------------------------------------------------------------------------

/** A number of a list by its place; where there is none, it is none. */
export const nth = (list: ReadonlyArray<number>, place: number): number => list[place] ?? NaN

/** The numbers at places. */
export const pick = (list: ReadonlyArray<number>, places: ReadonlyArray<number>): ReadonlyArray<number> =>
  places.map((place) => nth(list, place))

// repetition -----------------------------------------------------------------------------

/** A value repeated along axes: `source` stands at `axes` of the shape. */
export interface Repeated {
  readonly source: Expr
  readonly axes: ReadonlyArray<number>
}

export const repeated = (node: Expr): Repeated | undefined => {
  if (node.shape.length === 0) return { source: node, axes: [] }
  if (!is(node, 'broadcast')) return undefined
  const source = node.term.inputs[0]
  return source && { source, axes: (node.term.params as BroadcastTo).axes }
}

/** The scalar that every element is. */
export const splat = (node: Expr): Expr | undefined => {
  const found = repeated(node)
  return found !== undefined && found.source.shape.length === 0 ? found.source : undefined
}

/** The number that every element is, where the program says which. */
export const numberOf = (node: Expr): number | undefined => {
  const scalar = splat(node)
  return scalar?.term._tag === 'Constant' ? scalar.term.value.data[0] : undefined
}

export const isNumber =
  (value: number) =>
  (node: Expr): boolean =>
    numberOf(node) === value

/** Fewer elements to compute than to read. */
export const isSmaller = ({ source }: Repeated, shape: Shape): boolean => size(source.shape) < size(shape)

/** Whether two values repeat in the same way. */
export const sameFrame = (a: Repeated, b: Repeated): boolean =>
  equal(a.axes, b.axes) && equal(a.source.shape, b.source.shape)

/** A scalar repeated to a type. */
export const spread = (scalar: Expr, { shape }: Type): Expr =>
  shape.length === 0 ? scalar : $.broadcast(scalar, { shape, axes: [] })

// numbers --------------------------------------------------------------------------------

export const float = (node: Expr): boolean => isFloat(node.dtype)

export const rescaled = (x: Expr, factor: number): Expr => $.mul(x, $.fill(factor, x))

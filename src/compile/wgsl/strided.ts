/** Contractions as products of matrices, and operands as stored values with strides. */
import { isFloat } from '../../core/DType.ts'
import type { Apply, Expr } from '../../core/Expr.ts'
import { RA } from '../../core/fp.ts'
import type { At } from '../../core/Lowering.ts'
import { size, type Shape } from '../../core/Shape.ts'
import { freeOf, sizesOf, type Contract, type Side, type Sizes } from '../../ops/contract.ts'
import { fromAxes, fromLinear } from '../../ops/place.ts'
import { pick } from '../rules/match.ts'
import { coefficient, without, type Index } from './Index.ts'
import { inliner } from './inline.ts'

// products -------------------------------------------------------------------------------

export interface Product {
  readonly core: Apply
  readonly operands: readonly [Expr, Expr]
  readonly params: Contract
  readonly sizes: Sizes
}

export const productOf = (core: Apply): Product => {
  const params = core.term.params as Contract
  // Its typing rule has seen that there are two.
  const operands = core.term.inputs as readonly [Expr, Expr]
  const [x, y] = operands
  return { core, operands, params, sizes: sizesOf(x.shape, y.shape, params) }
}

/** Multiplications below which a tile is not worth its compilation. */
const small = 4096

export const suitsTiles = ({ core, sizes: { batch, m, n, k } }: Product): boolean =>
  isFloat(core.dtype) && n >= 4 && m >= 2 && k >= 4 && batch * m * n * k >= small && batch <= 65535 && m <= 16 * 65535

// places ---------------------------------------------------------------------------------

/** The element of an operand at its batch, free and shared coordinates, each given as one linear index. */
export const placeOf = (shape: Shape, side: Side, batch: string, free: string, over: string): At => {
  const parts = [
    [side.batch, batch],
    [freeOf(shape, side), free],
    [side.over, over]
  ] as const
  const axes = parts
    .flatMap(([group, linear]) => RA.zip(group, fromLinear(pick(shape, group), linear).axes()))
    .sort(([a], [b]) => a - b)
  return fromAxes(
    shape,
    axes.map(([, text]) => text)
  )
}

// strides --------------------------------------------------------------------------------

export interface Strided {
  readonly leaf: Expr
  /** `z = n · digit + m` begins at `n · outer + m · inner + start`. */
  readonly batch: readonly [digit: number, outer: number, inner: number, start: number]
  readonly free: number
  readonly over: number
}

/** The part of an index that depends on the batch, as one or two digits of `z`. */
const batchOf = ({ constant, terms }: Index): Strided['batch'] | undefined => {
  const [first, second] = [...terms].sort((a, b) => b.divide - a.divide)
  if (terms.some((t) => t.base !== 'z' || t.times < 0) || constant < 0) return undefined
  if (first === undefined) return [1, 0, 0, constant]
  if (second === undefined)
    return first.divide === 1 && first.modulo === Infinity ? [1, first.times, 0, constant] : undefined
  const digits =
    terms.length === 2 && first.modulo === Infinity && second.divide === 1 && second.modulo === first.divide
  return digits ? [first.divide, first.times, second.times, constant] : undefined
}

/** The operand as a stored value with strides, if it is a view of one and no more. */
export const stridedOf = (
  stored: (node: Expr) => boolean,
  operand: Expr,
  side: Side,
  sizes: { readonly batch: number; readonly free: number; readonly over: number }
): Strided | undefined => {
  const seen: Array<readonly [Expr, Index]> = [] // local
  const read = (leaf: Expr, index: Index): string => `seen${seen.push([leaf, index])}`
  const ranges = new Map([
    ['z', sizes.batch - 1],
    ['f', sizes.free - 1],
    ['k', sizes.over - 1]
  ])
  const inside = inliner({ ranges, stored, read, held: new Map() })
  const text = inside.value(operand, placeOf(operand.shape, side, 'z', 'f', 'k'))
  const [first, ...others] = seen
  if (first === undefined || others.length > 0 || text !== 'seen1') return undefined
  const [leaf, index] = first
  const free = coefficient(index, 'f')
  const over = coefficient(index, 'k')
  const batch = batchOf(without(without(index, 'f'), 'k'))
  return free === undefined || over === undefined || free < 0 || over < 0 || batch === undefined || leaf.dtype !== 'f32'
    ? undefined
    : { leaf, batch, free, over }
}

/** Whether columns of the right operand can be loaded as whole vectors. */
export const inRow = ({ leaf, batch: [, outer, inner, start], free, over }: Strided, n: number): boolean =>
  free === 1 && [n, size(leaf.shape), outer, inner, start, over].every((s) => s % 4 === 0)

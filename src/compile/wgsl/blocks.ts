/**
 * Cumulative sums of long lines. A kernel adds up to every place what is before it, which is the square of the length;
 * in blocks of about the root of the length it is the length times its root: sums within the blocks, and what the blocks
 * before hold together.
 */
import type { Apply, Expr } from '../../core/Expr.ts'
import { sizeAt, type Shape } from '../../core/Shape.ts'
import { $ } from '../../ops/registry.ts'
import { behind, type Scan } from '../../ops/scan.ts'

/** Longer lines are added up in blocks. */
const longest = 128

/** The shape with `sizes` in place of one axis. */
const inPlaceOf = (shape: Shape, axis: number, sizes: Shape): Shape => [
  ...shape.slice(0, axis),
  ...sizes,
  ...shape.slice(axis + 1)
]

/** Zeros after the last element along an axis; fewer than none cut. */
const extended = (x: Expr, axis: number, by: number): Expr => {
  const none = x.shape.map(() => 0)
  return $.pad(x, { low: none, high: none.with(axis, by), interior: none, value: 0 })
}

const inBlocks = (x: Expr, { axis, reverse }: Scan): Expr => {
  const length = sizeAt(x.shape, axis)
  const width = Math.ceil(Math.sqrt(length))
  const count = Math.ceil(length / width)
  const excess = count * width - length
  const whole = extended(x, axis, excess)
  const blocks = $.reshape(whole, { shape: inPlaceOf(x.shape, axis, [count, width]) })
  const through = $.cumulativeSum($.sum(blocks, { axes: [axis + 1] }), { axis, reverse })
  const before = behind($, through, 1, { axis, reverse }, 0)
  const offsets = $.broadcast(before, { shape: blocks.shape, axes: x.shape.map((_, i) => (i <= axis ? i : i + 1)) })
  const sums = $.add($.cumulativeSum(blocks, { axis: axis + 1, reverse }), offsets)
  return extended($.reshape(sums, { shape: whole.shape }), axis, -excess)
}

/** A long cumulative sum as sums of blocks, of which none is longer than its root; `undefined` for anything else. */
export const blocked = ({ term: { op, inputs, params } }: Apply): Expr | undefined =>
  inputs[0] !== undefined && op.name === 'cumulativeSum' && sizeAt(inputs[0].shape, (params as Scan).axis) > longest
    ? inBlocks(inputs[0], params as Scan)
    : undefined

import { expect, it } from 'vitest'
import { expand } from '../../../src/compile/wgsl/expand.ts'
import { isApply, literal, topological, type Expr } from '../../../src/core/Expr.ts'
import { sizeAt } from '../../../src/core/Shape.ts'
import { generate, type Tensor } from '../../../src/core/Tensor.ts'
import { $ } from '../../../src/ops/registry.ts'
import type { Scan } from '../../../src/ops/scan.ts'
import { onEveryTarget } from '../../ops/onTargets.ts'

/** How many elements the longest cumulative sum of a graph adds up. */
const longest = (root: Expr): number =>
  topological(expand([root]))
    .filter(isApply)
    .reduce(
      (most, { term, shape }) =>
        term.op.name === 'cumulativeSum' ? Math.max(most, sizeAt(shape, (term.params as Scan).axis)) : most,
      0
    )

/** Small whole numbers, whose sums are exact in any order. */
const whole = (shape: ReadonlyArray<number>): Tensor => generate('f32', shape, (i) => ((i * 7919) % 11) - 5)

it('a long line is added up in blocks of no more than its root, and these likewise', () => {
  expect(longest($.cumulativeSum(literal(whole([100])), { axis: 0, reverse: false }))).toBe(100)
  expect(longest($.cumulativeSum(literal(whole([2, 10_000])), { axis: 1, reverse: true }))).toBe(100)
  expect(longest($.cumulativeSum(literal(whole([40_001])), { axis: 0, reverse: false }))).toBeLessThanOrEqual(128)
})

/** Sums along an axis by a walk over the elements: each is added to its neighbour's sum. */
const walked = (data: ReadonlyArray<number>, length: number, step: number, reverse: boolean): ReadonlyArray<number> => {
  const sums = [...data] // local
  const places = reverse ? [...sums.keys()].reverse() : sums.keys()
  for (const i of places) {
    const place = Math.floor(i / step) % length
    if (place !== (reverse ? length - 1 : 0)) sums[i] = (sums[i] ?? NaN) + (sums[reverse ? i + step : i - step] ?? NaN)
  }
  return sums
}

await onEveryTarget('cumulative sums of long lines', (numbers) => {
  for (const reverse of [false, true])
    for (const [shape, axis, step] of [
      [[3, 1009], 1, 1],
      [[257, 2], 0, 2],
      [[5003], 0, 1]
    ] as const)
      it(`of [${shape}] along ${axis}${reverse ? ', from the end' : ''}, are those of the line`, async () => {
        const value = whole(shape)
        const x = literal(value)

        expect(await numbers($.cumulativeSum(x, { axis, reverse }))).toEqual(
          walked(Array.from(value.data), sizeAt(shape, axis), step, reverse)
        )
      })
})

/**
 * Rotary positions in three axes: consecutive elements of a head are pairs, and pairs turn by angles that are the
 * token's frame, row or column times a falling ladder of rates.
 *
 * Laws: `test/nn/rope.test.ts` (lengths are kept; products depend on differences of positions).
 * Source: `rope_params`, `rope_apply` of Wan2.1; Su et al. 2021 (arXiv 2104.09864).
 */
import { literal } from '../core/Expr.ts'
import { range, size } from '../core/Shape.ts'
import { tensor } from '../core/Tensor.ts'
import { reshape, rope } from '../ops/api.ts'
import type { Real } from './params.ts'

/** Tokens of a clip along frames, rows and columns. */
export type Grid = readonly [frames: number, height: number, width: number]

/** Of every token and pair, `[tokens, pairs]`; where samples differ, of all tokens of the batch in turn. */
export interface Rotation {
  readonly cos: Real
  readonly sin: Real
}

/** Pairs of a head along frames, rows and columns: frames take what does not divide by three. */
export const pairsOf = (headDim: number): Grid => {
  const pairs = headDim / 2
  const third = Math.floor(pairs / 3)
  return [pairs - 2 * third, third, third]
}

/** Radians of pair `k` from one place to the next, on an axis that `n` pairs belong to. */
export const ropeRate = (n: number, k: number): number => 10000 ** (-k / n)

/** The axis and the rate of every pair. */
const ladder = (headDim: number): ReadonlyArray<{ readonly axis: number; readonly rate: number }> =>
  pairsOf(headDim).flatMap((n, axis) => range(n).map((k) => ({ axis, rate: ropeRate(n, k) })))

/** The place of a token in its grid, row-major. */
const place = ([, height, width]: Grid, token: number): Grid => [
  Math.floor(token / (height * width)),
  Math.floor(token / width) % height,
  token % width
]

/** The angles of every token and pair; tokens beyond the grid do not turn. */
const angles = (headDim: number, grid: Grid, tokens: number): ReadonlyArray<number> => {
  const rates = ladder(headDim)
  return range(tokens).flatMap((token) => {
    const at = place(grid, token)
    return rates.map(({ axis, rate }) => (token < size(grid) ? (at[axis] ?? NaN) * rate : 0))
  })
}

/** The turns of a batch of grids, one for each sample or one for all, each filled up to `tokens` with no turn at all. */
export const rotationOf = (headDim: number, grids: ReadonlyArray<Grid>, tokens: number): Rotation => {
  const all = grids.flatMap((grid) => angles(headDim, grid, tokens))
  const table = (f: (angle: number) => number): Real =>
    literal(tensor('f32', [grids.length * tokens, headDim / 2], Float64Array.from(all, f))) as Real
  return { cos: table(Math.cos), sin: table(Math.sin) }
}

/** Turns every pair: `(a, b)` to `(a cos − b sin, a sin + b cos)`; `x` is `[batch, tokens, heads, head width]`. */
export const rotate =
  ({ cos, sin }: Rotation) =>
  (x: Real): Real => {
    const [batch = 1, tokens = 1, ...rest] = x.shape
    return cos.shape[0] === tokens
      ? rope(x, cos, sin)
      : reshape(x.shape)(rope(reshape([1, batch * tokens, ...rest])(x), cos, sin))
  }

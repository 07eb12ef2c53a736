/** Values to draw: tensors from the domains that operations declare, points, times. */
import * as fc from 'fast-check'
import { isFloat } from '../src/core/DType.ts'
import type { Draw } from '../src/core/Op.ts'
import { size } from '../src/core/Shape.ts'
import { elementAt, generate, tensor, type Tensor } from '../src/core/Tensor.ts'
import type { Vector } from './Laws.ts'

const cells = 2 ** 20

/** A number of the interval, uniform, shrinking to its middle. See Note [Uniform]. */
export const between = (min: number, max: number): fc.Arbitrary<number> =>
  fc
    .integer({ min: -cells, max: cells })
    .map((i) => Math.min(max, Math.max(min, (min + max) / 2 + (i / cells) * ((max - min) / 2))))

/** A point whose coordinates are of the interval. */
export const vector = (dimensions: number, min = -2, max = 2): fc.Arbitrary<Vector> =>
  fc.array(between(min, max), { minLength: dimensions, maxLength: dimensions })

const element = ({ dtype, min, max }: Draw): fc.Arbitrary<number> =>
  dtype === 'f32' || dtype === 'f16' || dtype === 'bf16' ? between(min, max) : fc.integer({ min, max })

const asTensor =
  ({ dtype, shape }: Draw) =>
  (values: ReadonlyArray<number>): Tensor =>
    tensor(dtype, shape, Float64Array.from(values))

const independent = (draw: Draw): fc.Arbitrary<Tensor> =>
  fc.array(element(draw), { minLength: size(draw.shape), maxLength: size(draw.shape) }).map(asTensor(draw))

/** Distinct shares of a range, no two closer than `apart`: a shuffled grid, each point moved within its cell. */
const spaced = (n: number, apart: number): fc.Arbitrary<ReadonlyArray<number>> => {
  const places = Array.from({ length: n }, (_, i) => i)
  const room = Math.max(0, 1 / n - apart)
  return fc
    .tuple(
      fc.shuffledSubarray(places, { minLength: n, maxLength: n }),
      fc.array(between(0, 1), { minLength: n, maxLength: n })
    )
    .map(([order, moves]) => order.map((place, i) => place / n + room * (moves[i] ?? 0)))
}

/** Operands with `apart` are drawn together: no element of any is near an element of another. */
const together = (draws: ReadonlyArray<Draw>): fc.Arbitrary<ReadonlyArray<Tensor>> => {
  const total = draws.reduce((n, draw) => n + size(draw.shape), 0)
  const apart = draws.reduce((most, draw) => Math.max(most, draw.apart ?? 0), 0)
  return spaced(total, apart).map((shares) =>
    draws.map((draw, i) => {
      const start = draws.slice(0, i).reduce((n, before) => n + size(before.shape), 0)
      const own = shares.slice(start, start + size(draw.shape))
      return asTensor(draw)(own.map((share) => draw.min + share * (draw.max - draw.min)))
    })
  )
}

/** One tensor for each operand, where the operation is defined and smooth. */
export const operands = (draws: ReadonlyArray<Draw>): fc.Arbitrary<ReadonlyArray<Tensor>> =>
  draws.some((draw) => draw.apart !== undefined) ? together(draws) : fc.tuple(...draws.map(independent))

/** What stands in the place of an element, if anything. */
const unusual: fc.Arbitrary<number | undefined> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity) }
)

const scattered = (x: Tensor): fc.Arbitrary<Tensor> =>
  isFloat(x.dtype)
    ? fc
        .array(unusual, { minLength: x.data.length, maxLength: x.data.length })
        .map((places) => generate(x.dtype, x.shape, (i) => places[i] ?? elementAt(x.data, i)))
    : fc.constant(x)

/** Operands some of whose elements are infinite, or no numbers. */
export const unusualOperands: typeof operands = (draws) =>
  operands(draws).chain((values) => fc.tuple(...values.map(scattered)))

/** Directions: tensors of the same shapes, of size up to 1. */
export const directions = (draws: ReadonlyArray<Pick<Draw, 'shape'>>): fc.Arbitrary<ReadonlyArray<Tensor>> =>
  fc.tuple(...draws.map(({ shape }) => independent({ dtype: 'f32', shape, min: -1, max: 1 })))

/** A tensor as a counterexample shows it. */
export const showTensor = (x: Tensor): string => `[${x.shape}] ${Array.from(x.data).join(' ')}`

// Note [Uniform]
// `fc.double` is uniform over representations: nearly all doubles between -2 and 2 are tiny, products of them vanish, and
// a law about products holds for any mutant. Uniform over values, a sign error is found at once.

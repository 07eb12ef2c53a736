import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference, f64 } from '../../src/measure/Close.ts'
import { range, strides, type Shape } from '../../src/core/Shape.ts'
import { generate, type Tensor } from '../../src/core/Tensor.ts'
import {
  averagePool,
  constant,
  convolve,
  deconvolve,
  extend,
  fill,
  groupNorm,
  interpolateLinear,
  maxPool,
  mean,
  plainly,
  reshape,
  square,
  tiles,
  upsampleNearest,
  type Continuation,
  type Convolution
} from '../../src/ops/api.ts'
import { evaluated, faultsOf, numbers, varied } from './evaluated.ts'

const at = (x: Tensor, index: ReadonlyArray<number>): number =>
  index.every((i, axis) => i >= 0 && i < (x.shape[axis] ?? 0))
    ? (x.data[strides(x.shape).reduce((sum, step, axis) => sum + step * (index[axis] ?? 0), 0)] ?? NaN)
    : 0

const indexOf = (shape: Shape, linear: number): ReadonlyArray<number> =>
  strides(shape).map((step, i) => Math.floor(linear / step) % (shape[i] ?? 1))

/** The sum as the equation writes it, over two axes. */
const written = (x: Tensor, w: Tensor, { stride, padding, dilation, groups }: Convolution, shape: Shape): Tensor => {
  const [features = 0, channels = 0, ...box] = w.shape
  const terms = (box[0] ?? 1) * (box[1] ?? 1) * channels
  return generate('f32', shape, (i) => {
    const [n = 0, o = 0, ...place] = indexOf(shape, i)
    const group = Math.floor(o / (features / groups))
    return range(terms).reduce((sum, term) => {
      const [c = 0, ...k] = indexOf([channels, ...box], term)
      const from = place.map((p, a) => p * (stride[a] ?? 1) + (k[a] ?? 0) * (dilation[a] ?? 1) - (padding[a]?.[0] ?? 0))
      return sum + at(w, [o, c, ...k]) * at(x, [n, group * channels + c, ...from])
    }, 0)
  })
}

const axis = fc.record({
  box: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  before: fc.integer({ min: -1, max: 2 }),
  after: fc.integer({ min: -1, max: 2 }),
  extent: fc.integer({ min: 7, max: 9 })
})

describe('convolve', () => {
  it('is the sum that its equation says, whatever the settings', () => {
    fc.assert(
      fc.property(axis, axis, fc.integer({ min: 1, max: 2 }), (a, b, groups) => {
        const settings: Convolution = {
          stride: [a.stride, b.stride],
          dilation: [a.dilation, b.dilation],
          padding: [a, b].map(({ before, after }) => [before, after] as const),
          groups
        }
        const x = varied([2, 2 * groups, a.extent, b.extent])
        const w = varied([3 * groups, 2, a.box, b.box])

        const y = evaluated(convolve(settings)(x, w))

        expect(difference(f64, y, written(evaluated(x), evaluated(w), settings, y.shape))).toBeUndefined()
      }),
      { numRuns: 60 }
    )
  })

  it('says what does not fit, with the sizes as they were given', () => {
    const y = convolve(plainly(1))(varied([1, 3, 5]), varied([2, 2, 3]))

    expect(faultsOf(y)).toEqual([
      'convolve: [1,3,5] and weights [2,2,3] do not fit with stride [1], zeros [0] before and [0] after, dilation [1] and 1 group'
    ])
  })

  it('refuses weights that are larger than the space', () => {
    expect(faultsOf(convolve(plainly(1))(varied([1, 1, 2]), varied([1, 1, 3])))).toHaveLength(1)
  })
})

describe('deconvolve', () => {
  const byTwo: Convolution = { ...plainly(1), stride: [2] }

  it('gives the smallest space by default and the one that is asked for', () => {
    const [y, w] = [varied([1, 1, 3]), varied([1, 1, 2])]

    expect(deconvolve(byTwo)(y, w).shape).toEqual([1, 1, 6])
    expect(deconvolve(byTwo, [7])(y, w).shape).toEqual([1, 1, 7])
    expect(faultsOf(deconvolve(byTwo, [8])(y, w))).toHaveLength(1)
  })

  it('spreads every element over a box', () => {
    const y = deconvolve(byTwo)(constant([1, 1, 2], [1, 10]), constant([1, 1, 3], [1, 2, 3]))

    expect(numbers(y)).toEqual([1, 2, 13, 20, 30])
  })
})

describe('pooling', () => {
  const overlapping = { box: [3, 3], stride: [2, 2], padding: [[1, 1] as const, [1, 1] as const] }

  it('leaves a constant as it is where only the space counts', () => {
    expect(numbers(averagePool(overlapping, 'space')(fill(1, [1, 1, 5, 5])))).toEqual(
      range(9).map(() => expect.closeTo(1, 12) as number)
    )
  })

  it('counts the padding where the box counts', () => {
    expect(numbers(averagePool(overlapping)(fill(9, [1, 1, 5, 5])))).toEqual(
      [4, 6, 4, 6, 9, 6, 4, 6, 4].map((n) => expect.closeTo(n, 12) as number)
    )
  })

  it('never finds the largest element in the padding', () => {
    expect(numbers(maxPool(overlapping)(fill(-5, [1, 1, 3, 3])))).toEqual([-5, -5, -5, -5])
  })

  it('finds the largest element of overlapping boxes', () => {
    const x = constant([1, 1, 5], [1, 4, 2, 3, 0])

    expect(numbers(maxPool({ box: [2], stride: [1], padding: [[0, 0]] })(x))).toEqual([4, 4, 3, 3])
  })

  it('leaves out what lies behind the last whole box', () => {
    expect(numbers(maxPool(tiles([2]))(constant([1, 1, 5], [1, 2, 3, 4, 9])))).toEqual([2, 4])
  })

  it('undoes nearest upsampling', () => {
    const x = varied([2, 3, 2, 3, 2])

    const y = averagePool(tiles([1, 2, 3]))(upsampleNearest([1, 2, 3])(x))

    expect(difference(f64, evaluated(y), evaluated(x))).toBeUndefined()
  })
})

describe('extend', () => {
  const continuations: ReadonlyArray<readonly [Continuation, ReadonlyArray<number>]> = [
    ['replicate', [1, 1, 1, 2, 3, 3, 3, 3]],
    ['reflect', [3, 2, 1, 2, 3, 2, 1, 2]],
    ['circular', [2, 3, 1, 2, 3, 1, 2, 3]]
  ]

  it.each(continuations)('goes on with %s', (continuation, expected) => {
    expect(numbers(extend(continuation, [[2, 3]])(constant([3], [1, 2, 3])))).toEqual(expected)
  })
})

describe('groupNorm', () => {
  it('gives every group zero mean and unit variance', () => {
    const groups = reshape([2, 3, -1])(groupNorm(3, 0)(varied([2, 6, 3, 2])))

    expect(numbers(mean([2])(groups))).toEqual(range(6).map(() => expect.closeTo(0, 12) as number))
    expect(numbers(mean([2])(square(groups)))).toEqual(range(6).map(() => expect.closeTo(1, 12) as number))
  })
})

describe('interpolateLinear', () => {
  it('keeps straight lines straight between aligned corners', () => {
    const y = interpolateLinear([7], 'corners')(constant([1, 1, 3], [0, 6, 12]))

    numbers(y).forEach((value, i) => expect(value).toBeCloseTo(2 * i, 12))
  })

  it('takes the middles of its elements where ends are aligned', () => {
    expect(numbers(interpolateLinear([4])(constant([1, 1, 2], [0, 4])))).toEqual([0, 1, 3, 4])
    expect(numbers(interpolateLinear([2])(constant([1, 1, 4], [0, 2, 4, 6])))).toEqual([1, 5])
  })

  it('is the mean of four neighbours over two axes', () => {
    const x = constant([1, 1, 2, 2], [0, 1, 2, 7])

    expect(numbers(interpolateLinear([3, 3], 'corners')(x))).toEqual([0, 0.5, 1, 1, 2.5, 4, 2, 4.5, 7])
    expect(interpolateLinear([2, 5, 3])(fill(1, [1, 2, 1, 4, 4])).shape).toEqual([1, 2, 2, 5, 3])
  })
})

describe('pooling with dilation', () => {
  it('takes elements that are apart', () => {
    const x = constant([1, 1, 5], [1, 2, 30, 4, 5])
    const apart = { box: [2], stride: [1], padding: [[0, 0]] as const, dilation: [2] }

    expect(numbers(maxPool(apart)(x))).toEqual([30, 4, 30])
    expect(numbers(averagePool(apart)(x))).toEqual([15.5, 3, 17.5])
    expect(numbers(averagePool({ ...apart, padding: [[1, 0]] }, 'space')(x))).toEqual([2, 15.5, 3, 17.5])
  })
})

import { describe, expect, it } from 'vitest'
import { key } from '../../src/core/Key.ts'
import { tensor } from '../../src/core/Tensor.ts'
import {
  add,
  attention,
  broadcastTo,
  clamp,
  concat,
  constant,
  dropout,
  embed,
  expandDims,
  expect as expectShape,
  flip,
  leakyRelu,
  logSoftmax,
  maskedSoftmax,
  matmul,
  mean,
  min,
  narrow,
  normal,
  normalise,
  offset,
  pad,
  reshape,
  rmsNormalise,
  slice,
  softmax,
  split,
  splitKey,
  stack,
  sub,
  transpose,
  uniform,
  variance,
  type Expr
} from '../../src/ops/api.ts'
import { advance, blend, complement, divide, retreat, weigh } from '../../src/ops/perSample.ts'
import { pipe } from '../../src/core/fp.ts'
import { evaluated, faultsOf, numbers, varied } from './evaluated.ts'

const x = constant([2, 3], [1, 2, 3, 4, 5, 6])
const words = embed(tensor('u32', [2], Uint32Array.from(key(5)))) as Expr<'u32'>

const near = (values: ReadonlyArray<number>) => values.map((v) => expect.closeTo(v, 6) as number)

describe('views', () => {
  it('take one axis of unknown size and negative axes', () => {
    expect(reshape([3, -1])(x).shape).toEqual([3, 2])
    expect(transpose([-1, 0])(x).shape).toEqual([3, 2])
    expect(expandDims(-1)(x).shape).toEqual([2, 3, 1])
    expect(numbers(flip([-1])(x))).toEqual([3, 2, 1, 6, 5, 4])
  })

  it('cut parts that join to the whole', () => {
    const parts = split(3, -1)(x)

    expect(parts.map(numbers)).toEqual([
      [1, 4],
      [2, 5],
      [3, 6]
    ])
    expect(numbers(concat(-1)(parts))).toEqual(numbers(x))
    expect(numbers(narrow(-1, 1, 3)(x))).toEqual([2, 3, 5, 6])
    expect(
      numbers(
        slice([
          [0, 2, 1],
          [0, 3, 2]
        ])(x)
      )
    ).toEqual([1, 3, 4, 6])
  })

  it('say that parts are not equal', () => {
    expect(faultsOf(split(2, 1)(x)[0]!)).toEqual(['split: 2 equal parts along axis 1 are not in [2,3]'])
  })

  it('put operands side by side, and margins around them', () => {
    expect(stack(0)([x, x]).shape).toEqual([2, 2, 3])
    expect(stack(-1)([x, x]).shape).toEqual([2, 3, 2])
    expect(
      numbers(
        pad(
          [
            [0, 0],
            [1, -1]
          ],
          9
        )(x)
      )
    ).toEqual([9, 1, 2, 9, 4, 5])
    expect(numbers(broadcastTo([2, 2, 3])(x))).toEqual([...numbers(x), ...numbers(x)])
  })

  it('are held to a shape that was promised', () => {
    expect(numbers(expectShape([2, 3])(x))).toEqual(numbers(x))
    expect(faultsOf(expectShape([3, 2])(x))).toEqual(['expect: shape is [2,3], not [3,2]'])
  })
})

describe('elementwise constructors', () => {
  it('hold values between two', () => {
    expect(numbers(clamp(2, 5)(x))).toEqual([2, 2, 3, 4, 5, 5])
  })

  it('have a slope below zero', () => {
    expect(numbers(leakyRelu(0.5)(offset(-3)(x)))).toEqual([-1, -0.5, 0, 1, 2, 3])
  })

  it('pipe, with the second operand given first', () => {
    expect(numbers(pipe(x, sub(constant([3], [1, 1, 1]))))).toEqual([0, 1, 2, 3, 4, 5])
  })
})

describe('reductions', () => {
  it('keep the axes they reduce where that is wanted', () => {
    expect(mean([1], 'kept')(x).shape).toEqual([2, 1])
    expect(numbers(mean('all')(x))).toEqual([3.5])
    expect(numbers(variance([1])(x))).toEqual(near([2 / 3, 2 / 3]))
    expect(numbers(min([-1])(x))).toEqual([1, 4])
  })
})

describe('normalisations', () => {
  it('sum to one', () => {
    expect(numbers(softmax(-1)(x)).reduce((a, b) => a + b)).toBeCloseTo(2)
    expect(numbers(logSoftmax(1)(x)).map(Math.exp)).toEqual(near(numbers(softmax(1)(x))))
  })

  it('leave out what is masked', () => {
    const mask = embed(tensor('bool', [3], Uint8Array.of(1, 0, 1))) as Expr<'bool'>
    const [a = NaN, b = NaN, c = NaN] = numbers(maskedSoftmax(1)(x, mask))

    expect([b, a + c]).toEqual(near([0, 1]))
  })

  it('have the moments they say', () => {
    const y = normalise(0)(x)

    expect(numbers(mean([1])(y))).toEqual(near([0, 0]))
    expect(numbers(variance([1])(y))).toEqual(near([1, 1]))
    expect(numbers(rmsNormalise(0)(constant([2], [3, 4])))).toEqual(near([3, 4].map((v) => v / Math.sqrt(12.5))))
  })
})

describe('attention', () => {
  const [q, k, v] = [varied([1, 2, 1, 3]), varied([1, 4, 1, 3]), varied([1, 4, 1, 3])]

  it('attends to one key alone where a bias masks the others', () => {
    const bias = constant([4], [-1e9, 0, -1e9, -1e9])

    expect(numbers(attention(q, k, v, bias)).slice(0, 3)).toEqual(near(numbers(narrow(1, 1, 2)(v))))
  })

  it('is the mean of the values where all keys are alike', () => {
    const same = broadcastTo([1, 4, 1, 3])(narrow(1, 0, 1)(k))

    expect(numbers(attention(q, same, v)).slice(0, 3)).toEqual(near(numbers(mean([1])(v))))
  })
})

describe('matmul', () => {
  it('multiplies every matrix of a stack', () => {
    const a = varied([2, 3, 4])

    expect(matmul(a, varied([2, 4, 5])).shape).toEqual([2, 3, 5])
    expect(numbers(narrow(0, 1, 2)(matmul(a, broadcastTo([2, 4, 5])(varied([4, 5])))))).toEqual(
      near(numbers(narrow(0, 1, 2)(matmul(a, varied([4, 5])))))
    )
  })

  it('says in its own words what does not fit', () => {
    const wrong = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): ReadonlyArray<string> =>
      faultsOf(matmul(varied(a), varied(b)))

    expect([wrong([3], [3, 2]), wrong([2, 3], [3]), wrong([2, 3], [4, 2]), wrong([2, 2, 3], [3, 3, 2])]).toEqual([
      ['matmul: left operand needs at least 2 axes, got [3]'],
      ['matmul: right operand needs at least 2 axes, got [3]'],
      ['matmul: inner sizes differ, [2,3] x [4,2]'],
      ['matmul: leading axes differ, [2,2,3] x [3,3,2]']
    ])
  })
})

describe('random numbers', () => {
  it('are of the interval, and differ from key to key', () => {
    const [a, b] = splitKey(2)(words)
    const [u, w] = [numbers(uniform([50])(a!)), numbers(uniform([50])(b!))]

    expect(u.every((n) => n >= 0 && n < 1)).toBe(true)
    expect(u).not.toEqual(w)
  })

  it('that are normal have mean 0 and variance 1, for an odd number of them too', () => {
    const n = numbers(normal([999])(words))
    const average = n.reduce((s, v) => s + v, 0) / n.length

    expect(evaluated(normal([3, 3])(words)).shape).toEqual([3, 3])
    expect(Math.abs(average)).toBeLessThan(0.1)
    expect(n.reduce((s, v) => s + (v - average) ** 2, 0) / n.length).toBeCloseTo(1, 0)
  })

  it('that drop nothing leave everything', () => {
    expect(dropout(0)(words)(x)).toBe(x)
  })
})

describe('numbers of samples', () => {
  const k = constant([2], [2, 4])

  it('are one for all, or one for each', () => {
    expect(numbers(weigh(3)(x))).toEqual([3, 6, 9, 12, 15, 18])
    expect(numbers(weigh(k)(x))).toEqual([2, 4, 6, 16, 20, 24])
    expect(numbers(divide(2)(x))).toEqual(near([0.5, 1, 1.5, 2, 2.5, 3]))
    expect(numbers(divide(k)(x))).toEqual(near([0.5, 1, 1.5, 1, 1.25, 1.5]))
  })

  it('blend, and are exact at both ends', () => {
    const y = constant([2, 3], [9, 9, 9, 9, 9, 9])

    expect(numbers(blend(1, x, y))).toEqual(numbers(x))
    expect(numbers(blend(0, x, y))).toEqual(numbers(y))
    expect(numbers(blend(constant([2], [1, 0]), x, y))).toEqual([1, 2, 3, 9, 9, 9])
    expect(complement(0.25)).toBe(0.75)
  })

  it('move there and back', () => {
    expect(numbers(retreat(advance(x, k, x), k, x))).toEqual(numbers(x))
    expect(numbers(add(x, x))).toEqual(numbers(advance(x, 1, x)))
  })
})

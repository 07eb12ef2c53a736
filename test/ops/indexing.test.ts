import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference, f64 } from '../../src/measure/Close.ts'
import {
  add,
  argmax,
  argmin,
  constant,
  contract,
  cos,
  cumulativeSum,
  mul,
  oneHot,
  roll,
  rope,
  scatterAdd,
  sin,
  square,
  sum,
  take,
  takeAlong,
  topK
} from '../../src/ops/api.ts'
import { evaluated, faultsOf, ints, numbers, varied } from './evaluated.ts'

const indices = (below: number) => fc.array(fc.integer({ min: 0, max: below - 1 }), { minLength: 1, maxLength: 6 })

describe('take', () => {
  it('is the product of one-hot rows with the table', () => {
    fc.assert(
      fc.property(indices(4), (values) => {
        const [table, places] = [varied([4, 3]), ints([values.length], values)]

        const taken = take(0)(table, places)
        const product = contract({ batch: [], over: [1] }, { batch: [], over: [0] })(oneHot(4)(places), table)

        expect(difference(f64, evaluated(taken), evaluated(product))).toBeUndefined()
      })
    )
  })

  it('puts the axes of the indices in place of the axis', () => {
    expect(take(1)(varied([2, 5, 3]), ints([4, 2], [0, 1, 2, 3, 4, 0, 1, 2])).shape).toEqual([2, 4, 2, 3])
  })

  it('clips an index that is out of range', () => {
    expect(numbers(take(0)(constant([3], [10, 20, 30]), ints([3], [-7, 1, 9])))).toEqual([10, 20, 30])
  })

  it('refuses indices that are not integers', () => {
    expect(faultsOf(take(0)(varied([3]), varied([2]) as never))).toEqual(['take: needs i32 indices, got f32'])
  })
})

describe('scatterAdd', () => {
  it('adds up values of equal index and loses none', () => {
    const values = constant([5], [1, 2, 3, 4, 5])

    expect(numbers(scatterAdd(0, 4)(values, ints([5], [2, 0, 2, 3, 2])))).toEqual([2, 0, 9, 4])
  })
})

describe('takeAlong', () => {
  it('takes every element by its own index', () => {
    const x = constant([2, 3], [1, 2, 3, 4, 5, 6])

    expect(numbers(takeAlong(1)(x, ints([2, 2], [2, 0, 1, 1])))).toEqual([3, 1, 5, 5])
    expect(numbers(takeAlong(0)(x, ints([1, 2], [1, 0])))).toEqual([4, 2])
  })
})

describe('oneHot', () => {
  it('is zero everywhere for an index that is out of range', () => {
    expect(numbers(oneHot(3)(ints([3], [1, -1, 3])))).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0])
  })
})

describe('places of extrema', () => {
  it('are those of the first of equals', () => {
    const x = constant([2, 3], [1, 5, 5, 0, 7, 0])

    expect(numbers(argmax(1)(x))).toEqual([1, 1])
    expect(numbers(argmin(1)(x))).toEqual([0, 0])
  })

  it('of the k largest come in descending order, each once', () => {
    const { values, indices } = topK(3, 0)(constant([5], [2, 9, 4, 9, 1]))

    expect(numbers(values)).toEqual([9, 9, 4])
    expect(numbers(indices)).toEqual([1, 3, 2])
  })
})

describe('roll', () => {
  it('is undone by the opposite roll', () => {
    const x = varied([3, 5])

    expect(evaluated(roll(-7, 1)(roll(7, 1)(x)))).toEqual(evaluated(x))
    expect(numbers(roll(1, 0)(constant([3], [1, 2, 3])))).toEqual([3, 1, 2])
  })
})

describe('cumulativeSum', () => {
  it('ends with the sum', () => {
    expect(numbers(cumulativeSum(-1)(constant([2, 3], [1, 2, 3, 4, 5, 6])))).toEqual([1, 3, 6, 4, 9, 15])
  })
})

describe('rope', () => {
  const x = varied([2, 3, 2, 4])
  const angles = [varied([3, 2]), mul(varied([3, 2]), varied([3, 2]))] as const
  const turn = (angle: (typeof angles)[0]) => (y: typeof x) => rope(y, cos(angle), sin(angle))

  it('turns by the sum of the angles when it turns twice', () => {
    const twice = turn(angles[1])(turn(angles[0])(x))
    const once = turn(add(angles[0], angles[1]))(x)

    expect(difference(f64, evaluated(twice), evaluated(once))).toBeUndefined()
  })

  it('keeps lengths', () => {
    const length = (y: typeof x) => evaluated(sum([3])(square(y)))

    expect(difference(f64, length(turn(angles[0])(x)), length(x))).toBeUndefined()
  })

  it('turns the first of a pair towards the second', () => {
    expect(numbers(rope(constant([1, 1, 1, 2], [1, 0]), constant([1, 1], [0]), constant([1, 1], [1])))).toEqual([0, 1])
  })

  it('says which shapes it needs', () => {
    expect(faultsOf(rope(x, varied([3, 4]), varied([3, 2])))).toEqual([
      'rope: needs [batch,tokens,heads,d] and twice [tokens,d/2], got [2,3,2,4], [3,4] and [3,2]'
    ])
  })
})

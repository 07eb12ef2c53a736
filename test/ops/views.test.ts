import { describe, expect, expectTypeOf, it } from 'vitest'
import { show } from '../../src/core/Fault.ts'
import { add, flip, input, reshape, type Expr } from '../../src/ops/api.ts'

const x = input('x', 'f32', [2, 6])

describe('reshape', () => {
  it('fills the axis that is left open, and its type says that it is known only then', () => {
    const y = reshape([-1, 4])(x)

    expect(y.shape).toEqual([3, 4])
    expectTypeOf(y).toEqualTypeOf<Expr<'f32', readonly [number, 4]>>()
    expect(add(y, input('z', 'f32', [3, 4])).faults).toEqual([])
  })
})

describe('flip', () => {
  it('names the axis that is out of range', () => {
    expect(flip([0, 5])(x).faults.map(show)).toEqual(['flip: axis 5 is out of range for [2,6]'])
  })
})

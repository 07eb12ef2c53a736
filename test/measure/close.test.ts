import { describe, expect, it } from 'vitest'
import { difference, exact, f32 } from '../../src/measure/Close.ts'
import { floats } from '../../src/core/Tensor.ts'

const of = (...values: ReadonlyArray<number>) => floats([values.length], values)

describe('closeness', () => {
  it('has nothing to say of equal tensors, and of numbers that are none in the same place', () => {
    expect(difference(exact, of(1, NaN, -Infinity), of(1, NaN, -Infinity))).toBeUndefined()
  })

  it('names the worst element, both values and the tolerance', () => {
    expect(difference(exact, of(1, 2, 3), of(1, 2.5, 5))).toBe('element 2 of [3]: 3 and 5 differ by 2, tolerance 0')
  })

  it('is relative to the largest element', () => {
    expect(difference(f32, of(1000, 1e-3), of(1000, 0))).toBeUndefined()
    expect(difference(f32, of(1, 1e-3), of(1, 0))).toContain('element 1')
  })

  it('never takes a number that is none for a number', () => {
    expect(difference(f32, of(NaN), of(1))).toContain('NaN and 1')
    expect(difference(f32, of(1), of(NaN))).toContain('1 and NaN')
  })

  it('compares nothing of different shapes', () => {
    expect(difference(f32, of(1), of(1, 2))).toBe('shapes differ, [1] and [2]')
  })
})

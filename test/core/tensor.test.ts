import { describe, expect, it } from 'vitest'
import { axpy, dot, elementAt, elements, floats, held, map, stored, tensor } from '../../src/core/Tensor.ts'

describe('a tensor', () => {
  const x = floats([2, 2], [1, 2, 3, 4])
  const y = floats([2, 2], [5, 6, 7, 8])

  it('has no number beyond its last element', () => {
    expect([3, 4].map((i) => elementAt(x.data, i))).toEqual([4, NaN])
    expect([...map(floats([2], [1]), (value) => value + 1).data]).toEqual([2, NaN])
    expect(dot(x, floats([1], [1]))).toBeNaN()
  })

  it('is mapped with the places of its elements, and combined with others', () => {
    expect([...map(x, (value, i) => value * i).data]).toEqual([0, 2, 6, 12])
    expect(dot(x, y)).toBe(70)
    expect([...axpy(2, x, y).data]).toEqual([7, 10, 13, 16])
  })

  it('is stored in the words of its element type', () => {
    const words = (['f32', 'f16', 'bf16', 'i32', 'u32', 'bool'] as const).map((dtype) => [
      elements(dtype, 1).constructor.name,
      ...stored(tensor(dtype, [1], Float64Array.of(1))).data,
      held(dtype, 3)
    ])

    expect(words).toEqual([
      ['Float32Array', 1, 3],
      ['Float32Array', 1, 3],
      ['Float32Array', 1, 3],
      ['Int32Array', 1, 3],
      ['Uint32Array', 1, 3],
      ['Uint8Array', 1, 1]
    ])
    expect([held('i32', 2 ** 31), held('u32', -1), held('bool', 0), held('f32', 0.1)]).toEqual([
      -(2 ** 31),
      2 ** 32 - 1,
      0,
      0.1
    ])
    expect(stored(tensor('bf16', [1], Float64Array.of(1 + 2 ** -9))).data[0]).toBe(1)
  })
})

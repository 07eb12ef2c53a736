import { describe, expect, it } from 'vitest'
import { map } from '../../src/core/Tensor.ts'
import { inputsFor } from '../../src/nn/params.ts'
import { constantTime, timeFeatures, timeInputs, timeRates, times } from '../../src/nn/time.ts'
import { furthest, valuesOf } from './values.ts'

const some = Float64Array.of(0, 0.001, 0.5, 0.7391, 0.999)

describe('time features', () => {
  it('are cosines, then sines, of a thousand times the time on a falling ladder', () => {
    const { shape, data } = timeFeatures(Float64Array.of(0.25), 4)

    expect(shape).toEqual([1, 4])
    expect([...data]).toEqual([Math.cos(250), Math.cos(2.5), Math.sin(250), Math.sin(2.5)])
  })

  it('keep double precision: neighbouring times that f32 phases confuse are apart', () => {
    const [a = 0, , , , b = 0] = timeFeatures(Float64Array.of(0.9, 0.9 + 1e-9), 4).data

    expect(Math.abs(b - a)).toBeGreaterThan(1e-7)
  })

  it('change at the rates that central differences find', () => {
    const h = 1e-7
    const moved = (by: number) =>
      timeFeatures(
        some.map((t) => t + by),
        8
      )
    const after = moved(h)
    const slope = map(moved(-h), (before, i) => ((after.data[i] ?? NaN) - before) / (2 * h))

    expect(furthest(slope, timeRates(some, 8))).toBeLessThan(1e-4)
  })
})

describe('a time', () => {
  it('enters a program under the names that its tensors are given by', () => {
    expect(inputsFor(times(some, 8), 's')).toEqual(timeInputs('s', some.length, 8))
  })

  it('that is constant is the same for every sample', () => {
    const { value, features } = constantTime(3, 8)(0.908)
    const [values, rows] = valuesOf([value, features])
    const expected = times(Float64Array.of(0.908, 0.908, 0.908), 8)

    expect(values && furthest(values, expected.value)).toBe(0)
    expect(rows && furthest(rows, expected.features)).toBe(0)
  })
})

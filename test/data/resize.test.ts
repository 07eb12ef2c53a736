import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { area, cropped, type Picture } from '../../src/data/resize.ts'

const pictures: fc.Arbitrary<Picture> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([height, width]) =>
    fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: height * width, maxLength: height * width })
      .map((values) => ({ height, width, pixels: Float32Array.from(values) }))
  )

const mean = ({ pixels }: Picture): number => pixels.reduce((a, b) => a + b, 0) / pixels.length

describe('the area filter', () => {
  it('keeps the mean, at every size', () => {
    fc.assert(
      fc.property(pictures, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), (x, height, width) => {
        expect(mean(area({ height, width }, x))).toBeCloseTo(mean(x), 5)
      })
    )
  })

  it('changes nothing at the same size', () => {
    fc.assert(
      fc.property(pictures, (x) => {
        expect(area(x, x).pixels).toEqual(x.pixels)
      })
    )
  })

  it('is the mean of whole blocks, and shares pixels that are cut', () => {
    const block = { height: 2, width: 4, pixels: Float32Array.of(1, 0, 0, 1, 1, 0, 1, 1) }
    expect(area({ height: 1, width: 2 }, block).pixels).toEqual(Float32Array.of(0.5, 0.75))
    const three = { height: 1, width: 3, pixels: Float32Array.of(1, 0.5, 0) }
    expect([...area({ height: 1, width: 2 }, three).pixels]).toEqual([expect.closeTo(5 / 6), expect.closeTo(1 / 6)])
  })
})

describe('cropping', () => {
  it('gives the smallest square around the ink, with all of it', () => {
    fc.assert(
      fc.property(pictures, (x) => {
        const small = cropped(x)
        expect(small.height).toBe(small.width)
        expect(small.pixels.length).toBe(small.height ** 2)
        if (mean(x) === 0) return
        expect(small.pixels.reduce((a, b) => a + b, 0)).toBeCloseTo(
          x.pixels.reduce((a, b) => a + b, 0),
          4
        )
      })
    )
    const dot = { height: 3, width: 3, pixels: Float32Array.of(0, 0, 0, 0, 0, 0.5, 0, 0, 0) }
    expect(cropped(dot)).toEqual({ height: 1, width: 1, pixels: Float32Array.of(0.5) })
  })
})

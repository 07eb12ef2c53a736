import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { E } from '../../src/core/fp.ts'
import { key, type Key } from '../../src/core/Key.ts'
import { show } from '../../src/data/DataFault.ts'
import { isHeldOut, load, side, type Digits } from '../../src/data/digits.ts'
import {
  batch,
  captionOf,
  clip,
  clipOf,
  defaults,
  directions,
  labelOf,
  labels,
  stepOf,
  type Clip,
  type Options
} from '../../src/data/movingDigits.ts'
import { decode, encode, encodeAny, length, words } from '../../src/data/vocabulary.ts'

let digits: Digits
beforeAll(async () => {
  const loaded = await load()
  if (E.isLeft(loaded)) throw new Error(show(loaded.left))
  digits = loaded.right
})

const keys: fc.Arbitrary<Key> = fc.nat().map(key)
const sizes: fc.Arbitrary<Options> = fc.record({
  frames: fc.integer({ min: 2, max: 12 }),
  height: fc.integer({ min: 12, max: 24 }),
  width: fc.integer({ min: 12, max: 24 }),
  size: fc.integer({ min: 6, max: 10 }),
  speed: fc.double({ min: 0.2, max: 3, noNaN: true })
})

interface Mass {
  readonly ink: number
  readonly row: number
  readonly column: number
}

/** Ink and its centre, frame by frame. */
const masses = ({ pixels }: Clip, { frames, height, width }: Options): ReadonlyArray<Mass> =>
  Array.from({ length: frames }, (_, t) => {
    let [ink, row, column] = [0, 0, 0]
    for (let i = 0; i < height * width; i++) {
      const value = ((pixels[t * height * width + i] ?? NaN) + 1) / 2
      ink += value
      row += value * Math.floor(i / width)
      column += value * (i % width)
    }
    return { ink, row: row / ink, column: column / ink }
  })

describe('the images', () => {
  it('are all there, each in one of the two parts', () => {
    expect([digits.training.length, digits.heldOut.length]).toEqual([8004, 1996])
    const names = [...digits.training, ...digits.heldOut].map(({ digit, index }) => `${digit} ${index}`)
    expect(new Set(names).size).toBe(10_000)
    expect(digits.heldOut.every(isHeldOut)).toBe(true)
    expect(digits.training.some(isHeldOut)).toBe(false)
    expect(new Set(digits.heldOut.map(({ digit }) => digit)).size).toBe(10)
  })

  it('are 28 by 28, from paper to ink', () => {
    for (const { pixels } of digits.training) expect(pixels.length).toBe(side * side)
    expect(Math.max(...(digits.training[0]?.pixels ?? []))).toBeGreaterThan(0.9)
    expect(Math.min(...(digits.training[0]?.pixels ?? []))).toBe(0)
  })

  it('have no training image that is held out too, pixel for pixel', () => {
    const texts = new Set(digits.training.map(({ pixels }) => pixels.join()))
    expect(digits.heldOut.filter(({ pixels }) => texts.has(pixels.join()))).toEqual([])
  })
})

describe('a clip', () => {
  it('is a function of its key', () => {
    fc.assert(
      fc.property(keys, (k) => {
        expect(clip(digits.training)(k)).toEqual(clip(digits.training)(k))
      }),
      { numRuns: 10 }
    )
    expect(clip(digits.training)(key(1))).not.toEqual(clip(digits.training)(key(2)))
  })

  it('moves the way that its label says, the same distance in every frame', () => {
    const make = clip(digits.training)
    fc.assert(
      fc.property(keys, (k) => {
        const made = make(k)
        const [down, across] = stepOf(made.direction)
        const path = masses(made, defaults)
        for (let t = 1; t < path.length; t++) {
          expect((path[t]?.row ?? NaN) - (path[t - 1]?.row ?? NaN)).toBeCloseTo(0.75 * down, 4)
          expect((path[t]?.column ?? NaN) - (path[t - 1]?.column ?? NaN)).toBeCloseTo(0.75 * across, 4)
        }
      })
    )
  })

  it('keeps all of its digit on the canvas, whatever the sizes', () => {
    fc.assert(
      fc.property(keys, sizes, (k, options) => {
        const made = clip(
          digits.training.filter((_, i) => i % 100 === 0),
          options
        )(k)
        const path = masses(made, options)
        for (const { ink } of path) expect(ink).toBeCloseTo(path[0]?.ink ?? NaN, 3)
        expect(path[0]?.ink).toBeGreaterThan(1)
        for (const v of made.pixels) expect(v >= -1 && v <= 1 + 1e-6).toBe(true)
        const [down, across] = stepOf(made.direction)
        const [first, last] = [path[0], path.at(-1)]
        expect(Math.sign(Math.round(1e3 * ((last?.row ?? NaN) - (first?.row ?? NaN)))) + 0).toBe(down)
        expect(Math.sign(Math.round(1e3 * ((last?.column ?? NaN) - (first?.column ?? NaN)))) + 0).toBe(across)
      })
    )
  })

  it('of a label is of that label, by an image of its digit', () => {
    const make = clipOf(digits.heldOut, defaults)
    for (const label of labels) {
      const made = make(label)(key(5))
      expect([made.digit, made.direction, made.image.digit]).toEqual([label.digit, label.direction, label.digit])
    }
  })

  it('of training never shows an image that is held out', () => {
    const make = clip(digits.training)
    fc.assert(
      fc.property(keys, (k) => {
        expect(isHeldOut(make(k).image)).toBe(false)
      }),
      { numRuns: 300 }
    )
  })

  it('has every digit and every direction about as often', () => {
    const { labels: drawn } = batch(digits.training, { ...defaults, frames: 1 })(key(11), 4000)
    for (const direction of directions) {
      const share = drawn.filter((label) => label.direction === direction).length / 4000
      expect(Math.abs(share - 1 / 8)).toBeLessThan(0.03)
    }
    for (let digit = 0; digit < 10; digit++) {
      const share = drawn.filter((label) => label.digit === digit).length / 4000
      expect(Math.abs(share - 1 / 10)).toBeLessThan(0.03)
    }
  })
})

describe('a batch', () => {
  it('has the same first clips whatever its size', () => {
    const make = batch(digits.training)
    const size = defaults.frames * defaults.height * defaults.width
    const [few, many] = [make(key(4), 2), make(key(4), 5)]

    expect(many.pixels.length).toBe(5 * size)
    expect(many.pixels.slice(0, 2 * size)).toEqual(few.pixels)
    expect(many.labels.slice(0, 2)).toEqual(few.labels)
    expect(many.pixels.slice(0, size)).not.toEqual(many.pixels.slice(size, 2 * size))
  })
})

describe('a caption', () => {
  it('says its label, and is read back', () => {
    expect(captionOf({ digit: 7, direction: 'up and left' })).toBe('a seven moving up and left')
    expect(captionOf({ digit: 3, direction: 'down' })).toBe('a three moving down')
    expect(labels.length).toBe(80)
    for (const label of labels) expect(labelOf(captionOf(label))).toEqual(E.right(label))
  })

  it('of another form is refused', () => {
    for (const caption of ['', 'a seven', 'a dog moving up', 'a seven moving left and up', 'a seven moving toString'])
      expect(E.isLeft(labelOf(caption))).toBe(true)
    const result = labelOf('a dog')
    expect(E.isLeft(result) && show(result.left)).toBe('caption "a dog": not of the form "a seven moving up and left"')
  })

  it('is eight numbers, and is read back from them', () => {
    for (const label of labels) {
      const tokens = encode(captionOf(label))
      expect(E.isRight(tokens) && tokens.right.length).toBe(length)
      expect(E.isRight(tokens) && decode(tokens.right)).toBe(captionOf(label))
      expect(E.isRight(tokens) && tokens.right).toEqual(encodeAny(captionOf(label)))
    }
    expect(encode('')).toEqual(E.right(new Int32Array(length)))
  })

  it('has the numbers that trained models know', () => {
    expect(encode('a seven moving up and left')).toEqual(E.right(Int32Array.of(2, 10, 13, 14, 18, 16, 0, 0)))
    expect(words.length).toBe(19)
  })

  it('with another word is refused by name, or read with the word as unknown', () => {
    const result = encode('a dog moving up')
    expect(E.isLeft(result) && show(result.left)).toBe(
      'caption "a dog moving up": unknown word "dog"; known are a, zero, one, two, three, four, five, six, seven, ' +
        'eight, nine, moving, up, down, left, right, and'
    )
    expect(decode(encodeAny('a dog moving up'))).toBe('a <unknown> moving up')
    expect(E.isLeft(encode('a <padding>'))).toBe(true)
  })

  it('of too many words is refused', () => {
    const result = encode('a seven moving up and up and up and up')
    expect(E.isLeft(result) && show(result.left)).toBe(
      'caption "a seven moving up and up and up and up": 10 words, the limit is 8'
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode, enlarge, grid, layout, level, playback, split, toUri, type Clip } from '../../src/io/gif.ts'

interface Image {
  readonly delay: number
  readonly width: number
  readonly height: number
  /** Red, green, blue, pixel by pixel. */
  readonly pixels: ReadonlyArray<number>
}

/** Variable-length codes back to indices: the decompression of the GIF89a specification, appendix F. */
const unpack = (least: number, bytes: ReadonlyArray<number>): ReadonlyArray<number> => {
  const [clear, end] = [2 ** least, 2 ** least + 1]
  const fresh = (): Array<ReadonlyArray<number>> => Array.from({ length: end + 1 }, (_, i) => (i < clear ? [i] : []))
  const out: Array<number> = []
  let [table, width, at] = [fresh(), least + 1, 0]
  let previous: ReadonlyArray<number> = []
  for (;;) {
    let code = 0
    for (let b = 0; b < width; b++, at++) code |= (((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) << b
    if (code === end || at > bytes.length * 8) return out
    if (code === clear) [table, width, previous] = [fresh(), least + 1, []]
    else {
      const entry = table[code] ?? [...previous, previous[0] ?? 0]
      out.push(...entry)
      if (previous.length > 0) table.push([...previous, entry[0] ?? 0])
      previous = entry
      if (table.length === 2 ** width && width < 12) width++
    }
  }
}

/** The frames of a GIF as gifenc writes them: each fills the picture. */
const decode = (gif: Uint8Array): ReadonlyArray<Image> => {
  const short = (i: number): number => (gif[i] ?? 0) | ((gif[i + 1] ?? 0) << 8)
  const frames: Array<Image> = []
  const coloursAt = (i: number, flags: number): ReadonlyArray<number> => [
    ...gif.subarray(i, i + 3 * 2 ** ((flags & 7) + 1))
  ]
  const blocks = (i: number): { readonly bytes: ReadonlyArray<number>; readonly next: number } => {
    const bytes: Array<number> = []
    let at = i
    for (; (gif[at] ?? 0) > 0; at += (gif[at] ?? 0) + 1) bytes.push(...gif.subarray(at + 1, at + 1 + (gif[at] ?? 0)))
    return { bytes, next: at + 1 }
  }
  expect(Buffer.from(gif.subarray(0, 6)).toString()).toBe('GIF89a')
  const common = coloursAt(13, gif[10] ?? 0)
  let [at, delay] = [13 + common.length, 0]
  while (gif[at] !== 0x3b) {
    if (gif[at] === 0x21) {
      if (gif[at + 1] === 0xf9) delay = short(at + 4)
      at = blocks(at + 2).next
    } else {
      expect(gif[at]).toBe(0x2c)
      const flags = gif[at + 9] ?? 0
      const own = flags & 0x80 ? coloursAt(at + 10, flags) : []
      const start = at + 10 + own.length
      const { bytes, next } = blocks(start + 1)
      const palette = own.length > 0 ? own : common
      const pixels = unpack(gif[start] ?? 0, bytes).flatMap((i) => palette.slice(3 * i, 3 * i + 3))
      frames.push({ delay, width: short(at + 5), height: short(at + 7), pixels })
      at = next
    }
  }
  return frames
}

const clips = (channels: 1 | 3): fc.Arbitrary<Clip> =>
  fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
    .chain(([frames, height, width]) => {
      const length = frames * height * width * channels
      return fc
        .array(fc.double({ min: -1.2, max: 1.2, noNaN: true }), { minLength: length, maxLength: length })
        .map((pixels): Clip => ({ frames, height, width, channels, pixels }))
    })

describe('a GIF', () => {
  it('shows grey clips exactly, to one part in 255', () => {
    fc.assert(
      fc.property(clips(1), (clip) => {
        const frames = decode(encode(clip))
        expect(frames.map(({ width, height }) => [width, height])).toEqual(
          Array.from({ length: clip.frames }, () => [clip.width, clip.height])
        )
        const shown = frames.flatMap(({ pixels }) => pixels.filter((_, i) => i % 3 === 0))
        expect(shown).toEqual(Array.from(clip.pixels, level))
      })
    )
  })

  it('shows large grey clips exactly', () => {
    const pixels = Float32Array.from({ length: 2 * 90 * 120 }, (_, i) => Math.sin(i * i))
    const shown = decode(encode({ frames: 2, height: 90, width: 120, channels: 1, pixels }))
    expect(shown.flatMap((frame) => frame.pixels.filter((_, i) => i % 3 === 1))).toEqual(Array.from(pixels, level))
  })

  it('shows coloured clips nearly', () => {
    fc.assert(
      fc.property(clips(3), (clip) => {
        const shown = decode(encode(clip)).flatMap(({ pixels }) => pixels)
        expect(shown.length).toBe(clip.pixels.length)
        const worst = shown.reduce((most, v, i) => Math.max(most, Math.abs(v - level(clip.pixels[i] ?? NaN))), 0)
        expect(worst).toBeLessThan(32)
      })
    )
  })

  it('plays at the rate that is asked for, and rests at its end', () => {
    const clip: Clip = { frames: 3, height: 1, width: 1, channels: 1, pixels: [0, 0, 0] }
    expect(decode(encode(clip, { rate: 10, rest: 1 })).map(({ delay }) => delay)).toEqual([10, 10, 110])
    expect(decode(encode(clip, { ...playback, rate: 1000, rest: 0 })).map(({ delay }) => delay)).toEqual([2, 2, 2])
  })

  it('is an address that holds its bytes', () => {
    const gif = encode({ frames: 1, height: 1, width: 1, channels: 1, pixels: [0] })
    const [head, body = ''] = toUri(gif).split(',')
    expect(head).toBe('data:image/gif;base64')
    expect(new Uint8Array(Buffer.from(body, 'base64'))).toEqual(new Uint8Array(gif))
  })
})

describe('levels', () => {
  it('run from dark to bright, and cut off what is outside', () => {
    expect([-1, 0, 1, -7, 7, Infinity, NaN].map(level)).toEqual([0, 128, 255, 0, 255, 255, 0])
  })
})

describe('a grid of clips', () => {
  it('has every clip at its place, enlarged', () => {
    const [a, b, c] = split(Float32Array.of(-1, 1, 0.5, -0.5, 0.25, -0.25), 1, 1, 2)
    const all = grid(
      [a, b, c].filter((x) => x !== undefined),
      { columns: 2, scale: 2, gap: 1 }
    )

    expect([all.frames, all.height, all.width]).toEqual([1, 5, 9])
    expect([...Array.from(all.pixels).slice(0, 9)]).toEqual([-1, -1, 1, 1, 0, 0.5, 0.5, -0.5, -0.5])
    expect([...Array.from(all.pixels).slice(27, 36)]).toEqual([0.25, 0.25, -0.25, -0.25, 0, 0, 0, 0, 0])
  })

  it('holds the last frame of a clip that is shorter, and grey as equal colours', () => {
    const short: Clip = { frames: 1, height: 1, width: 1, channels: 1, pixels: [0.5] }
    const long: Clip = { frames: 2, height: 1, width: 1, channels: 3, pixels: [-1, 0, 1, 1, 0, -1] }
    const all = grid([short, long], { ...layout, scale: 1, gap: 0 })
    expect([...Array.from(all.pixels)]).toEqual([0.5, 0.5, 0.5, -1, 0, 1, 0.5, 0.5, 0.5, 1, 0, -1])
  })

  it('of one clip at scale 1 is the clip', () => {
    fc.assert(
      fc.property(clips(3), (clip) => {
        const { pixels, ...rest } = enlarge(clip, 1)
        expect({ ...rest, pixels: Array.from(pixels) }).toEqual({
          ...clip,
          pixels: Array.from(clip.pixels, Math.fround)
        })
      })
    )
  })
})

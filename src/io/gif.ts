/**
 * Clips as animated GIF. Grey clips keep their 256 levels exactly; coloured ones get the best 256 of each frame.
 */
import { applyPalette, encoder, quantize, type Palette } from './gifenc.ts'

// model ----------------------------------------------------------------------------------

/**
 * `pixels` is `[frames, height, width, channels]`, from -1 (dark) to 1 (bright). One channel is grey, three are red,
 * green, blue.
 */
export interface Clip {
  readonly frames: number
  readonly height: number
  readonly width: number
  readonly channels: 1 | 3
  readonly pixels: ArrayLike<number>
}

export interface Playback {
  /** Frames in a second, at most 50: viewers slow down what is faster. */
  readonly rate: number
  /** Seconds that the last frame stays, before the clip begins again. */
  readonly rest: number
}

export const playback: Playback = { rate: 8, rest: 0.5 }

export interface Layout {
  readonly columns: number
  /** Every pixel becomes a square of `scale` pixels. */
  readonly scale: number
  /** Pixels between clips, after scaling. */
  readonly gap: number
}

export const layout: Layout = { columns: 8, scale: 6, gap: 4 }

// constructors ---------------------------------------------------------------------------

/** The clips of `[clips, frames, height, width]` grey pixels. */
export const split = (pixels: Float32Array, frames: number, height: number, width: number): ReadonlyArray<Clip> => {
  const size = frames * height * width
  return Array.from({ length: Math.floor(pixels.length / size) }, (_, i) => ({
    frames,
    height,
    width,
    channels: 1,
    pixels: pixels.subarray(i * size, (i + 1) * size)
  }))
}

// combinators ----------------------------------------------------------------------------

interface Corner {
  readonly row: number
  readonly column: number
}

/** Copies a clip, its pixels as squares, into `out` at a corner. A short clip rests on its last frame. */
const paste = (
  clip: Clip,
  scale: number,
  out: Clip & { readonly pixels: Float32Array },
  { row, column }: Corner
): void => {
  for (let t = 0; t < out.frames; t++)
    for (let y = 0; y < clip.height * scale; y++)
      for (let x = 0; x < clip.width * scale; x++) {
        const frame = Math.min(t, clip.frames - 1)
        const from = (frame * clip.height + Math.floor(y / scale)) * clip.width + Math.floor(x / scale)
        const to = (t * out.height + row + y) * out.width + column + x
        for (let c = 0; c < out.channels; c++)
          out.pixels[to * out.channels + c] = clip.pixels[from * clip.channels + (clip.channels === 1 ? 0 : c)] ?? NaN
      }
}

/**
 * Clips side by side, row after row, as one clip. Cells have the size of the largest; grey may stand beside coloured.
 */
export const grid = (clips: ReadonlyArray<Clip>, { columns, scale, gap }: Layout): Clip => {
  const most = (of: (clip: Clip) => number): number => Math.max(1, ...clips.map(of))
  const across = Math.max(1, Math.min(columns, clips.length))
  const rows = Math.max(1, Math.ceil(clips.length / across))
  const [cellHeight, cellWidth] = [most((c) => c.height) * scale + gap, most((c) => c.width) * scale + gap]
  const frames = most((c) => c.frames)
  const [height, width] = [rows * cellHeight - gap, across * cellWidth - gap]
  const channels = clips.some((c) => c.channels === 3) ? 3 : 1
  const out = { frames, height, width, channels, pixels: new Float32Array(frames * height * width * channels) } as const
  clips.forEach((clip, i) =>
    paste(clip, scale, out, { row: Math.floor(i / across) * cellHeight, column: (i % across) * cellWidth })
  )
  return out
}

/** Every pixel as a square of `scale` pixels. */
export const enlarge = (clip: Clip, scale: number): Clip => grid([clip], { columns: 1, scale, gap: 0 })

// encoding -------------------------------------------------------------------------------

/** From -1…1 to 0…255; what is outside is cut off, what is not a number is dark. */
export const level = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.round((Math.min(Math.max(value, -1), 1) + 1) * 127.5)

const greys: Palette = Array.from({ length: 256 }, (_, i) => [i, i, i])

interface Frame {
  readonly indices: Uint8Array
  readonly palette: Palette
}

const grey = ({ height, width, pixels }: Clip, t: number): Frame => ({
  indices: Uint8Array.from({ length: height * width }, (_, i) => level(pixels[t * height * width + i] ?? NaN)),
  palette: greys
})

const coloured = ({ height, width, pixels }: Clip, t: number): Frame => {
  const size = height * width
  const rgba = Uint8Array.from({ length: 4 * size }, (_, i) =>
    i % 4 === 3 ? 255 : level(pixels[(t * size + Math.floor(i / 4)) * 3 + (i % 4)] ?? NaN)
  )
  const palette = quantize(rgba, 256)
  return { palette, indices: applyPalette(rgba, palette) }
}

/** The bytes of a GIF that plays for ever. */
export const encode = (clip: Clip, { rate, rest }: Playback = playback): Uint8Array => {
  const gif = encoder()
  for (let t = 0; t < clip.frames; t++) {
    const { indices, palette } = clip.channels === 1 ? grey(clip, t) : coloured(clip, t)
    const delay = 1000 / Math.min(rate, 50) + (t === clip.frames - 1 ? 1000 * rest : 0)
    // Grey frames share the palette of the first
    const own = t === 0 || clip.channels === 3 ? { palette } : {}
    gif.writeFrame(indices, clip.width, clip.height, { ...own, delay, repeat: 0 })
  }
  gif.finish()
  return gif.bytes()
}

/** A GIF as an address that holds it, for pages without other files. */
export const toUri = (gif: Uint8Array): string => `data:image/gif;base64,${Buffer.from(gif).toString('base64')}`

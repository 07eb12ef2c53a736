/** The part of gifenc 1.0.3 that is used here, with types. Required, as loaders disagree on its default import. */
import { createRequire } from 'node:module'

export type Palette = ReadonlyArray<readonly number[]>

export interface Frame {
  readonly palette?: Palette
  /** Milliseconds; stored in hundredths of a second. */
  readonly delay?: number
  /** 0 is for ever, -1 is once. */
  readonly repeat?: number
}

export interface Encoder {
  readonly writeFrame: (indices: Uint8Array, width: number, height: number, frame: Frame) => void
  readonly finish: () => void
  readonly bytes: () => Uint8Array
}

interface Gifenc {
  readonly GIFEncoder: () => Encoder
  readonly quantize: (rgba: Uint8Array, colours: number) => Palette
  readonly applyPalette: (rgba: Uint8Array, palette: Palette) => Uint8Array
}

const gifenc = createRequire(import.meta.url)('gifenc') as Gifenc

export const encoder: Gifenc['GIFEncoder'] = gifenc.GIFEncoder
export const quantize: Gifenc['quantize'] = gifenc.quantize
export const applyPalette: Gifenc['applyPalette'] = gifenc.applyPalette

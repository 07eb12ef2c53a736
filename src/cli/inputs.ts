/** What programs of several commands read, as inputs of a graph and as tensors: clips, captions, keys. */
import type { Key } from '../core/Key.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import { captionOf, type Label } from '../data/movingDigits.ts'
import { encodeAny, length } from '../data/vocabulary.ts'
import { input, type Expr } from '../ops/api.ts'
import type { DataConfig } from './configs.ts'

/** `[batch, channels 1, frames, height, width]`. */
export const clipShape = ({ frames, height, width }: DataConfig, batch: number): ReadonlyArray<number> => [
  batch,
  1,
  frames,
  height,
  width
]

/** Numbers in a clip. */
export const clipSize = ({ frames, height, width }: DataConfig): number => frames * height * width

export const keyInput = (): Expr<'u32'> => input('key', 'u32', [2])
export const keyTensor = (key: Key): Tensor => tensor('u32', [2], Uint32Array.from(key))

/** Captions as numbers of words, `[batch, words]`. */
export const tokensInput = (name: string, batch: number): Expr<'i32'> => input(name, 'i32', [batch, length])

/** The tokens of captions, `[batch, words]`; `undefined` is the caption of nothing, all padding. */
export const tokensOf = (labels: ReadonlyArray<Label | undefined>): Tensor => {
  const data = new Int32Array(labels.length * length) // local
  labels.forEach((label, i) => data.set(encodeAny(label === undefined ? '' : captionOf(label)), i * length))
  return tensor('i32', [labels.length, length], data)
}

/** The tokens of nothing, `n` times. */
export const nothing = (n: number): Tensor => tokensOf(Array.from({ length: n }, () => undefined))

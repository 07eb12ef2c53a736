/** Clips as a step wants them: pixels, captions as tokens, and the caption of nothing. */
import { fold, split, uniform, type Key } from '../core/Key.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import { load, type Digits, type Images } from '../data/digits.ts'
import { show } from '../data/DataFault.ts'
import { batch, captionOf, directions, digitWords, type Label } from '../data/movingDigits.ts'
import { encodeAny, length } from '../data/vocabulary.ts'
import { pipe, TE } from '../core/fp.ts'
import { integers } from '../core/Key.ts'
import type { DataConfig } from './configs.ts'
import { failure, type Task } from './Failure.ts'

export const digits: Task<Digits> = pipe(
  load,
  TE.mapLeft((fault) => failure(show(fault)))
)

export interface Batch {
  /** `[batch, channels 1, frames, height, width]`. */
  readonly clips: Tensor
  /** `[batch, words]` of `i32`. */
  readonly tokens: Tensor
  readonly labels: ReadonlyArray<Label>
}

/** The tokens of captions, `[batch, words]`; `undefined` is the caption of nothing, all padding. */
export const tokensOf = (labels: ReadonlyArray<Label | undefined>): Tensor => {
  const data = new Int32Array(labels.length * length) // local
  labels.forEach((label, i) => data.set(encodeAny(label === undefined ? '' : captionOf(label)), i * length))
  return tensor('i32', [labels.length, length], data)
}

/** A batch of clips drawn from images. */
export const batchOf = (images: Images, options: DataConfig): ((key: Key, n: number) => Batch) => {
  const draw = batch(images, options)
  return (key, n) => {
    const { pixels, labels } = draw(key, n)
    const clips = tensor('f32', [n, 1, options.frames, options.height, options.width], pixels)
    return { clips, tokens: tokensOf(labels), labels }
  }
}

/** A batch of which a part has lost its captions: what classifier-free guidance is trained on. */
export const droppedBatchOf = (images: Images, options: DataConfig, part: number): ((key: Key, n: number) => Batch) => {
  const draw = batchOf(images, options)
  return (key, n) => {
    const [clipKey = key, dropKey = key] = split(key, 2)
    const made = draw(clipKey, n)
    const kept = uniform(dropKey, n)
    return { ...made, tokens: tokensOf(made.labels.map((label, i) => ((kept[i] ?? 0) < part ? undefined : label))) }
  }
}

/** Captions to generate: digits and directions all as likely. */
export const labelsOf = (key: Key, n: number): ReadonlyArray<Label> => {
  const digitsDrawn = integers(fold(key, 0), n, digitWords.length)
  const directionsDrawn = integers(fold(key, 1), n, directions.length)
  return Array.from({ length: n }, (_, i) => ({
    digit: digitsDrawn[i] ?? 0,
    direction: directions[directionsDrawn[i] ?? 0] ?? 'up'
  }))
}

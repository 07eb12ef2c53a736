/** Batches of clips: real ones with their captions, and many small batches as one. */
import { pipe, TE } from '../core/fp.ts'
import { fold, integers, type Key } from '../core/Key.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import { show } from '../data/DataFault.ts'
import { load, type Digits, type Images } from '../data/digits.ts'
import { batch, directions, digitWords, type Label } from '../data/movingDigits.ts'
import type { DataConfig } from './configs.ts'
import { failure, type Task } from './Failure.ts'
import { clipShape, tokensOf } from './inputs.ts'

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

/** A batch of clips drawn from images. */
export const batchOf = (images: Images, data: DataConfig): ((key: Key, n: number) => Batch) => {
  const draw = batch(images, data)
  return (key, n) => {
    const { pixels, labels } = draw(key, n)
    return { clips: tensor('f32', clipShape(data, n), pixels), tokens: tokensOf(labels), labels }
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

/** Rows of numbers one after another, the surplus of the last part cut. */
export const joined = <A extends Float32Array | Float64Array>(parts: ReadonlyArray<A>, into: A): A => {
  const filled = { to: 0 } // local
  for (const part of parts) {
    into.set(part.subarray(0, into.length - filled.to), filled.to)
    filled.to += part.length
  }
  return into
}

/** Judges clips by the classifier: what it reads in them, its features of them, how much they move. */
import { pipe, TE } from '../core/fp.ts'
import { fold, type Key } from '../core/Key.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import type { Images } from '../data/digits.ts'
import { batch as realBatch, directions, type Label } from '../data/movingDigits.ts'
import { classify } from '../measure/classifier.ts'
import { motion } from '../measure/dynamics.ts'
import type { Judged } from '../measure/score.ts'
import { input } from '../ops/api.ts'
import type { Device, Executable } from '../runtime/device.ts'
import { classifierInputs } from './classifierTraining.ts'
import { joined } from './clips.ts'
import type { ClassifierTraining, DataConfig } from './configs.ts'
import type { Task } from './Failure.ts'
import { clipShape, clipSize } from './inputs.ts'
import { under, type Model } from './models.ts'
import { call, compileStep, upload, type State } from './programs.ts'

/** Clips in a row, `[clips, frames, height, width]`, with what they were asked to show. */
export interface Clips {
  readonly labels: ReadonlyArray<Label>
  readonly pixels: Float32Array
}

export type Judge = (clips: Clips) => Task<Judged>

/** Clips judged at once. */
const atOnce = 128

/** Real clips of some images. */
export const realClips = (images: Images, data: DataConfig, key: Key, n: number): Clips =>
  realBatch(images, data)(key, n)

/** The place of the greatest of each row's numbers. */
const choices = ({ data, shape: [rows = 0, width = 0] }: Tensor): ReadonlyArray<number> => {
  const logits = Float64Array.from(data)
  return Array.from({ length: rows }, (_, i) => {
    const row = logits.subarray(i * width, (i + 1) * width)
    return row.reduce((best, logit, j) => (logit > (row[best] ?? NaN) ? j : best), 0)
  })
}

/** What a classifier sees in a batch. */
interface Seen {
  readonly features: Float64Array
  readonly digit: ReadonlyArray<number>
  readonly direction: ReadonlyArray<number>
}

const none: Tensor = tensor('f32', [0, 0], new Float32Array(0))

const look =
  (device: Device, step: Executable, params: State, data: DataConfig) =>
  (pixels: Float32Array): Task<Seen> =>
    pipe(
      call(device, step, params, new Map([['clips', tensor('f32', clipShape(data, atOnce), pixels)]])),
      TE.map((values) => ({
        features: Float64Array.from(values.get('features')?.data ?? []),
        digit: choices(values.get('digit') ?? none),
        direction: choices(values.get('direction') ?? none)
      }))
    )

const judged = ({ labels, pixels }: Clips, frames: number, width: number, parts: ReadonlyArray<Seen>): Judged => {
  const count = labels.length
  const digit = parts.flatMap((part) => part.digit)
  const direction = parts.flatMap((part) => part.direction)
  return {
    count,
    digit: labels.map((label, i) => digit[i] === label.digit),
    direction: labels.map((label, i) => directions[direction[i] ?? -1] === label.direction),
    features: {
      width,
      rows: joined(
        parts.map((part) => part.features),
        new Float64Array(count * width)
      )
    },
    motion: motion(pixels, count, frames)
  }
}

/** Clips in parts of `atOnce`, the last filled up with zeros. */
const partsOf = ({ labels, pixels }: Clips, data: DataConfig): ReadonlyArray<Float32Array> => {
  const length = atOnce * clipSize(data)
  return Array.from({ length: Math.ceil(labels.length / atOnce) }, (_, i) => {
    const part = new Float32Array(length) // local
    part.set(pixels.subarray(i * length, (i + 1) * length))
    return part
  })
}

/** A judge that uses a classifier. */
export const judgeOf = (device: Device, { config: { data }, tensors }: Model<ClassifierTraining>): Task<Judge> => {
  const reading = classify(classifierInputs(data, 'params'), input('clips', 'f32', clipShape(data, atOnce)))
  const width = reading.features.shape[1] ?? 0
  return pipe(
    TE.Do,
    TE.bind('step', () => compileStep(device, { ...reading })),
    TE.bind('params', () => upload(device, under('params', tensors))),
    TE.map(
      ({ step, params }): Judge =>
        (clips) =>
          pipe(
            partsOf(clips, data),
            TE.traverseSeqArray(look(device, step, params, data)),
            TE.map((seen) => judged(clips, data.frames, width, seen))
          )
    )
  )
}

/** The key of clips that everything is compared with, and of those that stand for real ones in a table. */
export const referenceKey = (key: Key): Key => fold(key, 0x7265)
export const realKey = (key: Key): Key => fold(key, 0x7261)

/** Judges clips by the classifier: what it reads in them, its features of them, how much they move. */
import { pipe, TE } from '../core/fp.ts'
import { fold, type Key } from '../core/Key.ts'
import { tensor } from '../core/Tensor.ts'
import type { Images } from '../data/digits.ts'
import { batch as realBatch, directions, type Label } from '../data/movingDigits.ts'
import { classify } from '../measure/classifier.ts'
import { motion } from '../measure/dynamics.ts'
import type { Judged } from '../measure/score.ts'
import { input } from '../ops/api.ts'
import type { Device, Executable } from '../runtime/device.ts'
import { classifierInputs } from './classifierTraining.ts'
import type { ClassifierTraining, DataConfig } from './configs.ts'
import type { Task } from './Failure.ts'
import { under, type Model } from './models.ts'
import { clipShape } from './teacher.ts'
import { compileStep, download, upload, type State } from './training.ts'
import { device as onDevice } from './Failure.ts'

/** Clips in a row, `[clips, frames, height, width]`, with what they were asked to show. */
export interface Clips {
  readonly labels: ReadonlyArray<Label>
  readonly pixels: Float32Array
}

export type Judge = (clips: Clips) => Task<Judged>

/** Clips judged at once. */
const size = 128

/** Real clips of some images. */
export const realClips = (images: Images, data: DataConfig, key: Key, n: number): Clips =>
  realBatch(images, data)(key, n)

const greatest = (logits: ArrayLike<number>, from: number, width: number): number => {
  let best = 0
  for (let i = 1; i < width; i++) if ((logits[from + i] ?? NaN) > (logits[from + best] ?? NaN)) best = i
  return best
}

interface Seen {
  readonly features: Float64Array
  readonly digit: ReadonlyArray<number>
  readonly direction: ReadonlyArray<number>
}

const look =
  (device: Device, step: Executable, params: State, data: DataConfig) =>
  (pixels: Float32Array): Task<Seen> =>
    pipe(
      upload(device, new Map([['clips', tensor('f32', clipShape(data, size), pixels)]])),
      TE.flatMap((clips) =>
        pipe(
          onDevice(step.run(new Map([...params, ...clips]))),
          TE.flatMap((out) =>
            pipe(
              download(device, out),
              TE.map((values) => {
                device.release([...clips.values(), ...out.values()])
                const read = (name: string): ReadonlyArray<number> => {
                  const { data: logits, shape } = values.get(name) ?? { data: [], shape: [0, 0] }
                  const width = shape[1] ?? 0
                  return Array.from({ length: size }, (_, i) => greatest(logits, i * width, width))
                }
                return {
                  features: Float64Array.from(values.get('features')?.data ?? []),
                  digit: read('digit'),
                  direction: read('direction')
                }
              })
            )
          )
        )
      )
    )

const judged = ({ labels, pixels }: Clips, frames: number, width: number, parts: ReadonlyArray<Seen>): Judged => {
  const count = labels.length
  const rows = new Float64Array(count * width) // local
  parts.forEach(({ features }, i) =>
    rows.set(features.subarray(0, Math.min(features.length, rows.length - i * size * width)), i * size * width)
  )
  const digit = parts.flatMap((part) => part.digit)
  const direction = parts.flatMap((part) => part.direction)
  return {
    count,
    digit: labels.map((label, i) => digit[i] === label.digit),
    direction: labels.map((label, i) => directions[direction[i] ?? -1] === label.direction),
    features: { width, rows },
    motion: motion(pixels, count, frames)
  }
}

/** A judge that uses a classifier. */
export const judgeOf = (device: Device, { config: { data }, tensors }: Model<ClassifierTraining>): Task<Judge> => {
  const params = classifierInputs(data, 'params')
  const reading = classify(params, input('clips', 'f32', clipShape(data, size)))
  const pixelsOfClip = data.frames * data.height * data.width
  return pipe(
    TE.Do,
    TE.bind('step', () => compileStep(device, { ...reading })),
    TE.bind('state', () => upload(device, under('params', tensors))),
    TE.map(
      ({ step, state }): Judge =>
        (clips) => {
          const parts = Array.from({ length: Math.ceil(clips.labels.length / size) }, (_, i) => {
            const part = new Float32Array(size * pixelsOfClip) // local
            part.set(clips.pixels.subarray(i * size * pixelsOfClip, (i + 1) * size * pixelsOfClip))
            return part
          })
          return pipe(
            parts,
            TE.traverseSeqArray(look(device, step, state, data)),
            TE.map((seen) => judged(clips, data.frames, reading.features.shape[1] ?? 0, seen))
          )
        }
    )
  )
}

/** The key of clips that everything is compared with, and of those that stand for real ones in a table. */
export const referenceKey = (key: Key): Key => fold(key, 0x7265)
export const realKey = (key: Key): Key => fold(key, 0x7261)

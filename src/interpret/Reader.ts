/** Readers of one line of text: what is at a place, and where the next begins; or the place where it does not go on. */
import { E } from '../core/fp.ts'

// model ----------------------------------------------------------------------------------

export interface Stuck {
  /** Counted from 0. */
  readonly at: number
  readonly why: string
}

export type Reader<A> = (text: string, at: number) => E.Either<Stuck, readonly [value: A, next: number]>

// constructors ---------------------------------------------------------------------------

export const succeed =
  <A>(value: A): Reader<A> =>
  (_, at) =>
    E.right([value, at])

/** What a pattern matches here; `what` says what was looked for. The pattern must be sticky. */
export const token =
  (pattern: RegExp, what: string): Reader<string> =>
  (text, at) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    return found === undefined
      ? E.left({ at, why: `here should be ${what}${at < text.length ? '' : ', where the line ends'}` })
      : E.right([found, at + found.length])
  }

/** A place, for what is found wrong later. */
export const place: Reader<number> = (_, at) => E.right([at, at])

// combinators ----------------------------------------------------------------------------

export const chain =
  <A, B>(reader: Reader<A>, f: (value: A) => Reader<B>): Reader<B> =>
  (text, at) => {
    const read = reader(text, at)
    return E.isLeft(read) ? read : f(read.right[0])(text, read.right[1])
  }

export const map = <A, B>(reader: Reader<A>, f: (value: A) => B): Reader<B> => chain(reader, (a) => succeed(f(a)))

/** Both in turn; the result is the first. */
export const before = <A>(reader: Reader<A>, next: Reader<unknown>): Reader<A> =>
  chain(reader, (a) => map(next, () => a))

/** Both in turn; the result is the second. */
export const after = <A>(first: Reader<unknown>, reader: Reader<A>): Reader<A> => chain(first, () => reader)

/** One reader or another, by what is here. */
export const when =
  <A>(pattern: RegExp, yes: Reader<A>, no: Reader<A>): Reader<A> =>
  (text, at) => {
    pattern.lastIndex = at
    return (pattern.test(text) ? yes : no)(text, at)
  }

/** As many as there are, while the pattern matches before each. */
export const repeated =
  <A>(pattern: RegExp, item: Reader<A>): Reader<ReadonlyArray<A>> =>
  (text, start) => {
    const found: Array<A> = [] // local
    for (let at = start; ; ) {
      pattern.lastIndex = at
      if (!pattern.test(text)) return E.right([found, at])
      const read = item(text, at)
      if (E.isLeft(read)) return read
      found.push(read.right[0])
      at = read.right[1]
    }
  }

/** Items between commas, none if the next is what ends them. */
export const separated = <A>(item: Reader<A>, comma: RegExp, end: RegExp): Reader<ReadonlyArray<A>> =>
  when(
    end,
    succeed<ReadonlyArray<A>>([]),
    chain(item, (first) => map(repeated(comma, after(token(comma, 'a comma'), item)), (rest) => [first, ...rest]))
  )

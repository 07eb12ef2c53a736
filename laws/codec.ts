/** Laws of a pair of functions that write a value down and read it back. */
import type * as fc from 'fast-check'
import { E } from '../src/core/fp.ts'
import { from, law, unless, type Laws } from './Laws.ts'

const prism = from('prism laws (Pickering et al. 2017, arXiv 1703.10857)')

export interface Codec<A, B, Why> {
  readonly encode: (value: A) => B
  readonly decode: (text: B) => E.Either<Why, A>
  readonly equal: (a: A, b: A) => boolean
  readonly show: (text: B | Why) => string
}

/** Reading gives back what was written; equal values are written alike; what is not a text of the kind is refused. */
export const codec = <A, B, Why>(
  { encode, decode, equal, show }: Codec<A, B, Why>,
  values: fc.Arbitrary<A>,
  damaged: fc.Arbitrary<B>
): Laws => ({
  'decode ∘ encode = id': law(prism('decode(encode(a)) = a'), values, (value) => {
    const read = decode(encode(value))
    return E.isLeft(read) ? show(read.left) : unless(equal(read.right, value), () => show(encode(read.right)))
  }),
  'encode ∘ decode ∘ encode = encode': law(prism('encode(decode(encode(a))) = encode(a)'), values, (value) => {
    const read = decode(encode(value))
    const again = E.isLeft(read) ? show(read.left) : show(encode(read.right))
    return unless(again === show(encode(value)), () => again)
  }),
  'refuses what is damaged': law(prism('decode(b) fails where b is no image of encode'), damaged, (text) =>
    unless(E.isLeft(decode(text)), () => `accepted ${show(text)}`)
  )
})

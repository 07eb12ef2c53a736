/** Laws of broadcasting: NumPy's rule, by what it does to indices, and the algebra that users rely on. */
import * as fc from 'fast-check'
import { equal, range, type Shape } from '../src/core/Shape.ts'
import { from, law, unless, type Laws, type Verdict } from './Laws.ts'

const numpyRule = from('NumPy, General broadcasting rules')
const lattice = from('broadcasting is the join of a semilattice, where it is defined')

export type Broadcast = (a: Shape, b: Shape) => Shape | undefined

const shapes: fc.Arbitrary<Shape> = fc.array(fc.constantFrom(1, 2, 3, 0), { maxLength: 4 })

const text = (shape: Shape | undefined): string => (shape === undefined ? 'none' : `[${shape}]`)

const same = (a: Shape | undefined, b: Shape | undefined): Verdict =>
  unless(a === undefined ? b === undefined : b !== undefined && equal(a, b), () => `${text(a)} is not ${text(b)}`)

const leading = (shape: Shape, rank: number): Shape => [...range(rank - shape.length).map(() => 1), ...shape]

/** NumPy's own words: sizes are compared from the last axis; they agree if they are equal or if one of them is 1. */
const numpy: Broadcast = (a, b) => {
  const rank = Math.max(a.length, b.length)
  const right = leading(b, rank)
  const sizes = leading(a, rank).map((x, i) => {
    const y = right[i] ?? 1
    return x === y || y === 1 ? x : x === 1 ? y : undefined
  })
  return sizes.every((d) => d !== undefined) ? sizes : undefined
}

const lifted =
  (broadcast: Broadcast) =>
  (a: Shape | undefined, b: Shape | undefined): Shape | undefined =>
    a === undefined || b === undefined ? undefined : broadcast(a, b)

/** Where all three agree in pairs, it does not matter which two come first. */
const associates = (broadcast: Broadcast, a: Shape, b: Shape, c: Shape): Verdict => {
  const both = lifted(broadcast)
  return same(both(both(a, b), c), both(a, both(b, c)))
}

export const broadcasting = (broadcast: Broadcast): Laws => ({
  "follows NumPy's rule": law(
    numpyRule('sizes agree from the last axis if equal or 1'),
    fc.tuple(shapes, shapes),
    ([a, b]) => same(broadcast(a, b), numpy(a, b))
  ),
  'a scalar changes nothing': law(lattice('a ∨ [] = a'), shapes, (a) => same(broadcast(a, []), a)),
  'is idempotent': law(lattice('a ∨ a = a'), shapes, (a) => same(broadcast(a, a), a)),
  'is commutative': law(lattice('a ∨ b = b ∨ a'), fc.tuple(shapes, shapes), ([a, b]) =>
    same(broadcast(a, b), broadcast(b, a))
  ),
  'is associative': law(lattice('(a ∨ b) ∨ c = a ∨ (b ∨ c)'), fc.tuple(shapes, shapes, shapes), ([a, b, c]) =>
    associates(broadcast, a, b, c)
  )
})

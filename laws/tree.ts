/** Laws of trees of parameters: a functor that flattens to named leaves and back. */
import * as fc from 'fast-check'
import type { Trees } from '../src/core/Tree.ts'
import { from, law, unless, type Laws } from './Laws.ts'

const functor = from('functor laws (Fantasy Land)')
const traversal = from('McBride and Paterson 2008, traversals')

const names = fc.constantFrom('weight', 'bias', 'scale', 'blocks', 'q')

/** Nested records and arrays with numbers at their leaves. */
const nested: fc.Arbitrary<unknown> = fc.letrec<{ readonly tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.integer(),
    fc.dictionary(names, tie('tree'), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie('tree'), { maxLength: 3 })
  )
})).tree

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const must = (a: unknown, b: unknown): string | undefined =>
  unless(same(a, b), () => `${JSON.stringify(a)} is not ${JSON.stringify(b)}`)

const twice = (x: number): number => 2 * x
const less = (x: number): number => x - 1

/** Trees of numbers, with any implementation. */
export const tree = (trees: Trees<number>): Laws => ({
  'map(id) = id': law(functor('map(id) = id'), nested, (t) =>
    must(
      trees.map(t, (x) => x),
      t
    )
  ),
  'map(g) ∘ map(f) = map(g ∘ f)': law(functor('map(g) ∘ map(f) = map(g ∘ f)'), nested, (t) =>
    must(
      trees.map(trees.map(t, twice), less),
      trees.map(t, (x) => less(twice(x)))
    )
  ),
  'unflatten ∘ flatten = id': law(traversal('unflatten(t, flatten(t)) = t'), nested, (t) =>
    must(trees.unflatten(t, new Map(trees.flatten(t))), t)
  ),
  'names are all different': law(traversal('names(t) are distinct'), nested, (t) => {
    const all = trees.flatten(t).map(([name]) => name)
    return unless(new Set(all).size === all.length, () => `a name is used twice: ${all}`)
  }),
  'flatten and map visit the same leaves under the same names': law(
    traversal('visited(map, t) = flatten(t)'),
    nested,
    (t) => {
      const seen: Array<readonly [string, number]> = [] // local
      trees.map(t, (x, name) => seen.push([name, x]))
      return must(seen, trees.flatten(t))
    }
  ),
  'zip meets every leaf with its own': law(
    traversal('zip(t, map(t, f), (a, b) ↦ g) = map(t, a ↦ g(a, f(a)))'),
    nested,
    (t) =>
      must(
        trees.zip<unknown, number, number>(t, trees.map(t, twice), (a, b) => b - a),
        t
      )
  )
})

/** Trees that lose, rename or confuse leaves. */
import { trees, type Trees } from '../../src/core/Tree.ts'
import type { Mutant } from '../Laws.ts'
import { tree } from '../tree.ts'
import { mutantsOf } from './mutant.ts'

const numbers: Trees<number> = trees((value): value is number => typeof value === 'number')

const mutant = mutantsOf<Trees<number>>(tree, numbers)

const lastName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

export const treeMutants: ReadonlyArray<Mutant> = [
  mutant('a map that starts from zero', 'map(id) = id', {
    map: (t, f) => numbers.map(t, (x, name) => f(x && 0, name))
  }),
  mutant('a map that applies twice', 'map(g) ∘ map(f) = map(g ∘ f)', {
    map: (t, f) => numbers.map(t, (x, name) => f(f(x, name) as number, name))
  }),
  mutant('an unflatten that looks under short names', 'unflatten ∘ flatten = id', {
    unflatten: (t, leaves) => numbers.map(t, (_, name) => leaves.get(lastName(name)) as never)
  }),
  mutant('a flatten with short names', 'names are all different', {
    flatten: (t) => numbers.flatten(t).map(([name, x]) => [lastName(name), x])
  }),
  mutant('a flatten in another order', 'flatten and map visit the same leaves under the same names', {
    flatten: (t) => [...numbers.flatten(t)].reverse()
  }),
  mutant('a zip that exchanges its sides', 'zip meets every leaf with its own', {
    zip: (t, other, f) =>
      numbers.zip(t, other, (a, b, name) => f(b as unknown as number, a as unknown as typeof b, name))
  })
]

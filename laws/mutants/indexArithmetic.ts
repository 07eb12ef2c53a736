/** Normal forms of index arithmetic that are not what was written. */
import { indexArithmetic, type IndexArithmetic } from '../indexArithmetic.ts'
import type { Mutant } from '../Laws.ts'
import { mutantsOf } from './mutant.ts'

export const indexArithmeticMutants = <I>(sound: IndexArithmetic<I>): ReadonlyArray<Mutant> => {
  const mutant = mutantsOf<IndexArithmetic<I>>(indexArithmetic, sound)
  return [
    mutant('names that are taken for smaller than they are', 'has the value of its text', {
      parse: (text, ranges) => sound.parse(text, new Map([...ranges].map(([name, high]) => [name, high - 1])))
    }),
    mutant('a greatest value that is one too small', 'lies within its bounds', {
      bounds: (index) => {
        const [low, high] = sound.bounds(index)
        return [low, high - 1]
      }
    }),
    mutant('a rest that has lost another name', 'is a name times its coefficient, and the rest', {
      without: (index, name) => sound.without(sound.without(index, name), 'i')
    })
  ]
}

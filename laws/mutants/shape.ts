/** Rules of broadcasting that are not NumPy's. */
import { broadcast } from '../../src/core/Shape.ts'
import type { Mutant } from '../Laws.ts'
import { broadcasting, type Broadcast } from '../shape.ts'

const mutant = (name: string, brokenLaw: string, wrong: Broadcast): Mutant => ({
  name,
  brokenLaw,
  laws: broadcasting(wrong)
})

export const broadcastingMutants: ReadonlyArray<Mutant> = [
  mutant('the larger size wins', "follows NumPy's rule", (a, b) =>
    broadcast(
      a.map((d) => (d === 2 ? 1 : d)),
      b
    )
  ),
  mutant('a scalar has one axis', 'a scalar changes nothing', (a, b) => broadcast(a, b.length === 0 ? [1, 1, 1] : b)),
  mutant('axes of size 3 do not stretch', 'is idempotent', (a, b) =>
    a.includes(3) && b.includes(3) ? undefined : broadcast(a, b)
  ),
  mutant('only the left stretches', 'is commutative', (a, b) =>
    b.some((d, i) => d === 1 && a.at(i - b.length) !== 1) ? undefined : broadcast(a, b)
  ),
  mutant('results of four axes lose one', 'is associative', (a, b) => broadcast(a, b.length === 2 ? b.slice(1) : b))
]

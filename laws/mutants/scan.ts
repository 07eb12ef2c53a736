/** Loops that go the wrong way, forget, or do not pass on what moves. */
import type * as fc from 'fast-check'
import { $ } from '../../src/ops/registry.ts'
import { transformations, type Case } from '../composition.ts'
import type { Mutant } from '../Laws.ts'
import { loops, scan, type Loops } from '../scan.ts'
import { ofFirstRow } from './composition.ts'
import { mutantsOf } from './mutant.ts'

/** The sequences from their last element. */
const backwards: Loops['scan'] = (step) => (init, xs) =>
  loops.scan(step)(
    init,
    xs.map((x) => $.flip(x, { axes: [0] }))
  )

/** No derivative goes from step to step. */
const forgetful: Loops['scan'] = (step) => loops.scan((carry, xs) => step($.stopGradient(carry), xs))

export const scanMutants = (cases: fc.Arbitrary<Case>): ReadonlyArray<Mutant> => {
  const mutant = mutantsOf((instance: Loops) => scan(instance, cases), loops)
  const forgetting = (brokenLaw: string): Mutant =>
    mutant('a loop whose carry does not move', brokenLaw, { scan: forgetful })
  return [
    mutant('a loop that runs backwards', 'scan is its steps written out', { scan: backwards }),
    forgetting('grad ∘ scan is the gradient of its steps'),
    forgetting('jvp ∘ scan is the tangent of its steps'),
    forgetting('grad ∘ grad ∘ scan is the second derivative of its steps'),
    mutant('a vmap that does one row', 'vmap ∘ scan is the scan of each row', {
      vmap: ofFirstRow(transformations.vmap)
    })
  ]
}

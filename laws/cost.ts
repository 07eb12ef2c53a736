/** Laws of what sampling costs, counted in evaluations of a whole network of `L` blocks. */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import { closeNumbers, from, law, type Laws } from './Laws.ts'

const nfe = from('Nie et al. 2026 (arXiv 2601.09881), §5, effective NFE')

/** A sampler of `M` outer steps, each of `N` runs of a head of `H` of the network's `L` blocks. */
export interface SamplerCost {
  readonly outerSteps: number
  readonly innerSteps: number
  readonly headBlocks: number
  readonly blocks: number
}

export type Cost = (cost: SamplerCost) => number

const costs: fc.Arbitrary<SamplerCost> = fc
  .record({
    outerSteps: fc.integer({ min: 1, max: 8 }),
    innerSteps: fc.integer({ min: 1, max: 8 }),
    headBlocks: fc.integer({ min: 1, max: 12 }),
    others: fc.integer({ min: 0, max: 30 })
  })
  .map(({ others, ...rest }) => ({ ...rest, blocks: rest.headBlocks + others }))

/** The rise of `cost` when `by` is added to a field. */
const rise = (cost: Cost, at: SamplerCost, field: 'innerSteps' | 'headBlocks', by: number): number =>
  cost({ ...at, [field]: at[field] + by }) - cost(at)

const edges = (cost: Cost, close: Close): Laws => ({
  'with one inner step it is the number of outer steps': law(nfe('N = 1 ⇒ M', 33), costs, (at) =>
    closeNumbers(close, cost({ ...at, innerSteps: 1 }), at.outerSteps)
  ),
  'a head that is the whole network costs all inner steps': law(nfe('H = L ⇒ M N', 33), costs, (at) =>
    closeNumbers(close, cost({ ...at, headBlocks: at.blocks }), at.outerSteps * at.innerSteps)
  ),
  'it is the blocks that run, of those there are': law(nfe('M ((L − H) + N H)/L', 33), costs, (at) => {
    const { outerSteps: m, innerSteps: n, headBlocks: h, blocks: l } = at
    return closeNumbers(close, cost(at), (m * (l - h + n * h)) / l)
  })
})

const linearity = (cost: Cost, close: Close): Laws => ({
  'it is linear in the inner steps and in the blocks of the head': law(
    nfe('2 (cost(N + 1) − cost(N)) = cost(N + 2) − cost(N), and H likewise', 33),
    fc.tuple(costs, fc.constantFrom('innerSteps' as const, 'headBlocks' as const)),
    ([at, field]) => closeNumbers(close, 2 * rise(cost, at, field, 1), rise(cost, at, field, 2))
  ),
  'outer steps add up': law(
    nfe('cost(M + M′) = cost(M) + cost(M′)', 33),
    fc.tuple(costs, fc.integer({ min: 1, max: 8 })),
    ([at, more]) =>
      closeNumbers(
        close,
        cost({ ...at, outerSteps: at.outerSteps + more }),
        cost(at) + cost({ ...at, outerSteps: more })
      )
  )
})

export const cost = (instance: Cost, close: Close): Laws => ({
  ...edges(instance, close),
  ...linearity(instance, close)
})

/** What the laws of planners (`laws/plan.ts`, run in `test/laws`) leave open: how few buffers a chain needs. */
import { describe, expect, it } from 'vitest'
import { plan } from '../../../src/compile/wgsl/plan.ts'

describe('plan', () => {
  it('needs two buffers for a chain', () => {
    const chain = Array.from({ length: 9 }, (_, i) => ({ bytes: 16, from: i, to: i + 1 }))

    expect(plan(chain).buffers).toEqual([16, 16])
  })
})

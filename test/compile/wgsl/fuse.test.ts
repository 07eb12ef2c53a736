import { describe, expect, it } from 'vitest'
import { fusion, type Fusion } from '../../../laws/fusion.ts'
import { fusionMutants } from '../../../laws/mutants/fusion.ts'
import { input, topological, type Expr } from '../../../src/core/Expr.ts'
import { expand } from '../../../src/compile/wgsl/expand.ts'
import { fuse, type Fused } from '../../../src/compile/wgsl/fuse.ts'
import { portable } from '../../../src/compile/wgsl/Target.ts'
import { $ } from '../../../src/ops/registry.ts'
import { covered, hold, reject } from '../../laws/hold.ts'
import { graphs } from '../graphs.ts'

const target = { ...portable, storageBuffers: 4, staticLoads: 8 }

const fused = (root: Expr): Fused & { readonly roots: ReadonlyArray<Expr> } => {
  const roots = expand([root])
  return { ...fuse(topological(roots), new Set(roots), target), roots }
}

const fusing =
  (storageBuffers: number): Fusion =>
  (roots) =>
    fuse(topological(roots), new Set(roots), { ...target, storageBuffers })

describe('fuse', () => {
  const roots = graphs.map((root) => expand([root]))
  const laws = fusion(fusing(target.storageBuffers), roots, target.storageBuffers)
  const mutants = fusionMutants(fusing, roots, target.storageBuffers)

  hold(laws)
  reject(mutants, 1000)
  covered(laws, mutants)

  it('computes a chain of elementwise operations in one kernel', () => {
    const x = input('x', 'f32', [8, 8])
    const root = $.tanh($.mul($.exp($.neg(x)), $.sigmoid(x)))

    expect(fused(root).groups.map((g) => g.root)).toEqual([root])
  })

  it('fuses what is made of a reduction into its kernel', () => {
    const x = input('x', 'f32', [8, 8])
    const root = $.sqrt($.sum($.mul(x, x), { axes: [1] }))

    expect(fused(root).groups).toEqual([{ root, core: $.sum($.mul(x, x), { axes: [1] }) }])
  })

  it('does not compute again what is dear for every element that it is spread to', () => {
    const x = input('x', 'f32', [64])
    const root = $.neg($.broadcast($.exp(x), { shape: [4096, 64], axes: [1] }))

    expect(fused(root).groups.map((g) => g.root)).toEqual([$.exp(x), root])
  })
})

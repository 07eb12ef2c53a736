import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { input, inputsOf, isApply, topological, type Expr } from '../../../src/core/Expr.ts'
import { expand } from '../../../src/compile/wgsl/expand.ts'
import { fuse, type Fused } from '../../../src/compile/wgsl/fuse.ts'
import { loweringOf } from '../../../src/compile/wgsl/lowering.ts'
import { portable } from '../../../src/compile/wgsl/Target.ts'
import { $ } from '../../../src/ops/registry.ts'
import { graphs } from '../graphs.ts'

const target = { ...portable, storageBuffers: 4, staticLoads: 8 }

const fused = (root: Expr): Fused & { readonly roots: ReadonlyArray<Expr> } => {
  const roots = expand([root])
  return { ...fuse(topological(roots), new Set(roots), target), roots }
}

/** What the kernel of a stored value computes, and the stored values that it reads. */
const kernelOf = (root: Expr, stored: ReadonlySet<Expr>) => {
  const inside = new Set<Expr>() // local
  const leaves = new Set<Expr>()
  const visit = (node: Expr): void => {
    if (node !== root && stored.has(node)) leaves.add(node)
    else if (!inside.has(node)) {
      inside.add(node)
      inputsOf(node).forEach(visit)
    }
  }
  visit(root)
  return { inside, leaves }
}

const isCore = (node: Expr): boolean => isApply(node) && loweringOf(node)?._tag !== 'Map'

describe('fuse', () => {
  it('stores every output', () =>
    fc.assert(
      fc.property(graphs, (root) => {
        const { stored, roots } = fused(root)
        return roots.every((r) => !isApply(r) || stored.has(r))
      })
    ))

  it('gives a kernel at most one reduction or contraction', () =>
    fc.assert(
      fc.property(graphs, (root) => {
        const { groups, stored } = fused(root)
        return groups.every(({ root, core }) => {
          const cores = [...kernelOf(root, stored).inside].filter(isCore)
          return cores.length <= 1 && (cores[0] ?? root) === core
        })
      })
    ))

  it('binds no more buffers than the adapter allows', () =>
    fc.assert(
      fc.property(graphs, (root) => {
        const { groups, stored } = fused(root)
        return groups.every((group) => {
          const { inside, leaves } = kernelOf(group.root, stored)
          const unavoidable = [...inside].some((node) => new Set(inputsOf(node)).size >= target.storageBuffers)
          return unavoidable || leaves.size < target.storageBuffers
        })
      })
    ))

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

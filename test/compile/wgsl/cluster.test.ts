import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { input, inputsOf, topological, type Expr } from '../../../src/core/Expr.ts'
import { cluster, type Cluster } from '../../../src/compile/wgsl/cluster.ts'
import { expand } from '../../../src/compile/wgsl/expand.ts'
import { fuse } from '../../../src/compile/wgsl/fuse.ts'
import { sites } from '../../../src/compile/wgsl/signature.ts'
import { portable, type Target } from '../../../src/compile/wgsl/Target.ts'
import { $ } from '../../../src/ops/registry.ts'
import { graphs } from '../graphs.ts'

/** Any rows are enough, so that small graphs are put together too. */
const target: Target = { ...portable, fewest: { rows: 1, columns: 2 } }

const clustered = (values: ReadonlyArray<Expr>) => {
  const roots = expand(values)
  const known = sites()
  const fused = fuse(topological(roots), new Set(roots), target, known)
  return { ...fused, roots, clusters: cluster(fused, new Set(roots), target, known) }
}

/** The stored values that the kernel of a cluster reads, and does not compute itself. */
const leavesOf = ({ groups }: Cluster, stored: ReadonlySet<Expr>): ReadonlySet<Expr> => {
  const own = new Set<Expr>(groups.map(({ root }) => root))
  const seen = new Set<Expr>() // local
  const leaves = new Set<Expr>()
  const visit = (node: Expr): void => {
    if (seen.has(node)) return
    seen.add(node)
    if (!own.has(node) && stored.has(node)) leaves.add(node)
    else inputsOf(node).forEach(visit)
  }
  own.forEach(visit)
  return leaves
}

const stepOfAdam = (name: string): ReadonlyArray<Expr> => {
  const at = (part: string): Expr => input(`${name}.${part}`, 'f32', [32, 64])
  const [p, m, v, g] = [at('p'), at('m'), at('v'), at('g')] as const
  const first = $.add($.mul(m, $.fill(0.9, m)), $.mul(g, $.fill(0.1, g)))
  const second = $.add($.mul(v, $.fill(0.999, v)), $.mul($.mul(g, g), $.fill(0.001, g)))
  return [$.sub(p, $.div(first, $.sqrt(second))), first, second]
}

describe('cluster', () => {
  it('makes every value before it is read', () =>
    fc.assert(
      fc.property(graphs, graphs, (a, b) => {
        const { clusters, stored } = clustered([a, b])
        const made = new Set<Expr>() // local
        for (const one of clusters) {
          for (const leaf of leavesOf(one, stored)) if (leaf.term._tag === 'Apply') expect(made.has(leaf)).toBe(true)
          one.outer.forEach((x) => made.add(x))
        }
      })
    ))

  it('stores what anything outside reads, outputs among it', () =>
    fc.assert(
      fc.property(graphs, graphs, (a, b) => {
        const { clusters, stored, roots } = clustered([a, b])
        const kept = new Set(clusters.flatMap((one) => [...one.outer]))
        const read = clusters.flatMap((one) => [...leavesOf(one, stored)])
        for (const x of [...read, ...roots]) if (x.term._tag === 'Apply') expect(kept.has(x)).toBe(true)
      })
    ))

  it('computes every stored value once', () =>
    fc.assert(
      fc.property(graphs, (root) => {
        const { clusters, groups } = clustered([root])
        const computed = clusters.flatMap((one) => one.groups.map((g) => g.root))
        expect(computed.length).toBe(new Set(computed).size)
        expect(new Set(computed)).toEqual(new Set(groups.map((g) => g.root)))
      })
    ))

  it('makes one kernel of a softmax, which stores the result alone', () => {
    const x = input('x', 'f32', [96, 64])
    const root = $.softmax(x, { axis: 1 })

    const { clusters, roots } = clustered([root])

    expect(clusters.length).toBe(1)
    expect(clusters[0]?.outer).toEqual(new Set(roots))
  })

  it('makes one kernel of a step of AdamW, of three results', () => {
    const { clusters } = clustered(stepOfAdam('w'))

    expect(clusters.map((one) => one.outer.size)).toEqual([3])
  })

  it('keeps apart what a kernel between them must read', () => {
    const x = input('x', 'f32', [32, 64])
    const y = $.exp(x)
    const product = $.contract(y, y, { left: { batch: [], over: [1] }, right: { batch: [], over: [1] } })
    const total = $.broadcast($.sum(product, { axes: [0, 1] }), { shape: [32, 64], axes: [] })

    const { clusters } = clustered([$.mul(y, total)])

    expect(clusters.every((one) => one.groups.length === 1)).toBe(true)
  })
})

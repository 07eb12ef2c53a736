import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as laws from '../../../laws/fusion.ts'
import type { Clustering } from '../../../laws/fusion.ts'
import { clusteringMutants } from '../../../laws/mutants/fusion.ts'
import { input, topological, type Expr } from '../../../src/core/Expr.ts'
import { cluster } from '../../../src/compile/wgsl/cluster.ts'
import { expand } from '../../../src/compile/wgsl/expand.ts'
import { fuse } from '../../../src/compile/wgsl/fuse.ts'
import { sites } from '../../../src/compile/wgsl/signature.ts'
import { portable, type Target } from '../../../src/compile/wgsl/Target.ts'
import { $ } from '../../../src/ops/registry.ts'
import { covered, hold, reject } from '../../laws/hold.ts'
import { graphs } from '../graphs.ts'

/** Any rows are enough, so that small graphs are put together too. */
const target: Target = { ...portable, fewest: { rows: 1, columns: 2 } }

const clustering: Clustering = (roots) => {
  const known = sites()
  const fused = fuse(topological(roots), new Set(roots), target, known)
  return { ...fused, clusters: cluster(fused, new Set(roots), target, known) }
}

const clustered = (values: ReadonlyArray<Expr>) => {
  const roots = expand(values)
  return { ...clustering(roots), roots }
}

const stepOfAdam = (name: string): ReadonlyArray<Expr> => {
  const at = (part: string): Expr => input(`${name}.${part}`, 'f32', [32, 64])
  const [p, m, v, g] = [at('p'), at('m'), at('v'), at('g')] as const
  const first = $.add($.mul(m, $.fill(0.9, m)), $.mul(g, $.fill(0.1, g)))
  const second = $.add($.mul(v, $.fill(0.999, v)), $.mul($.mul(g, g), $.fill(0.001, g)))
  return [$.sub(p, $.div(first, $.sqrt(second))), first, second]
}

describe('cluster', () => {
  const roots = fc.tuple(graphs, graphs).map((both) => expand(both))

  hold(laws.clustering(clustering, roots))
  reject(clusteringMutants(clustering, roots))
  covered(laws.clustering(clustering, roots), clusteringMutants(clustering, roots))

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

/**
 * Laws of fusion and of clusters: which values are stored, which disappear into the kernels beside them, and in which
 * order kernels run. Graphs come as their roots, of primitives alone.
 */
import * as fc from 'fast-check'
import { inputsOf, isApply, type Expr } from '../src/core/Expr.ts'
import type { Cluster } from '../src/compile/wgsl/cluster.ts'
import type { Fused } from '../src/compile/wgsl/fuse.ts'
import { loweringOf } from '../src/compile/wgsl/lowering.ts'
import { firstOf, from, law, unless, type Laws, type Verdict } from './Laws.ts'

const fusing = from('the contract of `src/compile/wgsl/fuse.ts`')
const clusters = from('the contract of `src/compile/wgsl/cluster.ts`')

// model ----------------------------------------------------------------------------------

export type Roots = ReadonlyArray<Expr>

export type Fusion = (roots: Roots) => Fused

/** Kernels of one loop put together, in the order in which they run. */
export interface Clustered extends Fused {
  readonly clusters: ReadonlyArray<Cluster>
}

export type Clustering = (roots: Roots) => Clustered

// what a kernel computes -------------------------------------------------------------------

/** What lies between the values that a kernel stores and the stored values that it reads. */
const kernelOf = (own: ReadonlySet<Expr>, stored: ReadonlySet<Expr>) => {
  const inside = new Set<Expr>() // local
  const leaves = new Set<Expr>()
  const waiting = [...own]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!own.has(node) && stored.has(node)) leaves.add(node)
    else if (!inside.has(node)) {
      inside.add(node)
      waiting.push(...inputsOf(node))
    }
  }
  return { inside, leaves }
}

const isCore = (node: Expr): boolean => isApply(node) && loweringOf(node)?._tag !== 'Map'

const name = (node: Expr): string => (isApply(node) ? node.term.op.name : node.term._tag.toLowerCase())

// fusion ---------------------------------------------------------------------------------

const outputsStored = (roots: Roots, { stored, groups }: Fused): Verdict =>
  firstOf(
    roots
      .filter(isApply)
      .map((root) =>
        unless(
          stored.has(root) && groups.some((group) => group.root === root),
          () => `the output ${name(root)} is not stored`
        )
      )
  )

const oneCore = ({ groups, stored }: Fused): Verdict =>
  firstOf(
    groups.map(({ root, core }) => {
      const cores = [...kernelOf(new Set([root]), stored).inside].filter(isCore)
      return unless(
        cores.length <= 1 && (cores[0] ?? root) === core,
        () => `the kernel of ${name(root)} has ${cores.map(name).join(', ')}, and says that it has ${name(core)}`
      )
    })
  )

/** An operation of many operands binds them all, whatever is stored. */
const withinBuffers = ({ groups, stored }: Fused, buffers: number): Verdict =>
  firstOf(
    groups.map(({ root }) => {
      const { inside, leaves } = kernelOf(new Set([root]), stored)
      const unavoidable = [...inside].some((node) => new Set(inputsOf(node)).size >= buffers)
      return unless(
        unavoidable || leaves.size < buffers,
        () => `the kernel of ${name(root)} reads ${leaves.size} buffers of ${buffers}`
      )
    })
  )

const inOrder = ({ groups, stored }: Fused): Verdict => {
  const made = new Set<Expr>() // local
  return firstOf(
    groups.map(({ root }) => {
      const early = [...kernelOf(new Set([root]), stored).leaves].find((leaf) => isApply(leaf) && !made.has(leaf))
      made.add(root)
      return unless(early === undefined, () => `the kernel of ${name(root)} comes before what it reads`)
    })
  )
}

/** A kernel computes one stored value of stored values, in one loop, within the `buffers` that it can bind. */
export const fusion = (fuse: Fusion, graphs: fc.Arbitrary<Roots>, buffers: number): Laws => ({
  'stores every output': law(fusing('outputs ⊆ stored, each the root of a kernel'), graphs, (roots) =>
    outputsStored(roots, fuse(roots))
  ),
  'gives a kernel at most one reduction or contraction': law(fusing('a kernel has at most one loop'), graphs, (roots) =>
    oneCore(fuse(roots))
  ),
  'binds no more buffers than the adapter allows': law(
    fusing('reads + writes ≤ buffers, where the operands of one operation allow it'),
    graphs,
    (roots) => withinBuffers(fuse(roots), buffers)
  ),
  'puts a kernel behind those that it reads': law(fusing('kernels are in topological order'), graphs, (roots) =>
    inOrder(fuse(roots))
  )
})

// clusters -------------------------------------------------------------------------------

const rootsOf = ({ groups }: Cluster): ReadonlySet<Expr> => new Set(groups.map(({ root }) => root))

const leavesOf = (cluster: Cluster, { stored }: Clustered): ReadonlyArray<Expr> =>
  [...kernelOf(rootsOf(cluster), stored).leaves].filter(isApply)

const madeBeforeRead = (clustered: Clustered): Verdict => {
  const made = new Set<Expr>() // local
  return firstOf(
    clustered.clusters.map((cluster) => {
      const early = leavesOf(cluster, clustered).find((leaf) => !made.has(leaf))
      cluster.outer.forEach((x) => made.add(x))
      return unless(early === undefined, () => `${name(early as Expr)} is read before it is made`)
    })
  )
}

const keptForOthers = (roots: Roots, clustered: Clustered): Verdict => {
  const kept = new Set(clustered.clusters.flatMap(({ outer }) => [...outer]))
  const read = clustered.clusters.flatMap((cluster) => leavesOf(cluster, clustered))
  const lost = [...read, ...roots.filter(isApply)].find((x) => !kept.has(x))
  return unless(lost === undefined, () => `${name(lost as Expr)} is read outside and not stored`)
}

const once = ({ clusters, groups }: Clustered): Verdict => {
  const computed = clusters.flatMap((cluster) => [...rootsOf(cluster)])
  return unless(
    computed.length === groups.length && groups.every(({ root }) => computed.includes(root)),
    () => `${computed.length} values are computed of ${groups.length}`
  )
}

/** Clusters divide the kernels among them, and run in an order in which every value is there when it is read. */
export const clustering = (cluster: Clustering, graphs: fc.Arbitrary<Roots>): Laws => ({
  'makes every value before it is read': law(clusters('clusters are in topological order'), graphs, (roots) =>
    madeBeforeRead(cluster(roots))
  ),
  'stores what anything outside reads, outputs among it': law(
    clusters('reads from outside ⊆ stored'),
    graphs,
    (roots) => keptForOthers(roots, cluster(roots))
  ),
  'computes every stored value once': law(clusters('clusters partition the kernels'), graphs, (roots) =>
    once(cluster(roots))
  )
})

/** A program as launches of WGSL kernels: `expand → arrange → fuse → cluster → emit → plan`. */
import { topological, type Expr } from '../../core/Expr.ts'
import type { Faults } from '../../core/Fault.ts'
import { RA, type E } from '../../core/fp.ts'
import { imageOf } from '../../core/Lambda.ts'
import { size } from '../../core/Shape.ts'
import type { Program } from '../Program.ts'
import { widen } from '../../ops/widen.ts'
import { arrange } from './arrange.ts'
import { cluster, type Cluster } from './cluster.ts'
import { emitContract } from './contract.ts'
import { expand } from './expand.ts'
import { fuse, type Group } from './fuse.ts'
import type { ClusterContext, Context, Kernel, Value } from './Kernel.ts'
import type { KernelSources } from './kernels.ts'
import { layout } from './layout.ts'
import { foldOf, loweringOf } from './lowering.ts'
import { emitMaps } from './map.ts'
import { emitFold } from './reduce.ts'
import { emitRows } from './rows.ts'
import { signatureOf, sites, type Signature, type Sites } from './signature.ts'
import type { Target } from './Target.ts'
import type { WgslProgram } from './WgslProgram.ts'

/** The operations of a kernel, from the cores to the roots, for people. */
const labelOf = (groups: ReadonlyArray<Group>): string =>
  groups
    .map(({ root, core }) => [core, ...(root === core ? [] : [root])].map(({ term }) => term.op.name).join(' … '))
    .join(', ')

const emitAlone = (context: ClusterContext, group: Group): ReadonlyArray<Kernel> => {
  const alone: Context = { ...context, group, label: labelOf([group]) }
  const fold = foldOf(group.core)
  if (fold !== undefined) return emitFold(alone, fold)
  if (loweringOf(group.core)._tag === 'Contract') return emitContract(alone)
  const frame = { rows: size(group.root.shape), columns: 1 }
  return [
    emitMaps({ ...context, label: alone.label, cluster: { groups: [group], outer: new Set([group.root]), frame } })
  ]
}

const emitCluster = (context: ClusterContext): ReadonlyArray<Kernel> => {
  const { groups, frame } = context.cluster
  const together = groups.length === 1 ? undefined : frame.columns === 1 ? emitMaps(context) : emitRows(context)
  return together === undefined ? groups.flatMap((group) => emitAlone(context, group)) : [together]
}

/** What a cluster is made of, in an order that its signature fixes: the values that a like cluster has in their place. */
const valuesOf = ({ groups }: Cluster, { leaves }: Signature): ReadonlyArray<Expr> => [
  ...groups.map(({ root }) => root),
  ...leaves
]

/** The values of one cluster in the place of those of another, whose kernels are the same. */
const moved = (from: ReadonlyArray<Expr>, to: ReadonlyArray<Expr>): ((value: Value) => Value) => {
  const image = new Map(RA.zip(from, to))
  const at = (x: Expr): Expr => imageOf(x, image)
  return (value) =>
    value._tag === 'Scratch' ? { ...value, group: at(value.group) } : { _tag: 'Node', node: at(value.node) }
}

interface Emitted {
  readonly values: ReadonlyArray<Expr>
  readonly kernels: ReadonlyArray<Kernel>
}

/** The kernels of clusters; those that differ in their values alone are written once. */
export const emit = (
  clusters: ReadonlyArray<Cluster>,
  stored: (node: Expr) => boolean,
  sources: KernelSources,
  target: Target,
  seen: Sites
): ReadonlyArray<Kernel> => {
  const known = new Map<string, Emitted>() // local
  return clusters.flatMap((cluster) => {
    const signature = signatureOf(seen, cluster.groups, stored, cluster.outer)
    const values = valuesOf(cluster, signature)
    const found = known.get(signature.text)
    if (found === undefined) {
      const kernels = emitCluster({ cluster, sources, target, stored, label: labelOf(cluster.groups) })
      known.set(signature.text, { values, kernels })
      return kernels
    }
    const move = moved(found.values, values)
    return found.kernels.map((kernel) => ({
      ...kernel,
      reads: kernel.reads.map(move),
      writes: kernel.writes.map(move)
    }))
  })
}

/** What a program becomes before its values have places in memory. */
export interface Scheduled {
  readonly outputs: ReadonlyArray<Expr>
  readonly stored: ReadonlySet<Expr>
  readonly clusters: ReadonlyArray<Cluster>
  /** In the order of their launches. */
  readonly kernels: ReadonlyArray<Kernel>
}

export const scheduled =
  (sources: KernelSources, target: Target) =>
  (program: Program): Scheduled => {
    const outputs = arrange(widen(expand(widen(program.outputs.map(({ node }) => node)))), target)
    const nodes = topological(outputs)
    const known = sites()
    const fused = fuse(nodes, new Set(outputs), target, known)
    const clusters = cluster(fused, new Set(outputs), target, known)
    const kernels = emit(clusters, (x) => fused.stored.has(x), sources, target, known)
    return { outputs, stored: fused.stored, clusters, kernels }
  }

/** Compiles a program for an adapter. Pure: the hand-written kernels come in as texts. */
export const compileWgsl =
  (sources: KernelSources, target: Target) =>
  (program: Program): E.Either<Faults, WgslProgram> => {
    const { outputs, kernels } = scheduled(sources, target)(program)
    return layout(program, outputs, kernels, target)
  }

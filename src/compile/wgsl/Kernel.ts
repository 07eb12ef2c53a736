/** One launch of one kernel, in terms of values: what `plan` gives buffers to. */
import type { Expr } from '../../core/Expr.ts'
import type { Cluster } from './cluster.ts'
import type { Group } from './fuse.ts'
import type { KernelSources } from './kernels.ts'
import type { Target } from './Target.ts'

/** A stored node, or a scratch array between two launches of one group. */
export type Value =
  | { readonly _tag: 'Node'; readonly node: Expr }
  | { readonly _tag: 'Scratch'; readonly group: Expr; readonly elements: number }

export interface Kernel {
  readonly wgsl: string
  /** In the order of their bindings. */
  readonly reads: ReadonlyArray<Value>
  /** Bound after those that are read. */
  readonly writes: ReadonlyArray<Value>
  readonly uniform?: ReadonlyArray<number>
  readonly workgroups: readonly [number, number, number]
  readonly label: string
}

/** What the emission of a group may ask. */
export interface Context {
  readonly target: Target
  readonly stored: (node: Expr) => boolean
  readonly sources: KernelSources
  readonly group: Group
  readonly label: string
}

/** The same for groups that share one kernel. */
export interface ClusterContext extends Omit<Context, 'group'> {
  readonly cluster: Cluster
}

export const node = (node: Expr): Value => ({ _tag: 'Node', node })

/** Workgroups along one axis that every adapter allows. */
const widest = 65535

/** A count of workgroups as a grid; the kernel must ignore those beyond the count. */
export const grid = (count: number): readonly [number, number, number] =>
  count <= widest ? [count, 1, 1] : [widest, Math.ceil(count / widest), 1]

/** The number of a workgroup in such a grid. */
export const groupNumber = '(group.y * groups.x + group.x)'

/**
 * The statement that names a loop's end. Mesa unrolls loops whose length it knows, and then compiles for seconds: there
 * the length depends on the number of workgroups, of which it does not know that it is never 0.
 */
export const loopEnd = (schedule: Target['schedule'], name: string, end: number): string =>
  `let ${name} = ${schedule === 'subgroup' ? `select(0u, ${end}u, groups.x > 0u)` : `${end}u`};`

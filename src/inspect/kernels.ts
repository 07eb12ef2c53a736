/**
 * What a program becomes on a GPU, as a table: every kernel in the order of its launches, what it computes, how much
 * arithmetic that is, the bytes that it reads and writes; and the memory that the whole needs.
 */
import { isApply, topological, type Expr } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'
import { E, pipe } from '../core/fp.ts'
import type { Cluster } from '../compile/wgsl/cluster.ts'
import { scheduled, type Scheduled } from '../compile/wgsl/emit.ts'
import type { Group } from '../compile/wgsl/fuse.ts'
import type { Kernel, Value } from '../compile/wgsl/Kernel.ts'
import type { KernelSources } from '../compile/wgsl/kernels.ts'
import { layout } from '../compile/wgsl/layout.ts'
import type { Target } from '../compile/wgsl/Target.ts'
import type { WgslProgram } from '../compile/wgsl/WgslProgram.ts'
import type { Program } from '../compile/Program.ts'
import { flopsOf } from './work.ts'

// model ----------------------------------------------------------------------------------

/** One launch of one kernel. */
export interface Launched {
  /** Its text has a name: a number in the order of first launches, and what it computes; `07-contract-add`. */
  readonly name: string
  /** The text, as a number of `WgslProgram.kernels`. */
  readonly kernel: number
  /** The operations that are computed, each after its operands. */
  readonly operations: ReadonlyArray<Expr>
  readonly reads: ReadonlyArray<Expr>
  readonly writes: ReadonlyArray<Expr>
  readonly flops: number
  /** Bytes of all that it reads and writes, each value once. */
  readonly bytes: number
}

/** Launches that differ in nothing but their values. */
export interface Row extends Launched {
  readonly count: number
}

/** Bytes of buffers, by what they are for. */
export interface Memory {
  readonly inputs: number
  readonly outputs: number
  readonly constants: number
  readonly scratch: number
  readonly peak: number
}

export interface KernelTable {
  readonly program: WgslProgram
  readonly launches: ReadonlyArray<Launched>
  /** In the order of first launches. */
  readonly rows: ReadonlyArray<Row>
  readonly flops: number
  readonly bytes: number
  readonly memory: Memory
}

// launches -------------------------------------------------------------------------------

const written = (value: Value): Expr => (value._tag === 'Node' ? value.node : value.group)

/** The nodes that a group computes: what lies between its root and the values that are stored. */
const computed = ({ root }: Group, stored: ReadonlySet<Expr>): ReadonlyArray<Expr> =>
  topological([root], { has: (x) => x !== root && stored.has(x) }).filter(
    (x) => isApply(x) && (x === root || !stored.has(x))
  )

/** The groups that a kernel computes: all of its cluster, where that is one kernel, else those whose roots it writes. */
const groupsOf = (kernel: Kernel, cluster: Cluster | undefined, alone: boolean): ReadonlyArray<Group> => {
  const roots = new Set(kernel.writes.map(written))
  return (cluster?.groups ?? []).filter(({ root }) => alone || roots.has(root))
}

const nodesOf = (values: ReadonlyArray<Value>): ReadonlyArray<Expr> =>
  values.flatMap((value) => (value._tag === 'Node' ? [value.node] : []))

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, n) => total + n, 0)

const slug = (label: string): string =>
  label
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40)

const nameOf = (kernel: number, label: string): string => `${String(kernel).padStart(2, '0')}-${slug(label)}`

/** The arithmetic of a group that takes two launches stands at the first. */
const launchesOf = ({ clusters, kernels, stored }: Scheduled, program: WgslProgram): ReadonlyArray<Launched> => {
  const clusterOf = new Map<Expr, Cluster>(
    clusters.flatMap((cluster) => cluster.groups.map(({ root }) => [root, cluster] as const))
  )
  const owner = ({ writes: [first] }: Kernel): Cluster | undefined => first && clusterOf.get(written(first))
  const labels = new Map(program.launches.toReversed().map(({ kernel, label }) => [kernel, label]))
  const counts = new Map<Cluster | undefined, number>() // local
  for (const kernel of kernels) counts.set(owner(kernel), (counts.get(owner(kernel)) ?? 0) + 1)
  const done = new Set<Group>()
  return kernels.map((kernel, i) => {
    const launch = program.launches[i]
    const groups = groupsOf(kernel, owner(kernel), counts.get(owner(kernel)) === 1)
    const fresh = groups.filter((group) => !done.has(group))
    groups.forEach((group) => done.add(group))
    const operations = [...new Set(groups.flatMap((group) => computed(group, stored)))]
    const number = launch?.kernel ?? 0
    return {
      name: nameOf(number, labels.get(number) ?? ''),
      kernel: number,
      operations,
      reads: nodesOf(kernel.reads),
      writes: nodesOf(kernel.writes),
      flops: fresh.length === 0 ? 0 : sum(operations.map(flopsOf)),
      bytes: sum((launch?.bindings ?? []).map(({ bytes }) => bytes))
    }
  })
}

const shapesOf = (nodes: ReadonlyArray<Expr>): string =>
  nodes.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(', ')

/** Equal launches as one row, where the first of them stands. */
const rowsOf = (launches: ReadonlyArray<Launched>): ReadonlyArray<Row> => {
  const rows = new Map<string, Row>() // local
  for (const launch of launches) {
    const key = `${launch.kernel} ${shapesOf(launch.writes)} ${launch.flops} ${launch.bytes}`
    rows.set(key, { ...(rows.get(key) ?? launch), count: (rows.get(key)?.count ?? 0) + 1 })
  }
  return [...rows.values()]
}

// the table ------------------------------------------------------------------------------

const memoryOf = ({ buffers, peakBytes }: WgslProgram): Memory => {
  const of = (tag: string): number => sum(buffers.filter(({ role }) => role._tag === tag).map(({ bytes }) => bytes))
  return {
    inputs: of('Input'),
    outputs: of('Output'),
    constants: of('Constant'),
    scratch: of('Scratch'),
    peak: peakBytes
  }
}

const tableOf = (schedule: Scheduled, program: WgslProgram): KernelTable => {
  const launches = launchesOf(schedule, program)
  return {
    program,
    launches,
    rows: rowsOf(launches),
    flops: sum(launches.map(({ flops }) => flops)),
    bytes: sum(launches.map(({ bytes }) => bytes)),
    memory: memoryOf(program)
  }
}

/**
 * The kernels of a program, as it is compiled for an adapter. Pure: no device is touched.
 *
 * @example pipe(program({ y: softmax(-1)(x) }), E.flatMap(kernelTable(kernelSources(), portable)), E.map(toTable))
 */
export const kernelTable =
  (sources: KernelSources, target: Target) =>
  (program: Program): E.Either<Faults, KernelTable> => {
    const schedule = scheduled(sources, target)(program)
    return pipe(
      layout(program, schedule.outputs, schedule.kernels, target),
      E.map((made) => tableOf(schedule, made))
    )
  }

/** The texts of kernels, each under the name of its row. */
export const kernelTexts = ({ program, launches }: KernelTable): ReadonlyMap<string, string> =>
  new Map(launches.map(({ name, kernel }) => [name, program.kernels[kernel]?.wgsl ?? '']))

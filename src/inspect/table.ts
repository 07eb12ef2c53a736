/** What has been counted, as text that a person reads: columns, sums, units. */
import { isApply, topological, type Expr } from '../core/Expr.ts'
import type { Outputs } from '../runtime/steps.ts'
import type { KernelTable, Row } from './kernels.ts'
import { flopsOf } from './work.ts'

// numbers --------------------------------------------------------------------------------

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'] as const

const scaled = (value: number, base: number, at = 0): string =>
  value < base || at === prefixes.length - 1
    ? `${Number(value.toPrecision(3))} ${prefixes[at]}`
    : scaled(value / base, base, at + 1)

/** `1.23 MFLOP`, `0`. */
export const showFlops = (flops: number): string => (flops === 0 ? '0' : `${scaled(flops, 1000)}FLOP`)

/** `1.23 MiB`, of 1024 kiB. */
export const showBytes = (bytes: number): string =>
  bytes < 1024 ? `${bytes} B` : `${scaled(bytes / 1024, 1024, 1).replace('k', 'K')}iB`

// columns --------------------------------------------------------------------------------

type Cells = ReadonlyArray<string>

/** Columns as wide as their widest cell; those after `words` are numbers, and stand to the right. */
const columns = (rows: ReadonlyArray<Cells>, words: number): string => {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)))
  const cell = (text: string, i: number): string =>
    i < words ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0)
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n')
}

// kernels --------------------------------------------------------------------------------

/** Names in order, `mul×3` where one comes again; the rest is a number where there are too many. */
export const showOperations = (nodes: ReadonlyArray<Expr>, most = 6): string => {
  const counts = new Map<string, number>() // local
  for (const node of nodes) if (isApply(node)) counts.set(node.term.op.name, (counts.get(node.term.op.name) ?? 0) + 1)
  const all = [...counts].map(([name, n]) => (n === 1 ? name : `${name}×${n}`))
  return all.length > most ? `${all.slice(0, most - 1).join(' ')} and ${all.length - most + 1} more` : all.join(' ')
}

export const showType = ({ dtype, shape }: Expr): string => `${dtype}[${shape.join(',')}]`

const isNotView = (node: Expr): boolean => flopsOf(node) > 0

/** What is computed; what is only moved is named where there is nothing else. */
const worthNaming = (nodes: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
  const computing = nodes.filter(isNotView)
  return computing.length > 0 ? computing : nodes
}

const kernelCells = ({ name, operations, writes, flops, bytes, count }: Row): Cells => [
  name,
  showOperations(worthNaming(operations)),
  writes.map(showType).join(' '),
  showFlops(flops),
  showBytes(bytes),
  `×${count}`,
  showFlops(flops * count)
]

/** Kernels in the order of their first launches, each with one launch's work and that of all; then sums and memory. */
export const toTable = ({ rows, launches, program, flops, bytes, memory }: KernelTable): string =>
  [
    columns([['kernel', 'computes', 'writes', 'work', 'traffic', 'times', 'in all'], ...rows.map(kernelCells)], 3),
    '',
    `${launches.length} launches of ${program.kernels.length} kernels, ${showFlops(flops)}, ${showBytes(bytes)} read and written`,
    `peak memory ${showBytes(memory.peak)}: inputs ${showBytes(memory.inputs)}, outputs ${showBytes(memory.outputs)}, constants ${showBytes(memory.constants)}, between ${showBytes(memory.scratch)}`
  ].join('\n')

// operations -----------------------------------------------------------------------------

export interface OperationRow {
  readonly name: string
  readonly count: number
  readonly flops: number
}

/** The operations of a graph as it is written, on whatever target: how many of each, and their arithmetic; most first. */
export const operationTable = (outputs: Outputs): ReadonlyArray<OperationRow> => {
  const rows = new Map<string, OperationRow>() // local
  for (const node of topological(Object.values(outputs)))
    if (isApply(node)) {
      const { name } = node.term.op
      const { count = 0, flops = 0 } = rows.get(name) ?? {}
      rows.set(name, { name, count: count + 1, flops: flops + flopsOf(node) })
    }
  return [...rows.values()].sort((a, b) => b.flops - a.flops || b.count - a.count || (a.name < b.name ? -1 : 1))
}

/** The same as text, with sums. */
export const toOperationTable = (rows: ReadonlyArray<OperationRow>): string => {
  const count = rows.reduce((sum, row) => sum + row.count, 0)
  const flops = rows.reduce((sum, row) => sum + row.flops, 0)
  return [
    columns(
      [['operation', 'nodes', 'work'], ...rows.map((row) => [row.name, String(row.count), showFlops(row.flops)])],
      1
    ),
    '',
    `${count} operations, ${showFlops(flops)}`
  ].join('\n')
}

/** What a kernel depends on, as text: groups of equal signatures have equal kernels, and are emitted once. */
import { isApply, type Apply, type Expr } from '../../core/Expr.ts'
import type { Op } from '../../core/Op.ts'
import type { Group } from './fuse.ts'

/** Operations by number, in the order in which they are met, and what has been written of nodes. */
export interface Sites {
  readonly ops: Map<Op, number>
  readonly texts: Map<Apply, string>
}

export const sites = (): Sites => ({ ops: new Map(), texts: new Map() })

const numberOf = ({ ops }: Sites, op: Op): number => {
  const found = ops.get(op) ?? ops.size
  ops.set(op, found)
  return found
}

/** JSON has no way to say these. */
const odd = (_: string, value: unknown): unknown =>
  typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
    ? `${Object.is(value, -0) ? '-' : ''}${value}`
    : value

const typeText = ({ dtype, shape }: Expr): string => `${dtype}[${shape}]`

/** The operation, its parameters and the types of its operands: what its lowering sees. */
export const siteOf = (known: Sites, node: Apply): string => {
  const found = known.texts.get(node)
  if (found !== undefined) return found
  const { op, params, inputs } = node.term
  const text = `${numberOf(known, op)} ${JSON.stringify(params, odd)} ${inputs.map(typeText).join(' ')}`
  known.texts.set(node, text)
  return text
}

export interface Signature {
  readonly text: string
  /** The stored values that the group reads, in the order in which the signature names them. */
  readonly leaves: ReadonlyArray<Expr>
}

/** Of groups that share one kernel: what one of them stores is no leaf of another. */
export const signatureOf = (
  known: Sites,
  groups: ReadonlyArray<Group>,
  stored: (node: Expr) => boolean,
  outer: ReadonlySet<Expr> = new Set()
): Signature => {
  const roots = new Map<Expr, Group>(groups.map((group) => [group.root, group]))
  const order = new Map<Expr, number>() // local
  const leaves: Array<Expr> = []
  const lines: Array<string> = []
  const inPlace = (node: Expr, isCore: boolean): string =>
    isApply(node)
      ? `${isCore ? '*' : ''}${siteOf(known, node)} ${node.term.inputs.map((x) => order.get(x)).join(' ')}`
      : `${typeText(node)} ${node.term._tag === 'Constant' ? odd('', node.term.value.data[0]) : ''}`
  const cores = new Set<Expr>(groups.map(({ core }) => core))
  const visit = (node: Expr): void => {
    if (order.has(node)) return
    const isLeaf = !roots.has(node) && stored(node)
    if (!isLeaf && isApply(node)) node.term.inputs.forEach(visit)
    order.set(node, order.size)
    if (isLeaf) leaves.push(node)
    const mark = roots.has(node) ? (outer.has(node) ? '!' : '?') : ''
    lines.push(isLeaf ? `$${typeText(node)}` : `${mark}${inPlace(node, cores.has(node))}`)
  }
  for (const { root } of groups) visit(root)
  return { text: lines.join('\n'), leaves }
}

/**
 * Clusters: kernels of one frame that run one after another, put together. A frame is so many rows of so many elements;
 * reductions along the rows, what is computed of their results, and elementwise work on the same elements share loads,
 * and what only they need is never stored. A softmax is one kernel; so are the three results of a step of AdamW.
 *
 * Laws: `laws/fusion.ts` (every value is made before it is read; a value that is read outside is stored).
 */
import { isNarrow } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { RA } from '../../core/fp.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import type { Fused, Group } from './fuse.ts'
import { coefficient, type Index } from './Index.ts'
import { inliner } from './inline.ts'
import { foldOf, loweringOf } from './lowering.ts'
import { signatureOf, type Sites } from './signature.ts'
import type { Target } from './Target.ts'

// model ----------------------------------------------------------------------------------

/** `rows` rows of `columns` elements; one column where there are only elements. */
export interface Frame {
  readonly rows: number
  readonly columns: number
}

export interface Cluster {
  readonly groups: ReadonlyArray<Group>
  /** Those of its values that something outside reads. */
  readonly outer: ReadonlySet<Expr>
  readonly frame: Frame
}

/** Where a kernel reads a stored value, as seen from its frame: at the element, at its row, or elsewhere. */
type Relation = 'element' | 'row' | 'elsewhere'

export interface Member {
  /** Its place among all kernels. */
  readonly at: number
  readonly group: Group
  readonly leaves: ReadonlyArray<Expr>
}

/** Clusters in the making: those that have been merged are represented by the latest. */
interface Open {
  readonly members: ReadonlyArray<Member>
  readonly frame: Frame
  readonly at: number
}

interface State {
  readonly target: Target
  readonly stored: (node: Expr) => boolean
  readonly sites: Sites
  /** Kernels that read a value. */
  readonly readers: ReadonlyMap<Expr, ReadonlyArray<Expr>>
  readonly outputs: ReadonlySet<Expr>
  readonly open: Map<Expr, Open>
  readonly relations: Map<string, ReadonlyArray<Relation>>
}

// relations ------------------------------------------------------------------------------

const relationOf = (index: Index, { columns }: Frame): Relation => {
  const whole = index.constant === 0 && coefficient(index, 'i') === (columns === 1 ? 1 : columns)
  if (whole && columns > 1 && index.terms.length === 2 && coefficient(index, 'k') === 1) return 'element'
  const row = index.constant === 0 && index.terms.length === 1 && coefficient(index, 'i') === 1
  return row ? 'row' : 'elsewhere'
}

/** The worst of two: a value that is read in two ways must allow both. */
const worse = (a: Relation | undefined, b: Relation): Relation => (a === undefined || a === b ? b : 'elsewhere')

/** What a kernel of the frame computes for an element `k` of row `i`, with every stored value that it reads on the way. */
const readings = (
  { root, core }: Group,
  frame: Frame,
  stored: (node: Expr) => boolean
): ReadonlyMap<Expr, Relation> => {
  const found = new Map<Expr, Relation>() // local
  const ranges = new Map([
    ['i', frame.rows - 1],
    ['k', frame.columns - 1]
  ])
  const read = (node: Expr, index: Index): string => {
    found.set(node, worse(found.get(node), relationOf(index, frame)))
    return `seen${found.size}`
  }
  const reading = { ranges, stored: (x: Expr) => x !== root && stored(x), read }
  const fold = foldOf(core)
  if (fold !== undefined) fold.body(inliner({ ...reading, held: new Map() }), 'i', 'k')
  const whole = size(root.shape) === frame.rows || fold !== undefined
  const linear = whole ? 'i' : `(i * ${frame.columns}u + k)`
  if (root !== core || fold === undefined)
    inliner({ ...reading, held: new Map(fold === undefined ? [] : [[core, 'total']]) }).value(
      root,
      fromLinear(root.shape, linear)
    )
  return found
}

const relationsOf = (state: State, { group, leaves }: Member, frame: Frame): ReadonlyMap<Expr, Relation> => {
  const key = `${frame.rows} ${frame.columns} ${signatureOf(state.sites, [group], state.stored).text}`
  const known = state.relations.get(key)
  if (known !== undefined) return new Map(RA.zip(leaves, known))
  const found = readings(group, frame, state.stored)
  state.relations.set(
    key,
    leaves.map((x) => found.get(x) ?? 'elsewhere')
  )
  return found
}

// frames ---------------------------------------------------------------------------------

/** Elements of a row that one thread can take. */
const longestRow = 8192

const ownFrame = ({ group: { root, core } }: Member): Frame | undefined => {
  const lowered = loweringOf(core)
  if (lowered._tag === 'Map') return { rows: size(root.shape), columns: 1 }
  const fold = foldOf(core)
  return fold === undefined || fold.count < 2 || size(root.shape) !== size(core.shape)
    ? undefined
    : { rows: size(core.shape), columns: fold.count }
}

const isFlat = ({ columns }: Frame): boolean => columns === 1

const suits = ({ target }: State, { rows, columns }: Frame): boolean =>
  isFlat({ rows, columns })
    ? true
    : rows >= target.fewest.rows && columns >= target.fewest.columns && columns <= longestRow

/** The frame of all, if they have one: elements agree with the rows that they are part of. */
const common = (frames: ReadonlyArray<Frame>): Frame | undefined => {
  const frame = frames.find((f) => !isFlat(f)) ?? frames[0]
  const agrees = (f: Frame): boolean =>
    frame !== undefined &&
    (isFlat(f)
      ? f.rows === frame.rows || f.rows === frame.rows * frame.columns
      : f.rows === frame.rows && f.columns === frame.columns)
  return frames.every(agrees) ? frame : undefined
}

// merging --------------------------------------------------------------------------------

/** Values of one cluster: what is read again in a later loop is computed again. */
const mostMembers = 12

const rootsOf = (members: ReadonlyArray<Member>): ReadonlySet<Expr> => new Set(members.map(({ group }) => group.root))

const whoReads = ({ readers }: State, root: Expr): ReadonlyArray<Expr> => readers.get(root) ?? []

const outerOf = (state: State, members: ReadonlyArray<Member>): ReadonlySet<Expr> => {
  const roots = rootsOf(members)
  const isOuter = (root: Expr): boolean =>
    state.outputs.has(root) || whoReads(state, root).some((reader) => !roots.has(reader))
  return new Set([...roots].filter(isOuter))
}

const bindings = (state: State, members: ReadonlyArray<Member>): number => {
  const roots = rootsOf(members)
  const leaves = new Set(members.flatMap((m) => m.leaves).filter((x) => !roots.has(x)))
  return leaves.size + outerOf(state, members).size
}

/** Whether no kernel between them and the last reads a value of theirs: they can wait for it. */
const canWait = (state: State, members: ReadonlyArray<Member>, done: ReadonlySet<Expr>): boolean => {
  const roots = rootsOf(members)
  return [...roots].every((root) => whoReads(state, root).every((reader) => roots.has(reader) || !done.has(reader)))
}

/** Whether every value of the cluster is read where the frame has it. */
const inFrame = (state: State, members: ReadonlyArray<Member>, frame: Frame): boolean => {
  const roots = rootsOf(members)
  const needed = (root: Expr): Relation => (size(root.shape) === frame.rows ? 'row' : 'element')
  return members.every(
    (member) =>
      !member.leaves.some((x) => roots.has(x)) ||
      [...relationsOf(state, member, frame)].every(([leaf, relation]) => !roots.has(leaf) || relation === needed(leaf))
  )
}

/**
 * Whether kernels of the frame can write what is stored in half words. Elements are written four at once, whole words;
 * where the last four are not whole, everything is read one by one.
 */
const writes = ({ target }: State, members: ReadonlyArray<Member>, { rows, columns }: Frame): boolean => {
  const narrow = members.filter(({ group: { root } }) => isNarrow(root.dtype))
  if (narrow.length === 0) return true
  if (!isFlat({ rows, columns }))
    return columns % 4 === 0 || narrow.every(({ group: { root } }) => size(root.shape) === rows)
  const roots = rootsOf(members)
  const read = new Set(members.flatMap(({ leaves }) => leaves).filter((x) => !roots.has(x) && size(x.shape) > 1))
  return rows % 4 === 0 || 4 * read.size <= target.staticLoads
}

const merged = (state: State, parts: ReadonlyArray<Open>, done: ReadonlySet<Expr>): Open | undefined => {
  const frame = common(parts.map((p) => p.frame))
  const members = [...new Set(parts.flatMap((p) => p.members))].sort((a, b) => a.at - b.at)
  return parts.length > 1 &&
    frame !== undefined &&
    suits(state, frame) &&
    members.length <= mostMembers &&
    writes(state, members, frame) &&
    bindings(state, members) <= state.target.storageBuffers &&
    canWait(state, members, done) &&
    inFrame(state, members, frame)
    ? { members, frame, at: Math.max(...parts.map((p) => p.at)) }
    : undefined
}

/** Joins the kernel with the clusters whose values it reads: with all of them, else with as many as will. */
const join = (state: State, own: Open, done: ReadonlySet<Expr>): Open => {
  const above = new Set(own.members.flatMap(({ leaves }) => leaves).flatMap((x) => state.open.get(x) ?? []))
  return [...above].reduce((now, other) => merged(state, [other, now], done) ?? now, own)
}

const readersOf = (members: ReadonlyArray<Member>): ReadonlyMap<Expr, ReadonlyArray<Expr>> => {
  const readers = new Map<Expr, Array<Expr>>() // local
  for (const { group, leaves } of members)
    for (const leaf of leaves) {
      const list = readers.get(leaf) ?? []
      list.push(group.root)
      readers.set(leaf, list)
    }
  return readers
}

export const cluster = (
  { groups, stored }: Fused,
  outputs: ReadonlySet<Expr>,
  target: Target,
  sites: Sites
): ReadonlyArray<Cluster> => {
  const isStored = (x: Expr): boolean => stored.has(x)
  const members = groups
    .filter(({ root }) => size(root.shape) > 0)
    .map((group, at) => ({ at, group, leaves: signatureOf(sites, [group], isStored).leaves }))
  const readers = readersOf(members)
  const state: State = { target, stored: isStored, sites, readers, outputs, open: new Map(), relations: new Map() } // local
  const single = new Map<Expr, Open>()
  const done = new Set<Expr>()
  for (const member of members) {
    const frame = ownFrame(member)
    const own: Open = { members: [member], frame: frame ?? { rows: 0, columns: 0 }, at: member.at }
    const joined = frame === undefined ? own : join(state, own, done)
    for (const { group } of joined.members) {
      single.set(group.root, joined)
      if (frame !== undefined) state.open.set(group.root, joined)
    }
    done.add(member.group.root)
  }
  return [...new Set(single.values())]
    .sort((a, b) => a.at - b.at)
    .map((open) => ({
      groups: open.members.map((m) => m.group),
      outer: outerOf(state, open.members),
      frame: open.frame
    }))
}

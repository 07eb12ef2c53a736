/**
 * Fusion: which values are stored, and which disappear into the kernels beside them. A kernel computes one stored value
 * from other stored values; whatever lies between is computed where it is needed. A reduction or a contraction fixes the
 * loop of its kernel (its core): what it reads through is its prologue, what is computed of its result its epilogue.
 *
 * Laws: `laws/fusion.ts` (limits hold; every value is computed from stored ones; one core a kernel).
 */
import { isNarrow } from '../../core/DType.ts'
import { isApply, type Apply, type Expr } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { loweringOf, operand, probe, type Access, type Lowered, type Probe } from './lowering.ts'
import { siteOf, sites, type Sites } from './signature.ts'
import { inRow, productOf, stridedOf, suitsTiles, type Product, type Strided } from './strided.ts'
import type { Target } from './Target.ts'

// model ----------------------------------------------------------------------------------

export interface Group {
  /** The value that is stored. */
  readonly root: Apply
  /** The node whose loop it is: a reduction, a contraction, or the root. */
  readonly core: Apply
}

export interface Fused {
  /** Each after those that it reads. */
  readonly groups: ReadonlyArray<Group>
  readonly stored: ReadonlySet<Expr>
}

/** A value as it would be computed in place. */
interface Inline {
  readonly leaves: ReadonlySet<Expr>
  readonly loads: number
  readonly cost: number
  readonly nodes: number
  readonly core: Apply | undefined
}

interface State {
  readonly target: Target
  readonly uses: ReadonlyMap<Expr, number>
  readonly probes: Map<Expr, Probe>
  readonly sites: Sites
  readonly probed: Map<string, Probe>
  readonly strided: Map<string, Strided | undefined>
  readonly stored: Set<Expr>
  readonly inline: Map<Expr, Inline>
  readonly leaves: Map<Expr, Inline>
  /** What the operands of a node were when it was last decided. */
  readonly seen: Map<Expr, ReadonlyArray<Inline>>
}

// costs ----------------------------------------------------------------------------------

/** Additions that may be repeated where a value is used twice. */
const cheap = 2
/** Additions that cost as much as one more launch. */
const launch = 4000
/** Nodes of one kernel: bounds its text and the depth of its construction. */
const largest = 120

const isUniform = (node: Expr): boolean =>
  node.term._tag === 'Constant' && node.term.value.data.every((v, _, all) => Object.is(v, all[0]))

const leaf = (node: Expr): Inline => ({ leaves: new Set([node]), loads: 1, cost: 0, nodes: 0, core: undefined })
const nothing: Inline = { leaves: new Set(), loads: 0, cost: 0, nodes: 0, core: undefined }

const merge = (parts: ReadonlyArray<Inline>, own: number): Inline => {
  const leaves = new Set<Expr>() // local
  for (const part of parts) for (const x of part.leaves) leaves.add(x)
  return {
    leaves,
    loads: parts.reduce((n, p) => n + p.loads, 0),
    cost: parts.reduce((n, p) => n + p.cost, own),
    nodes: parts.reduce((n, p) => n + p.nodes, 1),
    core: parts.find((p) => p.core !== undefined)?.core
  }
}

const fits = ({ target }: State, x: Inline): boolean =>
  x.leaves.size < target.storageBuffers && x.loads <= target.staticLoads && x.nodes <= largest

// decisions ------------------------------------------------------------------------------

const inlineOf = (state: State, node: Expr): Inline =>
  (state.stored.has(node) ? state.leaves.get(node) : state.inline.get(node)) ?? nothing

/** How many bodies a node evaluates. */
const evaluations = (node: Apply, lowered: Lowered): number =>
  lowered._tag === 'Reduce' ? size(node.shape) * lowered.count(node.term.inputs, node.term.params) : size(node.shape)

/** Rows from which on the right operand of a contraction is worth laying out in rows, on CPU drivers. */
export const manyRows = 128

const worthRows = ({ target }: State, { sizes: { m, n } }: Product): boolean =>
  target.schedule === 'subgroup' && m >= manyRows && n % 4 === 0

/** The chain of operations of one operand that an operand is read through, down to a stored value. */
const chainOf = (state: State, operand: Expr): readonly [text: string, leaf: Expr] | undefined => {
  const texts: Array<string> = [] // local
  for (let x: Expr | undefined = operand; x !== undefined; ) {
    if (state.stored.has(x)) return [`${texts.join('; ')} ${x.dtype}[${x.shape}]`, x]
    if (!isApply(x) || x.term.inputs.length !== 1) return undefined
    texts.push(siteOf(state.sites, x))
    x = x.term.inputs[0]
  }
  return undefined
}

/** Strides of an operand; of equal chains they are found once. */
const stridesOf = (
  state: State,
  operand: Expr,
  { params, sizes: { batch, m, n, k } }: Product,
  side: 'left' | 'right'
): Strided | undefined => {
  const chain = chainOf(state, operand)
  if (chain === undefined) return undefined
  const key = `${chain[0]} ${JSON.stringify(params[side])} ${batch} ${m} ${n} ${k}`
  const sizes = { batch, free: side === 'left' ? m : n, over: k }
  const found = state.strided.has(key)
    ? state.strided.get(key)
    : stridedOf((x) => state.stored.has(x), operand, params[side], sizes)
  state.strided.set(key, found)
  return found && { ...found, leaf: chain[1] }
}

/** Whether an operand of tiles may be read through its computation: where that is a view, or is hardly ever repeated. */
const mayInlineInTiles = (state: State, product: Product, side: 'left' | 'right', x: Expr): boolean => {
  const { m, n } = product.sizes
  const { cost, loads, core } = inlineOf(state, x)
  const strided = stridesOf(state, x, product, side)
  if (side === 'right' && worthRows(state, product)) return strided !== undefined && inRow(strided, n)
  if (strided !== undefined) return true
  const once = side === 'left' ? n <= 64 : m <= 16
  return core === undefined && (once ? cost <= cheap && loads <= 2 : cost <= 1 && loads <= 1)
}

const mayInlineInContract = (state: State, node: Apply, x: Expr): boolean => {
  const product = productOf(node)
  if (!suitsTiles(product)) return inlineOf(state, x).core === undefined && inlineOf(state, x).cost <= cheap
  return (['left', 'right'] as const).every(
    (side, i) => node.term.inputs[i] !== x || mayInlineInTiles(state, product, side, x)
  )
}

/** Whether the kernel of a core can store narrow floats: in tiles it stores four in a row at once, whole words. */
const packs = (core: Apply): boolean => {
  if (loweringOf(core)._tag !== 'Contract') return true
  const product = productOf(core)
  return !suitsTiles(product) || product.sizes.n % 4 === 0
}

/** Whether `x` may be computed where `node` reads it. */
const mayInline = (state: State, node: Apply, lowered: Lowered, x: Expr, accesses: ReadonlyArray<Access>): boolean => {
  const { cost, core } = inlineOf(state, x)
  if (lowered._tag === 'Contract') return mayInlineInContract(state, node, x)
  if (core !== undefined)
    return lowered._tag === 'Map' && (!isNarrow(node.dtype) || packs(core)) && accesses.every((a) => a.identity)
  const again = evaluations(node, lowered) * accesses.length - size(x.shape)
  return cost * again <= launch || cost <= 1
}

/** Stores an operand: its kernel ends there. */
const store = (state: State, x: Expr): void => {
  state.stored.add(x)
  if (!state.leaves.has(x)) state.leaves.set(x, leaf(x))
}

/** The heaviest operand that is computed in place. */
const heaviest = (state: State, inputs: ReadonlyArray<Expr>): Expr | undefined =>
  inputs
    .filter((x) => !state.stored.has(x) && isApply(x))
    .sort(
      (a, b) =>
        inlineOf(state, b).leaves.size - inlineOf(state, a).leaves.size ||
        inlineOf(state, b).loads - inlineOf(state, a).loads
    )[0]

/** Equal sites are asked once. */
const probeOf = (state: State, node: Apply, lowered: Exclude<Lowered, { readonly _tag: 'Contract' }>): Probe => {
  const known = state.probes.get(node)
  if (known !== undefined) return known
  const site = siteOf(state.sites, node)
  const found = state.probed.get(site) ?? probe(node, lowered)
  state.probed.set(site, found)
  state.probes.set(node, found)
  return found
}

const accessesOf = (state: State, node: Apply, lowered: Lowered): ReadonlyArray<Access> => {
  if (lowered._tag === 'Contract') return node.term.inputs.map((_, input) => ({ input, identity: false }))
  return probeOf(state, node, lowered).accesses
}

/** Only one operand can bring the core of the kernel. */
const oneCore = (state: State, inputs: ReadonlyArray<Expr>): void => {
  const cores = new Set(inputs.filter((x) => inlineOf(state, x).core !== undefined))
  for (const x of [...cores].slice(1)) store(state, x)
}

const summarise = (state: State, node: Apply, lowered: Lowered): Inline => {
  const { inputs } = node.term
  const accesses = accessesOf(state, node, lowered)
  for (const [i, x] of inputs.entries())
    if (
      !mayInline(
        state,
        node,
        lowered,
        x,
        accesses.filter((a) => inputs[a.input] === x && inputs.indexOf(x) === i)
      ) &&
      isApply(x)
    )
      if (inputs.indexOf(x) === i) store(state, x)
  oneCore(state, inputs)
  const own = state.probes.get(node)?.cost ?? 1
  const parts = (): ReadonlyArray<Inline> => accesses.map(({ input }) => inlineOf(state, operand(node, input)))
  for (
    let heavy = heaviest(state, inputs);
    heavy !== undefined && !fits(state, merge(parts(), own));
    heavy = heaviest(state, inputs)
  )
    store(state, heavy)
  const whole = merge(parts(), own)
  return lowered._tag === 'Map' ? whole : { ...whole, cost: Infinity, core: node }
}

const isCheap = ({ cost, loads, core }: Inline): boolean => core === undefined && cost <= cheap && loads <= 2

const decide = (state: State, node: Expr, outputs: ReadonlySet<Expr>): void => {
  if (!isApply(node)) {
    if (!isUniform(node)) store(state, node)
    return
  }
  const lowered = loweringOf(node)
  const operands = (): ReadonlyArray<Inline> => node.term.inputs.map((x) => inlineOf(state, x))
  const before = state.seen.get(node)
  if (before !== undefined && operands().every((x, i) => x === before[i])) return
  const inline = summarise(state, node, lowered)
  state.inline.set(node, inline)
  state.seen.set(node, operands())
  const shared = (state.uses.get(node) ?? 0) > 1 && !isCheap(inline)
  if (outputs.has(node) || shared || !fits(state, inline)) store(state, node)
}

const usesOf = (nodes: ReadonlyArray<Expr>): ReadonlyMap<Expr, number> => {
  const uses = new Map<Expr, number>() // local
  for (const node of nodes)
    if (isApply(node)) for (const x of new Set(node.term.inputs)) uses.set(x, (uses.get(x) ?? 0) + 1)
  return uses
}

/** Passes over the nodes until no more are stored: storing one changes what those after it read. */
const settle = (state: State, nodes: ReadonlyArray<Expr>, outputs: ReadonlySet<Expr>): void => {
  for (let before = -1; before !== state.stored.size; ) {
    before = state.stored.size
    for (const node of nodes) decide(state, node, outputs)
  }
}

export const fuse = (
  nodes: ReadonlyArray<Expr>,
  outputs: ReadonlySet<Expr>,
  target: Target,
  known: Sites = sites()
): Fused => {
  const state: State = {
    target,
    uses: usesOf(nodes),
    probes: new Map(),
    sites: known,
    probed: new Map(),
    strided: new Map(),
    stored: new Set(),
    inline: new Map(),
    leaves: new Map(),
    seen: new Map()
  } // local
  settle(state, nodes, outputs)
  const groups = nodes.flatMap((node) =>
    isApply(node) && state.stored.has(node) ? [{ root: node, core: state.inline.get(node)?.core ?? node }] : []
  )
  return { groups, stored: state.stored }
}

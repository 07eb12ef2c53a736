/**
 * Many small tensors as one. The state of a training is hundreds of vectors that are all updated alike; each node and
 * each tensor costs onnxruntime some microseconds, so that updating them one by one takes longer than the arithmetic.
 * States whose updates are the same pointwise graph are laid end to end and updated together.
 *
 * Laws: `test/compile/onnx/pack.test.ts` (the parts have the values that they had).
 */
import { apply, input, isApply, topological, type Apply, type Expr } from '../../core/Expr.ts'
import { RA } from '../../core/fp.ts'
import { substitute } from '../../core/Lambda.ts'
import { equal, size } from '../../core/Shape.ts'
import { $ } from '../../ops/registry.ts'
import type { Port, Program } from '../Program.ts'
import { pointwise, splat } from '../rules/match.ts'

// model ----------------------------------------------------------------------------------

export interface Packed {
  readonly program: Program
  /** The ports that a port of the packed program stands for, in the order in which they lie end to end. */
  readonly packs: ReadonlyMap<string, ReadonlyArray<Port>>
}

/** A state, that is an input with an output of the same name and type, and what it becomes. */
interface State {
  /** Its place among the outputs. */
  readonly place: number
  readonly port: Port
  readonly before: Expr
  readonly after: Expr
}

interface Pack {
  readonly name: string
  readonly flat: Expr
  readonly states: ReadonlyArray<State>
}

/** A tensor with more elements is better left alone: it would be copied twice a step. */
const largest = 32_768
/** Fewer tensors are not worth it. */
const fewest = 8

// what is updated alike --------------------------------------------------------------------

const texts = { hole: '_', longest: 2000 }

const isPointwise = (node: Expr): node is Apply => isApply(node) && pointwise.includes(node.term.op.name)

/** Every node's pointwise graph as a text: the same scalars by name, whatever else is not pointwise a hole. */
const shapesOfUpdates = (nodes: ReadonlyArray<Expr>): ReadonlyMap<Expr, string> => {
  const known = new Map<Expr, string>() // local
  const textOf = (node: Expr): string => {
    const scalar = splat(node)
    if (scalar !== undefined) return `#${scalar.id}`
    if (!isPointwise(node)) return texts.hole
    const { op, params, inputs } = node.term
    const text = `${op.name}${JSON.stringify(params)}(${inputs.map((x) => known.get(x)).join()})`
    return text.length > texts.longest ? texts.hole : text
  }
  for (const node of nodes) known.set(node, textOf(node))
  return known
}

const statesOf = ({ nodes, outputs }: Program): ReadonlyArray<State> => {
  const inputs = new Map(nodes.flatMap((node) => (node.term._tag === 'Input' ? [[node.term.name, node] as const] : [])))
  return outputs.flatMap(({ name, dtype, shape, node: after }, place) => {
    const before = inputs.get(name)
    const fits = before?.dtype === dtype && equal(before.shape, shape) && dtype === 'f32' && size(shape) <= largest
    return before !== undefined && fits ? [{ place, port: { name, dtype, shape }, before, after }] : []
  })
}

/** The states that a pointwise graph reads: those that are updated together with it. */
const reads = (root: Expr, states: ReadonlyMap<Expr, State>): ReadonlyArray<State> => {
  const pending: Array<Expr> = [root] // local
  const seen = new Set<Expr>() // local
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (isPointwise(node) && splat(node) === undefined) pending.push(...node.term.inputs)
  }
  return [...seen].flatMap((node) => states.get(node) ?? [])
}

/** Sets of states that read each other, such as a parameter and its moments; each in the program's order. */
const families = (states: ReadonlyArray<State>): ReadonlyArray<ReadonlyArray<State>> => {
  const byInput = new Map(states.map((state) => [state.before, state]))
  const family = new Map(states.map((state) => [state, [state]])) // local
  for (const state of states)
    for (const other of reads(state.after, byInput)) {
      const [mine = [], theirs = []] = [family.get(state), family.get(other)]
      if (mine === theirs) continue
      const both = [...mine, ...theirs]
      for (const member of both) family.set(member, both)
    }
  return [...new Set(family.values())].map((members) => members.toSorted((a, b) => a.place - b.place))
}

/** Families that are updated alike, member by member. See Note [Families] */
const groupsOf = (program: Program): ReadonlyArray<ReadonlyArray<State>> => {
  const updates = shapesOfUpdates(program.nodes)
  const textOf = ({ after }: State): string | undefined => updates.get(after)
  const alikes = new Map<string, ReadonlyArray<Array<State>>>() // local
  for (const family of families(statesOf(program).filter((state) => textOf(state) !== texts.hole))) {
    const text = family.map(textOf).join(' ')
    const known = alikes.get(text)
    if (known === undefined)
      alikes.set(
        text,
        family.map((state) => [state])
      )
    else family.forEach((state, member) => known[member]?.push(state))
  }
  return [...alikes.values()].flat().filter((group) => group.length >= fewest)
}

/** A name that no port has. */
const nameOf = (group: ReadonlyArray<State>, taken: ReadonlySet<string>): string => {
  const plain = group
    .slice(0, 1)
    .map(({ port }) => `${port.name}…`)
    .join('')
  for (let name = plain; ; name = `${name}…`) if (!taken.has(name)) return name
}

const packsOf = (program: Program): ReadonlyArray<Pack> => {
  const taken = new Set([...program.inputs, ...program.outputs].map(({ name }) => name))
  return groupsOf(program).map((states) => {
    const length = states.reduce((n, { port }) => n + size(port.shape), 0)
    const name = nameOf(states, taken)
    return { name, flat: input(name, 'f32', [length]), states }
  })
}

// together -------------------------------------------------------------------------------

type Together = (nodes: ReadonlyArray<Expr>) => Expr

const listOf = (nodes: ReadonlyArray<Expr>): string => nodes.map((node) => node.id).join()

const endToEnd = (nodes: ReadonlyArray<Expr>): Expr =>
  $.concat(
    nodes.map((node) => $.reshape(node, { shape: [size(node.shape)] })),
    { axis: 0 }
  )

/** One operation on all nodes at once, where it is the same for all of them. */
const alike = (nodes: ReadonlyArray<Expr>, length: number, together: Together): Expr | undefined => {
  const [first] = nodes
  const scalar = first && splat(first)
  if (scalar !== undefined)
    return nodes.every((x) => splat(x) === scalar) ? $.broadcast(scalar, { shape: [length], axes: [] }) : undefined
  if (first === undefined || !isPointwise(first)) return undefined
  const { op, params, inputs } = first.term
  const textOf = (site: Apply['term']): string => JSON.stringify([site.params, site.inputs.map(({ dtype }) => dtype)])
  const text = textOf(first.term)
  const same = nodes.flatMap((node) =>
    isApply(node) && node.term.op === op && textOf(node.term) === text ? [node.term.inputs] : []
  )
  return same.length === nodes.length
    ? apply(
        op,
        inputs.map((_, k) => together(same.map((operands) => operands[k] as Expr))),
        params
      )
    : undefined
}

/** Nodes laid end to end, computed together as far as they are computed alike; a pack's inputs are the pack. */
const packing = (packs: ReadonlyArray<Pack>): Together => {
  const known = new Map(packs.map(({ flat, states }) => [listOf(states.map(({ before }) => before)), flat])) // local
  const together: Together = (nodes) => {
    const key = listOf(nodes)
    const found = known.get(key)
    if (found !== undefined) return found
    const length = nodes.reduce((n, node) => n + size(node.shape), 0)
    const made = alike(nodes, length, together) ?? endToEnd(nodes)
    known.set(key, made)
    return made
  }
  return together
}

// apart ----------------------------------------------------------------------------------

/** Each state of a pack as a part of it. */
const partsOf = ({ flat, states }: Pack): ReadonlyArray<readonly [Expr, Expr]> => {
  const starts = RA.scanLeft(0, (at, { port }: State) => at + size(port.shape))(states)
  return RA.zipWith(states, starts, ({ before, port }, start) => {
    const part = $.slice(flat, { start: [start], stop: [start + size(port.shape)], step: [1] })
    return [before, $.reshape(part, { shape: port.shape })]
  })
}

// interpretations ------------------------------------------------------------------------

/** The program with states that are updated alike as one tensor each; the same program where there are none. */
export const pack = (program: Program): Packed => {
  const packs = packsOf(program)
  if (packs.length === 0) return { program, packs: new Map() }
  const together = packing(packs)
  const gone = new Set(packs.flatMap(({ states }) => states.map(({ port }) => port.name)))
  const kept = program.outputs.filter(({ name }) => !gone.has(name))
  const roots = substitute(
    [...packs.map(({ states }) => together(states.map(({ after }) => after))), ...kept.map(({ node }) => node)],
    ...RA.unzip(packs.flatMap(partsOf))
  )
  const portOf = ({ name, flat: { dtype, shape } }: Pack): Port => ({ name, dtype, shape })
  const outputs = RA.zipWith([...packs.map(portOf), ...kept], roots, (port, node) => ({ ...port, node }))
  return {
    program: {
      inputs: [...packs.map(portOf), ...program.inputs.filter(({ name }) => !gone.has(name))],
      outputs,
      nodes: topological(roots)
    },
    packs: new Map(packs.map(({ name, states }) => [name, states.map(({ port }) => port)]))
  }
}

// Note [Families]
// A pack is worth its while if whole updates run on packs: the parameters' needs the moments laid end to end in the same
// order. So states are grouped by what their whole family does, and a family with an update of its own stays apart.

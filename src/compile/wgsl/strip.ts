/**
 * A strip: a few elements in a row, computed by one function that is called for each. What the elements read in a row
 * is loaded as one vector before them, what they share is loaded once, and only the rest is loaded one by one.
 */
import type { Expr } from '../../core/Expr.ts'
import { range, size } from '../../core/Shape.ts'
import { coefficient, divide, divisible, mentions, print, without, type Index } from './Index.ts'
import { inliner, type Inliner } from './inline.ts'
import { arrayType, elementOf, fourOf, wgslType, type Binding, type Function, type WgslType } from './Wgsl.ts'

export type Width = 1 | 4

// operands of a kernel --------------------------------------------------------------------

/** The stored values that a kernel reads, named in the order in which it first reads them. */
export interface Operands {
  readonly nodes: Array<Expr>
  /** Those that are bound as arrays of vectors. */
  readonly vectors: Set<Expr>
  /** Those that are read one by one. */
  readonly singles: Set<Expr>
}

export const operands = (): Operands => ({ nodes: [], vectors: new Set(), singles: new Set() })

export const nameOf = ({ nodes }: Operands, node: Expr): string => {
  if (!nodes.includes(node)) nodes.push(node)
  return `x${nodes.indexOf(node)}`
}

export const bindingsOf = (all: Operands): ReadonlyArray<Binding> =>
  all.nodes.map((node) => ({
    name: nameOf(all, node),
    access: 'read',
    type: arrayType(node.dtype, widthOf(all, node))
  }))

const widthOf = ({ vectors }: Operands, node: Expr): Width => (vectors.has(node) ? 4 : 1)

const single = (all: Operands, node: Expr, index: Index): string => {
  all.singles.add(node)
  return `${nameOf(all, node)}_at(${bare(print(index))})`
}

/** Functions that read one element, whatever the binding's type. */
export const accessorsOf = (all: Operands): ReadonlyArray<Function> =>
  all.nodes
    .filter((node) => all.singles.has(node))
    .map((node) => {
      const name = nameOf(all, node)
      return {
        name: `${name}_at`,
        parameters: [['i', 'u32']],
        result: wgslType(node.dtype),
        body: [`return ${elementOf(node.dtype, name, 'i', widthOf(all, node))};`]
      }
    })

/** Without its outer brackets, where it stands between others. */
export const bare = (text: string): string => (/^\([^()]*\)$/.test(text) ? text.slice(1, -1) : text)

// strips ---------------------------------------------------------------------------------

export interface Load {
  readonly name: string
  readonly text: string
  readonly width: Width
  readonly type: WgslType
  readonly index: Index
}

export interface Strip {
  readonly width: Width
  readonly element: Function
  /** Loads shared by the elements, to be made before them. */
  readonly loads: ReadonlyArray<Load>
  /** Loads made by every element. */
  readonly single: number
}

export interface StripOf {
  readonly name: string
  readonly width: Width
  readonly result: WgslType
  /** The names that stand for the strip, with their greatest values. `e` counts within it. */
  readonly names: ReadonlyArray<readonly [name: string, high: number]>
  readonly stored: (node: Expr) => boolean
  readonly held?: ReadonlyMap<Expr, string>
  readonly compute: (inliner: Inliner) => string
  readonly operands: Operands
  /** Loads that strips of one loop share, and what their names begin with. */
  readonly shared?: Shared
}

export interface Shared {
  readonly prefix: string
  readonly loads: Array<Load>
}

const used = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text)

/** Values that lie in a row along `e`, aligned, can be loaded as one vector. */
const inRow = (node: Expr, index: Index): boolean =>
  size(node.shape) % 4 === 0 && coefficient(index, 'e') === 1 && divisible(without(index, 'e'), 4)

/** Whether the index is made of the given names alone. */
const foreseen = ({ terms }: Index, names: ReadonlyMap<string, number>): boolean =>
  terms.every((t) => [...t.base.matchAll(/[A-Za-z_]\w*/g)].every(([name]) => name === 'min' || names.has(name)))

export const strip = (of: StripOf): Strip => {
  const { prefix, loads } = of.shared ?? { prefix: of.name.slice(0, 1), loads: [] } // local
  const counted = { single: 0 }
  const ranges = new Map([...of.names, ...(of.width === 4 ? ([['e', 3]] as const) : [])])
  const shared = (node: Expr, text: string, width: Width, index: Index): string => {
    const found = loads.find((l) => l.text === text)
    if (found !== undefined) return found.name
    const name = `${prefix}${loads.length}`
    loads.push({ name, text, width, type: wgslType(node.dtype), index })
    return name
  }
  const read = (node: Expr, index: Index): string => {
    // A place that another load gave cannot be known before the elements.
    if (!foreseen(index, ranges)) {
      counted.single++
      return single(of.operands, node, index)
    }
    if (of.width === 4 && inRow(node, index)) {
      of.operands.vectors.add(node)
      const text = `${nameOf(of.operands, node)}[${bare(print(divide(without(index, 'e'), 4)))}]`
      return shared(node, fourOf(node.dtype, text), 4, index)
    }
    if (!mentions(index, 'e')) return shared(node, single(of.operands, node, index), 1, index)
    counted.single++
    return single(of.operands, node, index)
  }
  const inside = inliner({ ranges, stored: of.stored, read, held: of.held ?? new Map() })
  const value = of.compute(inside)
  const body = [...inside.lines, `return ${bare(value)};`]
  const text = body.join('\n')
  const held: ReadonlyArray<readonly [string, string]> = [...(of.held ?? new Map<Expr, string>())].map(
    ([node, name]) => [name, wgslType(node.dtype)]
  )
  const parameters = [
    ...of.names.map(([name]) => [name, 'u32'] as const),
    ...(of.width === 4 ? [['e', 'u32'] as const] : []),
    ...held,
    ...loads.map((l) => [l.name, l.type] as const)
  ].filter(([name]) => used(text, name))
  return {
    width: of.width,
    element: { name: of.name, parameters, result: of.result, body },
    loads,
    single: counted.single
  }
}

export const statement = (load: Load): string => `let ${load.name} = ${load.text};`

/** The text of a held value at element `e`. */
type Held = (name: string, e: number) => string

const byName: Held = (name) => name

/** The call that computes the element `e`. */
export const callOf = ({ element, loads }: Strip, e: number, held: Held = byName): string => {
  const argument = ([name]: readonly [string, string]): string => {
    if (name === 'e') return `${e}u`
    const load = loads.find((l) => l.name === name)
    return load === undefined ? held(name, e) : load.width === 4 ? `${name}.${'xyzw'[e]}` : name
  }
  return `${element.name}(${element.parameters.map(argument).join(', ')})`
}

/** The calls that compute the elements. */
export const calls = (strip: Strip, held: Held = byName): ReadonlyArray<string> =>
  range(strip.width).map((e) => callOf(strip, e, held))

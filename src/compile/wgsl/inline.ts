/** The WGSL of fused nodes: each computed where it is needed, each once at one place. */
import { isApply, type Apply, type Expr } from '../../core/Expr.ts'
import type { At } from '../../core/Lowering.ts'
import { elementAt } from '../../core/Tensor.ts'
import { wgslNumber } from '../../ops/wgsl.ts'
import { parse, print, type Index, type Ranges } from './Index.ts'
import { loweringOf, operand } from './lowering.ts'
import { wgslType } from './Wgsl.ts'

export interface Reading {
  /** The greatest values of the names that indices are made of. */
  readonly ranges: Ranges
  readonly stored: (node: Expr) => boolean
  /** The element of a stored value at an index, as an expression. */
  readonly read: (node: Expr, index: Index) => string
  /** Values that are there already: the result of the loop, in an epilogue. */
  readonly held: ReadonlyMap<Expr, string>
}

export interface Inliner {
  readonly value: (node: Expr, at: At) => string
  readonly bind: (type: string, expression: string) => string
  /** The statements so far. */
  readonly lines: ReadonlyArray<string>
}

/** A name or a number: nothing to be computed once. */
const isAtom = (text: string): boolean => /^(-?\w+(\.\w+)?|[fi]32\(-?[\d.e+-]+\)|\(-infinity\(\)\))$/.test(text)

/** Statements that compute values at places, written as they are asked for. */
export const inliner = (reading: Reading): Inliner => {
  const lines: Array<string> = [] // local
  const known = new Map<string, string>()
  const bind = (type: string, expression: string): string => {
    // Index arithmetic is kept as text, where it can still cancel.
    if (type === 'u32' && /^[\w ()+*/%]+$/.test(expression) && !/\w\(/.test(expression))
      return print(parse(expression, reading.ranges))
    const found = known.get(`= ${expression}`)
    if (found !== undefined) return found
    const name = `v${lines.length}`
    lines.push(`let ${name}: ${type} = ${expression};`)
    known.set(`= ${expression}`, name)
    return name
  }
  const normal = (text: string): string => print(parse(text, reading.ranges))
  const tidy = (at: At, index: string): At => ({
    shape: at.shape,
    linear: () => index,
    axes: () => at.axes().map(normal)
  })
  const compute = (node: Apply, at: At): string => {
    const lowered = loweringOf(node)
    const { inputs, params } = node.term
    const load = (i: number, place: At): string => value(operand(node, i), place)
    const scope = { params, inputs, type: node, at, load, bind }
    // Whatever has a loop is stored or held.
    const text = lowered._tag === 'Map' ? lowered.element(scope) : ''
    return isAtom(text) ? text : bind(wgslType(node.dtype), text)
  }
  const fresh = (node: Expr, at: At, index: Index): string => {
    if (reading.stored(node)) {
      const text = reading.read(node, index)
      return isAtom(text) ? text : bind(wgslType(node.dtype), text)
    }
    if (node.term._tag === 'Constant') return wgslNumber(elementAt(node.term.value.data, 0), node)
    return isApply(node) ? compute(node, tidy(at, print(index))) : ''
  }
  const value = (node: Expr, at: At): string => {
    const held = reading.held.get(node)
    if (held !== undefined) return held
    const index = parse(at.linear(), reading.ranges)
    const key = `${node.id} ${print(index)}`
    const text = known.get(key) ?? fresh(node, at, index)
    known.set(key, text)
    return text
  }
  return { value, bind, lines }
}

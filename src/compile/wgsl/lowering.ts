/** What the WGSL target does with an operation, and what a `Map` does with its operands, found by asking it once. */
import type { Apply, Expr } from '../../core/Expr.ts'
import type { At, Scope, Wgsl } from '../../core/Lowering.ts'
import type { Params } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import { parse, print } from './Index.ts'
import type { Inliner } from './inline.ts'

export type Lowered = Wgsl<Params>

/** The lowering of a node that `expand` has left: that of everything else is derived. */
export const loweringOf = ({ term: { op } }: Apply): Lowered => op.wgsl as Lowered

/** An operand that a lowering asks for. */
export const operand = (node: Apply, i: number): Expr => node.term.inputs[i] ?? node

// probing --------------------------------------------------------------------------------

export interface Access {
  readonly input: number
  /** The element read has the linear index of the element computed. */
  readonly identity: boolean
}

export interface Probe {
  readonly accesses: ReadonlyArray<Access>
  /** Rough cost of one element in additions, its operands not counted; 0 for a view. */
  readonly cost: number
}

const costly = /\b(exp|log|pow|sin|cos|tanh|sqrt|inverseSqrt|\w+_f32|threefry)\(/g

/** What a text costs: a call of a transcendental function is about eight additions. */
export const costOf = (text: string): number => (text.match(costly)?.length ?? 0) * 8

const scopeOf = (node: Apply, at: At, load: Scope<Params>['load'], bind: Scope<Params>['bind']): Scope<Params> => ({
  params: node.term.params,
  inputs: node.term.inputs,
  type: node,
  at,
  load,
  bind
})

const isIdentity = (node: Expr, input: Expr | undefined, at: At, place: At): boolean =>
  place === at ||
  (input !== undefined &&
    size(input.shape) === size(node.shape) &&
    print(parse(place.linear(), new Map([['i', size(node.shape) - 1]]))) === 'i')

/** What one element of a `Map` or one body of a `Reduce` reads and costs. */
export const probe = (node: Apply, lowered: Exclude<Lowered, { readonly _tag: 'Contract' }>): Probe => {
  const accesses: Array<Access> = [] // local
  const bound: Array<string> = []
  const at = fromLinear(node.shape, 'i')
  const load = (input: number, place: At): string => {
    accesses.push({ input, identity: isIdentity(node, node.term.inputs[input], at, place) })
    return `x${input}`
  }
  const bind = (_: string, text: string): string => {
    bound.push(text)
    return `v${bound.length}`
  }
  const scope = scopeOf(node, at, load, bind)
  const text = lowered._tag === 'Map' ? lowered.element(scope) : lowered.body(scope, 'k')
  const all = [...bound, text].join(' ')
  return { accesses, cost: /^x\d+$/.test(text) ? 0 : 1 + costOf(all) }
}

// folds ----------------------------------------------------------------------------------

/** A fold over `k` for every element of `core`. */
export interface Fold {
  readonly core: Apply
  readonly count: number
  readonly identity: string
  readonly combine: (a: string, b: string) => string
  /** The `k`-th body of the element at `linear`. */
  readonly body: (inliner: Inliner, linear: string, k: string) => string
}

/** Values put together two by two, and so on: rounding grows with the depth alone. */
export const tree = (values: ReadonlyArray<string>, combine: Fold['combine']): string => {
  const half = Math.ceil(values.length / 2)
  return values.length === 1
    ? values.join('')
    : combine(tree(values.slice(0, half), combine), tree(values.slice(half), combine))
}

/** The fold of a reduction. */
export const foldOf = (core: Apply): Fold | undefined => {
  const lowered = loweringOf(core)
  if (lowered._tag !== 'Reduce') return undefined
  const { inputs, params } = core.term
  return {
    core,
    count: lowered.count(inputs, params),
    identity: lowered.identity(core),
    combine: (a, b) => lowered.combine(a, b, core),
    body: ({ value, bind }, linear, k) => {
      const at = fromLinear(core.shape, linear)
      const load: Scope<Params>['load'] = (i, place) => value(operand(core, i), place)
      return lowered.body(scopeOf(core, at, load, bind), k)
    }
  }
}

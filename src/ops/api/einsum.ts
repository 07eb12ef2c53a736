/** Einstein's sums, typed: the axes of the result are found in the text of the equation. */
import type { DType } from '../../core/DType.ts'
import { isApply, type Expr } from '../../core/Expr.ts'
import type { Ok, Out, Shape, Show } from '../../core/Shape.ts'
import { definition } from '../define.ts'
import { $ } from '../registry.ts'

// types ----------------------------------------------------------------------------------

type Names = ReadonlyArray<string>

type Words<T extends string, Found extends Names = []> = T extends `${infer Head} ${infer Tail}`
  ? Words<Tail, Head extends '' ? Found : [...Found, Head]>
  : T extends ''
    ? Found
    : [...Found, T]
type Letters<T extends string, Found extends Names = []> = T extends `${infer Head}${infer Tail}`
  ? Letters<Tail, [...Found, Head]>
  : Found
type NamesOf<E extends string, T extends string> = E extends `${string} ${string}` ? Words<T> : Letters<T>

/** The place of every name among its operand's axes, as the key of the shape. */
type Places<N, Found = unknown, Before extends Names = []> = N extends readonly [
  infer Name extends string,
  ...infer Rest
]
  ? Places<Rest, Found & { readonly [K in Name]: `${Before['length']}` }, [...Before, Name]>
  : { readonly [K in keyof Found]: Found[K] }

/** An equation, read once: names of the result, places of names in the operands, how many axes these have. */
interface Plan<R extends Names, P, N extends number, Q = unknown, M extends number = 0> {
  readonly result: R
  readonly left: P
  readonly right: Q
  readonly axes: readonly [N, M]
}

type PlanOf<E extends string> = E extends `${infer L}->${infer R}`
  ? L extends `${infer X},${infer Y}`
    ? Plan<
        NamesOf<E, R>,
        Places<NamesOf<E, X>>,
        NamesOf<E, X>['length'],
        Places<NamesOf<E, Y>>,
        NamesOf<E, Y>['length']
      >
    : Plan<NamesOf<E, R>, Places<NamesOf<E, L>>, NamesOf<E, L>['length']>
  : never

type At<S, P, Name> = Name extends keyof P ? (P[Name] extends keyof S ? S[P[Name]] : unknown) : unknown

/** Whether an axis has two sizes. */
type Clash<A, B, P, Q> = {
  readonly [K in keyof P & keyof Q]: [At<A, P, K> & At<B, Q, K>] extends [never] ? true : false
}[keyof P & keyof Q]

type Result<R, A, B, P, Q> = { readonly [K in keyof R]: At<A, P, R[K]> & At<B, Q, R[K]> }

/** The shape that an equation makes of two operands, or of one, or the sentence that says why there is none. */
export type Summed<E extends string, A extends Shape, B extends Shape = readonly []> = number extends
  | A['length']
  | B['length']
  ? Shape
  : PlanOf<E> extends Plan<infer R, infer P, infer N, infer Q, infer M>
    ? [A['length'], B['length']] extends [N, M]
      ? true extends Clash<A, B, P, Q>
        ? `einsum: sizes differ, '${E}' of ${Shapes<A, B>}`
        : Result<R, A, B, P, Q>
      : `einsum: '${E}' does not name the axes of ${Shapes<A, B>}`
    : Shape

type Shapes<A extends Shape, B extends Shape> = B extends readonly [] ? `[${Show<A>}]` : `[${Show<A>}] and [${Show<B>}]`

/** What an equation does to tensors. Of three and more, shapes are checked when the graph is built. */
export interface Einsum<E extends string> {
  <D extends DType, A extends Shape>(x: Expr<D, A> & Ok<Summed<E, A>>): Expr<D, Out<Summed<E, A>>>
  <D extends DType, A extends Shape, B extends Shape>(
    x: Expr<D, A>,
    y: Expr<NoInfer<D>, B> & Ok<Summed<E, A, B>>
  ): Expr<D, Out<Summed<E, A, B>>>
  <D extends DType>(x: Expr<D>, y: Expr<NoInfer<D>>, z: Expr<NoInfer<D>>, ...more: ReadonlyArray<Expr<D>>): Expr<D>
}

// values ---------------------------------------------------------------------------------

/**
 * Products along axes of equal names, summed over what the result does not name: `einsum('b i d, b j d -> b i j')(q, k)`.
 *
 * - names are words apart by spaces, or letters where the equation has no spaces: `bid,bjd->bij`
 * - a name that is there twice in one operand is its diagonal; operands are contracted from left to right
 */
export const einsum = <const E extends string>(equation: E): Einsum<E> => {
  const build = (...xs: ReadonlyArray<Expr>): Expr => {
    const node = $.einsum(xs, { equation })
    return isApply(node) && node.faults.length === 0 ? (definition(node) ?? node) : node
  }
  return build as Einsum<E>
}

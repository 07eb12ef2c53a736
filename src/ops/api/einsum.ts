/** Einstein's sums, typed: the axes of the result are found in the text of the equation. */
import type { DType } from '../../core/DType.ts'
import { isApply, type Expr } from '../../core/Expr.ts'
import type { Dim, Shape, Show } from '../../core/Shape.ts'
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

/** An axis of an operand: `0:2` is the third of the first. */
type Place = string
/** Two places of one name, which are to have one size. */
type Pair = readonly [Place, Place]

/** What has been read so far: `|name=place|` of every name where it was first seen, and where names were seen again. */
interface Read<First extends string, Again extends ReadonlyArray<Pair>> {
  readonly first: First
  readonly again: Again
}

type Axes<
  Operand extends string,
  N extends Names,
  R extends Read<string, ReadonlyArray<Pair>>,
  Before extends Names = []
> = N extends readonly [infer Name extends string, ...infer Rest extends Names]
  ? R['first'] extends `${string}|${Name}=${infer P}|${string}`
    ? Axes<Operand, Rest, Read<R['first'], [...R['again'], [P, `${Operand}:${Before['length']}`]]>, [...Before, Name]>
    : Axes<Operand, Rest, Read<`${R['first']}${Name}=${Operand}:${Before['length']}|`, R['again']>, [...Before, Name]>
  : R

type Found<R extends Names, First extends string> = {
  readonly [K in keyof R]: First extends `${string}|${R[K]}=${infer P}|${string}` ? P : ''
}

/** Lists as long as `P` with `never` somewhere. */
type Wrong<
  P extends ReadonlyArray<unknown>,
  Before extends ReadonlyArray<unknown> = [],
  W = never
> = P extends readonly [unknown, ...infer Rest]
  ? Wrong<Rest, [...Before, unknown], W | readonly [...Before, never, ...{ readonly [K in keyof Rest]: unknown }]>
  : W

/** An equation, read once for all its calls. See Note [Cheap equations] */
interface Plan {
  readonly text: string
  readonly ranks: readonly [number, number, number]
  readonly again: ReadonlyArray<Pair>
  readonly result: ReadonlyArray<Place>
  readonly wrong: unknown
}

/** An equation that is known only when the graph is built. */
interface Unread extends Plan {
  readonly again: readonly []
  readonly wrong: never
}

interface Planned<E, X extends Names, Y extends Names, Z extends Names, Again extends ReadonlyArray<Pair>, R> {
  readonly text: E
  readonly ranks: readonly [X['length'], Y['length'], Z['length']]
  readonly again: Again
  readonly result: R
  readonly wrong: Wrong<readonly [unknown, ...Again]>
}

type PlanOfNames<E, X extends Names, Y extends Names, Z extends Names, R extends Names> =
  Axes<'2', Z, Axes<'1', Y, Axes<'0', X, Read<'|', []>>>> extends Read<infer First, infer Again>
    ? Planned<E, X, Y, Z, Again, Found<R, First>>
    : Unread

export type PlanOf<E extends string> = E extends `${infer L}->${infer R}`
  ? L extends `${infer X},${infer M}`
    ? M extends `${infer Y},${infer Z}`
      ? PlanOfNames<E, NamesOf<E, X>, NamesOf<E, Y>, NamesOf<E, Z>, NamesOf<E, R>>
      : PlanOfNames<E, NamesOf<E, X>, NamesOf<E, M>, [], NamesOf<E, R>>
    : PlanOfNames<E, NamesOf<E, L>, [], [], NamesOf<E, R>>
  : Unread

type None = readonly []

type At<P, A extends Shape, B extends Shape, C extends Shape> = P extends `0:${infer I extends number}`
  ? A[I]
  : P extends `1:${infer I extends number}`
    ? B[I]
    : P extends `2:${infer I extends number}`
      ? C[I]
      : Dim

/** The shape of the result. */
type Result<R extends ReadonlyArray<Place>, A extends Shape, B extends Shape = None, C extends Shape = None> = {
  readonly [K in keyof R]: At<R[K], A, B, C>
}

type Meet<Q extends ReadonlyArray<Pair>, A extends Shape, B extends Shape, C extends Shape> = {
  readonly [K in keyof Q]: At<Q[K][0], A, B, C> & At<Q[K][1], A, B, C>
}

/** What is to be equal, intersected: `never` where it is not. */
type Met<P extends Plan, A extends Shape, B extends Shape = None, C extends Shape = None> = readonly [
  readonly [A['length'], B['length'], C['length']] & P['ranks'],
  ...Meet<P['again'], A, B, C>
]

/** A demand that nothing satisfies where the operands do not fit. */
type Fits<P extends Plan, M, A extends Shape, B extends Shape = None, C extends Shape = None> = M extends P['wrong']
  ? Sentence<P, A, B, C>
  : unknown

type Sentence<P extends Plan, A extends Shape, B extends Shape, C extends Shape> = readonly [
  A['length'],
  B['length'],
  C['length']
] extends P['ranks']
  ? `einsum: sizes differ, '${P['text']}' of ${Shapes<A, B, C>}`
  : `einsum: '${P['text']}' does not name the axes of ${Shapes<A, B, C>}`

type Shapes<A extends Shape, B extends Shape, C extends Shape> = B extends None
  ? `[${Show<A>}]`
  : C extends None
    ? `[${Show<A>}] and [${Show<B>}]`
    : `[${Show<A>}] and [${Show<B>}] and [${Show<C>}]`

/** What an equation does to tensors. Of four and more, shapes are checked when the graph is built. */
export interface Einsum<P extends Plan> {
  <D extends DType, A extends Shape, M = Met<P, A>>(x: Expr<D, A> & Fits<P, M, A>): Expr<D, Result<P['result'], A>>
  <D extends DType, A extends Shape, B extends Shape, M = Met<P, A, B>>(
    x: Expr<D, A>,
    y: Expr<NoInfer<D>, B> & Fits<P, M, A, B>
  ): Expr<D, Result<P['result'], A, B>>
  <D extends DType, A extends Shape, B extends Shape, C extends Shape, M = Met<P, A, B, C>>(
    x: Expr<D, A>,
    y: Expr<NoInfer<D>, B>,
    z: Expr<NoInfer<D>, C> & Fits<P, M, A, B, C>
  ): Expr<D, Result<P['result'], A, B, C>>
  <D extends DType>(...four: readonly [Expr<D>, Expr<D>, Expr<D>, Expr<D>, ...ReadonlyArray<Expr<D>>]): Expr<D>
}

// values ---------------------------------------------------------------------------------

/**
 * Products along axes of equal names, summed over what the result does not name: `einsum('b i d, b j d -> b i j')(q, k)`.
 *
 * - names are words apart by spaces, or letters where the equation has no spaces: `bid,bjd->bij`
 * - a name that is there twice in one operand is its diagonal; operands are contracted from left to right
 */
export const einsum = <const E extends string>(equation: E): Einsum<PlanOf<E>> => {
  const build = (...xs: ReadonlyArray<Expr>): Expr => {
    const node = $.einsum(xs, { equation })
    return isApply(node) && node.faults.length === 0 ? (definition(node) ?? node) : node
  }
  return build as Einsum<PlanOf<E>>
}

// Note [Cheap equations]
// The compiler pays for every type that it writes out again for a call. What needs the equation alone is an argument of
// `Einsum`, written out once. What needs the operands too is made of two things that the compiler prepares as far as the
// equation goes: the type of the result, and the default of a type parameter (`M`), whose rest is a handful of sizes.

/**
 * Shapes, and the rules by which operations type, each in two forms that speak the same sentence: a type, which the
 * editor checks, and a value, which is checked when the graph is built. Types compare and rearrange axes; they never
 * do arithmetic on sizes (reshape, concat and convolution are checked when the graph is built).
 *
 * Laws: `laws/shape.ts` (the two forms agree).
 */

// model ----------------------------------------------------------------------------------

declare const symbolic: unique symbol
/** One axis: a literal (`768`), a named run-time size (`Sym<'batch'>`), or plain `number` (checked when built). */
export type Dim = number
/** A size known only at run time, with a name that the types compare. */
export type Sym<Name extends string> = number & { readonly [symbolic]: Name }
export type Shape = readonly Dim[]

/** A named run-time size: `dim('batch', n)` agrees with itself and with plain numbers, not with other names. */
export const dim = <const N extends string>(_name: N, size: number): Sym<N> => size as Sym<N>

// values ---------------------------------------------------------------------------------

export const size = (shape: Shape): number => shape.reduce((n, d) => n * d, 1)

export const equal = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i])

/** The size of an axis, from the end if negative; axes beyond those there are have 1, as broadcasting has it. */
export const sizeAt = (shape: Shape, axis: number): number => shape.at(axis) ?? 1

/** What a list with a number for every axis (strides, coordinates, starts) says of one; 0 beyond those there are. */
export const ofAxis = (list: ArrayLike<number>, axis: number): number => list[axis] ?? 0

/** Elements between neighbours along each axis, row-major. */
export const strides = (shape: Shape): ReadonlyArray<number> => {
  const out = shape.map(() => 1) // local
  for (let i = shape.length - 2; i >= 0; i--) out[i] = sizeAt(out, i + 1) * sizeAt(shape, i + 1)
  return out
}

/** Whether there is such an axis, counted from the first. */
export const isAxis = (shape: Shape, axis: number): boolean => axis >= 0 && axis < shape.length

/** A negative axis counts from the end. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)

export const range = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

/** The shape without `axes`. */
export const drop = (shape: Shape, axes: ReadonlyArray<number>): Shape => shape.filter((_, i) => !axes.includes(i))

/** The shape with `axes` set to 1. */
export const keep = (shape: Shape, axes: ReadonlyArray<number>): Shape =>
  shape.map((d, i) => (axes.includes(i) ? 1 : d))

/** NumPy broadcasting: aligned at the last axis, a size of 1 stretches. `undefined` where sizes disagree. */
export const broadcast = (a: Shape, b: Shape): Shape | undefined => {
  const rank = Math.max(a.length, b.length)
  const at = (s: Shape, i: number): number => s[i - rank + s.length] ?? 1
  const out = range(rank).map((i) => (at(a, i) === 1 ? at(b, i) : at(a, i)))
  return range(rank).every((i) => at(b, i) === 1 || at(b, i) === out[i]) ? out : undefined
}

// types ----------------------------------------------------------------------------------

type Agree<A extends Dim, B extends Dim> = number extends A ? B : number extends B ? A : A extends B ? A : never
export type ShowDim<D> = D extends Sym<infer N> ? N : D & number
export type Show<S extends Shape> = S extends readonly [infer H, ...infer T extends Shape]
  ? `${ShowDim<H>}${T extends readonly [] ? '' : `,${Show<T>}`}`
  : ''

type Stretch<A extends Dim, B extends Dim> = A extends 1 ? B : B extends 1 ? A : Agree<A, B>
type ZipEnd<A extends Shape, B extends Shape, Out extends Shape = readonly []> = A extends readonly [
  ...infer As extends Shape,
  infer X extends Dim
]
  ? B extends readonly [...infer Bs extends Shape, infer Y extends Dim]
    ? [Stretch<X, Y>] extends [never]
      ? never
      : ZipEnd<As, Bs, readonly [Stretch<X, Y>, ...Out]>
    : readonly [...A, ...Out]
  : readonly [...B, ...Out]

type Zipped<A extends Shape, B extends Shape> =
  ZipEnd<A, B> extends infer Z extends Shape ? ([Z] extends [never] ? 'unequal' : Z) : never

/** Where the second is the first with axes before it, or either is of unknown rank. */
type Aligned<A extends Shape, B extends Shape> = number extends A['length'] | B['length']
  ? Shape
  : B extends readonly [...Shape, ...A]
    ? number extends A[number]
      ? Zipped<A, B>
      : B
    : Stretching<A, B>

/** Where the first may stretch: axis by axis, the shorter with axes of 1 before its own. */
// prettier-ignore
type Stretching<A extends Shape, B extends Shape> =
  A['length'] extends 3 ? B['length'] extends 3 ? readonly [
      A[0] extends 1 ? B[0] : B[0] extends 1 ? A[0] : A[0] extends B[0] ? A[0] : number extends A[0] ? B[0] : 'unequal',
      A[1] extends 1 ? B[1] : B[1] extends 1 ? A[1] : A[1] extends B[1] ? A[1] : number extends A[1] ? B[1] : 'unequal',
      A[2] extends 1 ? B[2] : B[2] extends 1 ? A[2] : A[2] extends B[2] ? A[2] : number extends A[2] ? B[2] : 'unequal'
    ] : B['length'] extends 0 | 1 | 2 ? Stretching<A, readonly [1, ...B]> : Stretching<readonly [1, ...A], B>
  : A['length'] extends 4 ? B['length'] extends 4 ? readonly [
      A[0] extends 1 ? B[0] : B[0] extends 1 ? A[0] : A[0] extends B[0] ? A[0] : number extends A[0] ? B[0] : 'unequal',
      A[1] extends 1 ? B[1] : B[1] extends 1 ? A[1] : A[1] extends B[1] ? A[1] : number extends A[1] ? B[1] : 'unequal',
      A[2] extends 1 ? B[2] : B[2] extends 1 ? A[2] : A[2] extends B[2] ? A[2] : number extends A[2] ? B[2] : 'unequal',
      A[3] extends 1 ? B[3] : B[3] extends 1 ? A[3] : A[3] extends B[3] ? A[3] : number extends A[3] ? B[3] : 'unequal'
    ] : B['length'] extends 0 | 1 | 2 | 3 ? Stretching<A, readonly [1, ...B]> : Stretching<readonly [1, ...A], B>
  : A['length'] extends 2 ? B['length'] extends 2 ? readonly [
      A[0] extends 1 ? B[0] : B[0] extends 1 ? A[0] : A[0] extends B[0] ? A[0] : number extends A[0] ? B[0] : 'unequal',
      A[1] extends 1 ? B[1] : B[1] extends 1 ? A[1] : A[1] extends B[1] ? A[1] : number extends A[1] ? B[1] : 'unequal'
    ] : B['length'] extends 0 | 1 ? Stretching<A, readonly [1, ...B]> : Stretching<readonly [1, ...A], B>
  : A['length'] extends 1 ? B['length'] extends 1 ? readonly [
      A[0] extends 1 ? B[0] : B[0] extends 1 ? A[0] : A[0] extends B[0] ? A[0] : number extends A[0] ? B[0] : 'unequal'
    ] : B['length'] extends 0 ? A : Stretching<readonly [1, ...A], B>
  : number extends A['length'] | B['length'] ? Shape
  : Zipped<A, B>

/**
 * The shape that two have together; no shape where sizes differ. A plain `number` may be 1.
 * See Note [Cheap broadcasting]
 */
// prettier-ignore
export type Together<A extends Shape, B extends Shape> =
  A extends B ? number extends B[number] ? Aligned<A, B> : A
  : 1 extends A[number] ? Stretching<A, B>
  : B['length'] extends 3 ? A extends readonly [...Shape, B[0] extends 1 ? Dim : B[0], B[1] extends 1 ? Dim : B[1], B[2] extends 1 ? Dim : B[2]] ? A : Aligned<A, B>
  : B['length'] extends 4 ? A extends readonly [...Shape, B[0] extends 1 ? Dim : B[0], B[1] extends 1 ? Dim : B[1], B[2] extends 1 ? Dim : B[2], B[3] extends 1 ? Dim : B[3]] ? A : Aligned<A, B>
  : B['length'] extends 2 ? A extends readonly [...Shape, B[0] extends 1 ? Dim : B[0], B[1] extends 1 ? Dim : B[1]] ? A : Aligned<A, B>
  : B['length'] extends 1 ? A extends readonly [...Shape, B[0] extends 1 ? Dim : B[0]] ? A : Aligned<A, B>
  : B['length'] extends 0 ? A
  : B['length'] extends 5 ? A extends readonly [...Shape, B[0] extends 1 ? Dim : B[0], B[1] extends 1 ? Dim : B[1], B[2] extends 1 ? Dim : B[2], B[3] extends 1 ? Dim : B[3], B[4] extends 1 ? Dim : B[4]] ? A : Aligned<A, B>
  : Aligned<A, B>

export type ShapesDiffer<
  Op extends string,
  A extends Shape,
  B extends Shape
> = `${Op}: shapes differ, [${Show<A>}] and [${Show<B>}]`

/** The shape of an elementwise operation on two operands, or the sentence that says why there is none. */
export type Broadcast<Op extends string, A extends Shape, B extends Shape> =
  Together<A, B> extends infer R extends Shape ? R : ShapesDiffer<Op, A, B>

/** The shape of `matmul`: `[..., m, k] × [k, n]`, or `[..., m, k] × [..., k, n]` with equal leading axes. */
export type Matmul<A extends Shape, B extends Shape> = number extends A['length'] | B['length']
  ? Shape
  : A extends readonly [...infer P extends Shape, infer M extends Dim, infer K extends Dim]
    ? B extends readonly [K, infer N extends Dim]
      ? readonly [...P, M, N]
      : B extends readonly [...infer Q extends Shape, infer L extends Dim, infer N extends Dim]
        ? [Agree<K, L>] extends [never]
          ? `matmul: inner sizes differ, [${Show<A>}] x [${Show<B>}]`
          : Q extends readonly []
            ? readonly [...P, M, N]
            : [Same<P, Q>] extends [never]
              ? `matmul: leading axes differ, [${Show<A>}] x [${Show<B>}]`
              : readonly [...Same<P, Q>, M, N]
        : `matmul: right operand needs at least 2 axes, got [${Show<B>}]`
    : `matmul: left operand needs at least 2 axes, got [${Show<A>}]`
type Same<A extends Shape, B extends Shape, Out extends Shape = readonly []> = A extends readonly [
  infer X extends Dim,
  ...infer As extends Shape
]
  ? B extends readonly [infer Y extends Dim, ...infer Bs extends Shape]
    ? [Agree<X, Y>] extends [never]
      ? never
      : Same<As, Bs, readonly [...Out, Agree<X, Y>]>
    : never
  : B extends readonly []
    ? Out
    : never

/** A failed rule is a demand that nothing satisfies: the sentence stands where the editor shows the error. */
export type Ok<Rule> = Rule extends string ? Rule : unknown
/** A failed rule gives an unknown shape, so that one mistake is one error. */
export type Out<Rule> = Rule extends Shape ? Rule : Shape

// Note [Cheap broadcasting]
// The compiler counts every type that it writes out for a call. Shapes of up to four axes are written axis by axis: no
// lists that grow, no names for parts, and no test of an operand as a whole before its axes are read (it would be carried
// along with each of them). What is wrong is written out only once something is. Where the first operand has no size of
// 1, the second can only stretch to it, and one match says so, which costs 5 an axis; where the first may stretch too,
// each axis costs about 8. `test/types/budget.test.ts` counts every kind.

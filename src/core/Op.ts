/** Everything the system knows of one operation. To add an operation is to write one of these, in one file. */
import type { DType } from './DType.ts'
import type { Expr, Params, Type } from './Expr.ts'
import type { Fault } from './Fault.ts'
import type { Onnx, Wgsl } from './Lowering.ts'
import type { Shape } from './Shape.ts'
import type { Tensor } from './Tensor.ts'

/** As many as an arity says, each an `A`. An operation is handed no other number of operands: `apply` sees to that. */
export type Operands<N extends number, A = Expr> = N extends 0
  ? readonly []
  : N extends 1
    ? readonly [A]
    : N extends 2
      ? readonly [A, A]
      : N extends 3
        ? readonly [A, A, A]
        : ReadonlyArray<A>

/** What there may be of each operand; of a single one it is there, or there would be nothing to do. */
export type Moving<N extends number> = N extends 1 ? readonly [Expr] : Operands<N, Expr | undefined>

/** What a pullback sees: the operands, the result, the cotangent of the result. */
export interface Pull<P, N extends number = number> {
  readonly params: P
  readonly inputs: Operands<N>
  readonly output: Expr
  readonly cotangent: Expr
}

/** What a pushforward sees: the operands, the result, the tangents of the operands (`undefined` is zero). */
export interface Push<P, N extends number = number> {
  readonly params: P
  readonly inputs: Operands<N>
  readonly output: Expr
  readonly tangents: Moving<N>
}

/** The cotangent of every operand; `undefined` is zero. */
export type Vjp<P, N extends number = number> = ($: Builder) => (site: Pull<P, N>) => Operands<N, Expr | undefined>
/** The tangent of the result; `undefined` is zero. */
export type Jvp<P, N extends number = number> = ($: Builder) => (site: Push<P, N>) => Expr | undefined

/**
 * What a batching rule sees: the operands and the result for one row, the stack of rows of each operand that differs
 * from row to row (`undefined` is the same for all), and their number. A stack has the rows along a new first axis.
 */
export interface Rows<P, N extends number = number> {
  readonly op: Op
  readonly params: P
  readonly inputs: Operands<N>
  readonly output: Expr
  readonly stacks: Moving<N>
  readonly rows: number
}

/** The stack of the results of all rows. */
export type Batch<P, Y = Expr, N extends number = number> = ($: Builder) => (site: Rows<P, N>) => Y

/** An operand as the laws draw it: uniform in `[min, max]`, where the operation is defined and smooth. */
export interface Draw {
  readonly dtype: DType
  readonly shape: Shape
  readonly min: number
  readonly max: number
  /** No two elements closer than this share of the range: for operations that compare elements. */
  readonly apart?: number
}

export interface Example<P, N extends number = number> {
  readonly params: P
  readonly inputs: Operands<N, Draw>
}

interface Common<P, N extends number> {
  readonly name: string
  /** One line of mathematics. */
  readonly equation: string
  /** The number of operands; -1 is any number. */
  readonly arity: N
  readonly typing: (inputs: Operands<N, Type>, params: P) => Type | Fault
  /** What the laws are run on: parameters and operands, every shape of use at least once. */
  readonly examples: ReadonlyArray<Example<P, N>>
}

export interface Primitive<P, N extends number = number> extends Common<P, N> {
  readonly _tag: 'Primitive'
  /** Meaning, in double precision. */
  readonly meaning: (inputs: Operands<N, Tensor>, params: P, type: Type) => Tensor
  readonly vjp: Vjp<P, N>
  readonly jvp: Jvp<P, N>
  /** How it is done for many rows at once. */
  readonly batch: Batch<P, Expr, N>
  readonly wgsl: Wgsl<P, N>
  readonly onnx: Onnx<P, N>
}

/** An operation defined by a graph of others. A target that has nothing better expands the definition. */
export interface Composite<P, N extends number = number> extends Common<P, N> {
  readonly _tag: 'Composite'
  readonly define: ($: Builder) => (inputs: Operands<N>, params: P) => Expr
  readonly vjp: Vjp<P, N> | 'derived'
  readonly jvp: Jvp<P, N> | 'derived'
  /** `undefined` leaves a case to the definition. */
  readonly batch: Batch<P, Expr | undefined, N> | 'derived'
  readonly wgsl: Wgsl<P, N> | 'derived'
  readonly onnx: Onnx<P, N> | 'derived'
}

export type Op<P = Params> = Primitive<P> | Composite<P>

/** A record with parameters of its own type, as one that the registry can hold: only `apply` hands parameters back. */
export const primitive = <P extends object, N extends number = number>(op: Omit<Primitive<P, N>, '_tag'>): Op =>
  ({ _tag: 'Primitive', ...op }) as unknown as Op
export const composite = <P extends object, N extends number = number>(op: Omit<Composite<P, N>, '_tag'>): Op =>
  ({ _tag: 'Composite', ...op }) as unknown as Op

/** Whatever has an element type and a shape. */
interface Like<D extends DType, S extends Shape> {
  readonly dtype: D
  readonly shape: S
}

/** The operations, as seen by a pullback or a definition: operands first, parameters last. Each family adds its own. */
export interface Builder {
  /** A constant of every element `value`. */
  readonly fill: <D extends DType, S extends Shape>(value: number, like: Like<D, S>) => Expr<D, S>
}

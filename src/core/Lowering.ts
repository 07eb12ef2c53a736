/** How an operation says what it compiles to: WGSL for one element, or nodes of an ONNX graph. Text in, text out. */
import type { Apply, Type } from './Expr.ts'
import type { Lambda } from './Lambda.ts'
import type { Operands } from './Op.ts'
import type { Shape } from './Shape.ts'

// WGSL -----------------------------------------------------------------------------------

/** Where an element is: its linear index and its coordinates, as WGSL expressions of type `u32`, made when asked for. */
export interface At {
  readonly shape: Shape
  readonly linear: () => string
  readonly axes: () => ReadonlyArray<string>
}

/** What the WGSL of one element may use. */
export interface Scope<P, N extends number = number> {
  readonly params: P
  readonly inputs: Operands<N, Type>
  readonly type: Type
  /** The element being computed. */
  readonly at: At
  /** The element of operand `i` at a place, as a WGSL expression: a load, or the fused computation of it. */
  readonly load: (i: number, at: At) => string
  /** Names a value, so that it is computed once. */
  readonly bind: (wgslType: string, expression: string) => string
}

/**
 * - `Map`: each element of the result by itself, from elements of the operands. Fuses into its neighbours.
 * - `Reduce`: each element is a fold of `count` bodies. `k` is the index of the fold. Its result may be mapped on.
 * - `Contract`: a sum of products over shared axes, by the contraction kernel.
 */
export type Wgsl<P, N extends number = number> =
  | { readonly _tag: 'Map'; readonly element: (scope: Scope<P, N>) => string }
  | {
      readonly _tag: 'Reduce'
      readonly count: (inputs: Operands<N, Type>, params: P) => number
      readonly identity: (type: Type) => string
      readonly combine: (a: string, b: string, type: Type) => string
      readonly body: (scope: Scope<P, N>, k: string) => string
    }
  | { readonly _tag: 'Contract' }

// ONNX -----------------------------------------------------------------------------------

/** A value of an ONNX graph. `shape` is what it has there: axes of size 1 may stand for broadcast ones of `type`. */
export interface OnnxValue {
  readonly name: string
  readonly shape: Shape
  readonly type: Type
}

export type OnnxAttribute = number | string | { readonly float: number } | ReadonlyArray<number>

/** A loop over the first axis of sequences: see `Loop` in `autodiff/scan.ts`. */
export interface OnnxLoop {
  readonly body: Lambda
  readonly carries: ReadonlyArray<OnnxValue>
  readonly sequences: ReadonlyArray<OnnxValue>
  readonly constants: ReadonlyArray<OnnxValue>
  readonly reverse: boolean
}

/** What the ONNX lowering of one operation may write. Equal nodes are written once. */
export interface OnnxGraph {
  readonly node: (
    op: string,
    inputs: ReadonlyArray<string>,
    attributes?: Readonly<Record<string, OnnxAttribute>>,
    domain?: string
  ) => string
  readonly nodes: <N extends number>(
    op: string,
    inputs: ReadonlyArray<string>,
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: N,
    domain?: string
  ) => Operands<N, string>
  /** The last carries and the stacked outputs of a loop, whose body is written once. */
  readonly scan: (loop: OnnxLoop) => ReadonlyArray<string>
  /** A rank-1 `int64` constant: what ONNX takes for shapes, axes and indices. */
  readonly ints: (values: ReadonlyArray<number>) => string
  /** A constant of the value's ONNX type; `shape` defaults to a scalar. */
  readonly constant: (dtype: Type['dtype'] | 'f64' | 'i64', values: ReadonlyArray<number>, shape?: Shape) => string
  readonly cast: (name: string, to: Type['dtype'] | 'f64' | 'i64') => string
  /** The value with every axis at full size. */
  readonly full: (value: OnnxValue) => string
}

export interface OnnxSite<P, N extends number = number> {
  readonly node: Apply
  readonly params: P
  readonly inputs: Operands<N, OnnxValue>
  readonly type: Type
}

export type Onnx<P, N extends number = number> = (graph: OnnxGraph) => (site: OnnxSite<P, N>) => OnnxValue | string

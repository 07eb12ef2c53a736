/**
 * Elementwise operations: operands of equal shape, each element by itself. (Broadcasting is inserted by the typed
 * constructors.) The derivative of such an operation is diagonal, so that one rule per operand, `derivative`, is both its
 * pullback and its pushforward. The operations themselves: `unary.ts`, `binary.ts`, `select.ts`.
 */
import { isFloat, type DType } from '../core/DType.ts'
import { isApply, type Expr, type Params, type Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { Onnx, OnnxGraph, OnnxValue, Scope } from '../core/Lowering.ts'
import { primitive, type Builder, type Draw, type Example, type Op, type Operands } from '../core/Op.ts'
import { equal, sizeAt, type Shape } from '../core/Shape.ts'
import { elementAt, generate, held, type Tensor } from '../core/Tensor.ts'
import { unchanged } from './batch.ts'
import { unaccepted, type Accepted } from './kinds.ts'
import { plus } from './tangent.ts'

// model ----------------------------------------------------------------------------------

interface Local<P, N extends number> {
  readonly inputs: Operands<N>
  readonly output: Expr
  readonly params: P
}

/** What a tangent of one operand does to the result, and a cotangent of the result to the operand. */
type Rule = (tangent: Expr) => Expr

/** For each operand the map from a tangent of it to the tangent it causes; `undefined` where the derivative is zero. */
type Derivative<P, N extends number> = ($: Builder) => (local: Local<P, N>) => Operands<N, Rule | undefined>

/** An operation of `N` operands with parameters `P`. */
export interface Row<P, N extends number> {
  readonly equation: string
  readonly domain: Operands<N, Range>
  /** Domains that the laws are run on besides: the other side of a kink, operands so small that digits are lost. */
  readonly beyond?: ReadonlyArray<Operands<N, Range>>
  readonly meaning: (xs: Operands<N, number>, params: P, dtype: DType) => number
  readonly derivative: Derivative<P, N>
  readonly wgsl: (xs: Operands<N, string>, scope: Scope<P>) => string
  /** The ONNX operator, or the graph that stands for it. */
  readonly onnx: string | ((g: OnnxGraph, names: Operands<N, string>, params: P, type: Type) => string)
  readonly operands?: Operands<N, DType>
  readonly result?: (inputs: ReadonlyArray<Type>, params: P) => DType
  readonly examples?: ReadonlyArray<P>
  /** The element types that it is defined for; all of them where it does not say. */
  readonly accepts?: Accepted
  /** Elements of two operands that the laws keep apart, for operations with a kink where they meet. */
  readonly apart?: number
}

// constructors ---------------------------------------------------------------------------

/** One for each operand. */
const each = <N extends number, A, B>(operands: Operands<N, A>, f: (operand: A, i: number) => B): Operands<N, B> =>
  (operands as ReadonlyArray<A>).map(f) as ReadonlyArray<B> as Operands<N, B>

/** As `each`, for what is done for every element. */
const elementsAt = <N extends number>(inputs: Operands<N, Tensor>, i: number): Operands<N, number> =>
  (inputs as ReadonlyArray<Tensor>).map((x) => elementAt(x.data, i)) as ReadonlyArray<number> as Operands<N, number>

/** Never seen: an elementwise operation has an operand. */
const nothing: Type = { dtype: 'f32', shape: [] }

const typed =
  <P, N extends number>(name: string, row: Row<P, N>) =>
  (inputs: ReadonlyArray<Type>, params: P): Type | Fault => {
    const [head = nothing] = inputs
    const [first = head, ...rest] = inputs.slice((row.operands as ReadonlyArray<DType> | undefined)?.indexOf('f32'))
    const shaped = inputs.find((x) => !equal(x.shape, head.shape))
    if (shaped !== undefined) return { _tag: 'ShapesDiffer', op: name, left: head.shape, right: shaped.shape }
    const condition = inputs.find((x, i) => row.operands?.[i] === 'bool' && x.dtype !== 'bool')
    if (condition !== undefined && row.accepts === undefined)
      return { _tag: 'WrongDType', op: name, expected: 'a bool', got: condition.dtype }
    const other = rest.find((x) => x.dtype !== first.dtype)
    if (other !== undefined) return { _tag: 'DTypesDiffer', op: name, left: first.dtype, right: other.dtype }
    const fault = row.accepts && unaccepted(name, row.accepts, first.dtype)
    return fault ?? { dtype: row.result?.(inputs, params) ?? first.dtype, shape: head.shape }
  }

/** The NumPy broadcast of the shapes that values really have: work on an unexpanded operand stays small. */
const broadcastShape = (inputs: ReadonlyArray<OnnxValue>, { shape }: Type): Shape => {
  const rank = Math.max(...inputs.map((x) => x.shape.length))
  const small = (axis: number): boolean => inputs.every((x) => sizeAt(x.shape, axis) === 1)
  return shape.slice(shape.length - rank).map((d, i) => (small(i - rank) ? 1 : d))
}

const onnx =
  <P, N extends number>(row: Row<P, N>): Onnx<P, N> =>
  (g) =>
  ({ inputs, params, type }) => {
    const names = each<N, OnnxValue, string>(inputs, (x) => x.name)
    const name = typeof row.onnx === 'string' ? g.node(row.onnx, names) : row.onnx(g, names, params, type)
    return { name, shape: broadcastShape(inputs, type), type }
  }

/** What a rule is given of a cotangent, and what is done with what it gives. */
interface Masked {
  readonly cotangent: Expr
  readonly hold: (pulled: Expr) => Expr
}

/**
 * A cotangent that `where` leaves 0 in places is given to the rule without its zeros, which are put back after it: no
 * product of the rule reaches an element that is not used, even where it is infinite.
 */
const masked = ($: Builder, cotangent: Expr): Masked => {
  const plain: Masked = { cotangent, hold: (pulled) => pulled }
  if (!isApply(cotangent) || cotangent.term.op.name !== 'where') return plain
  const [c, x, y] = cotangent.term.inputs as Operands<3>
  const zero = $.fill(0, cotangent)
  if (y === zero) return { cotangent: x, hold: (pulled) => $.where(c, pulled, $.fill(0, pulled)) }
  return x === zero ? { cotangent: y, hold: (pulled) => $.where(c, $.fill(0, pulled), pulled) } : plain
}

const shapes: ReadonlyArray<Shape> = [[2, 3], []]

const drawsOf = <P, N extends number>(row: Row<P, N>, domain: Operands<N, Range>, shape: Shape): Operands<N, Draw> =>
  each<N, Range, Draw>(domain, ([min, max], i) => ({
    dtype: row.operands?.[i] ?? 'f32',
    shape,
    min,
    max,
    ...(row.apart === undefined ? {} : { apart: row.apart })
  }))

const examples = <P, N extends number>(row: Row<P, N>): ReadonlyArray<Example<P, N>> =>
  (row.examples ?? [{} as P]).flatMap((params) => [
    ...shapes.map((shape) => ({ params, inputs: drawsOf(row, row.domain, shape) })),
    ...(row.beyond ?? []).flatMap((domain) =>
      [[5], [2, 3]].map((shape) => ({ params, inputs: drawsOf(row, domain, shape) }))
    )
  ])

export const elementwise = <N extends number, P extends object = Params>(name: string, row: Row<P, N>): Op =>
  primitive<P, N>({
    name,
    equation: row.equation,
    arity: row.domain.length as N,
    typing: typed(name, row),
    examples: examples(row),
    meaning: (inputs, params, type) =>
      generate(type.dtype, type.shape, (i) => held(type.dtype, row.meaning(elementsAt(inputs, i), params, type.dtype))),
    vjp: ($) => (site) => {
      const { cotangent, hold } = masked($, site.cotangent)
      return each<N, Rule | undefined, Expr | undefined>(
        row.derivative($)(site),
        (rule) => rule && (isFloat(cotangent.dtype) ? hold(rule(cotangent)) : undefined)
      )
    },
    jvp: ($) => (site) =>
      plus(
        $,
        row
          .derivative($)(site)
          .map((rule, i) => {
            const tangent = site.tangents[i]
            return tangent && rule?.(tangent)
          })
      ),
    batch: unchanged,
    wgsl: {
      _tag: 'Map',
      element: (scope) =>
        row.wgsl(
          each<N, Type, string>(scope.inputs, (_, i) => scope.load(i, scope.at)),
          scope
        )
    },
    onnx: onnx(row)
  })

// what rows share ------------------------------------------------------------------------

type Range = readonly [min: number, max: number]

export const everywhere: Range = [-2, 2]
export const positive: Range = [0.5, 3]

/** No derivative at all. */
export const flat =
  <N extends number>(_: Builder) =>
  ({ inputs }: Local<unknown, N>): Operands<N, undefined> =>
    each<N, Expr, undefined>(inputs, () => undefined)

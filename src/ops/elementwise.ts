/**
 * Elementwise operations: operands of equal shape, each element by itself. (Broadcasting is inserted by the typed
 * constructors.) The derivative of such an operation is diagonal, so that one rule per operand, `derivative`, is both its
 * pullback and its pushforward. The operations themselves: `unary.ts`, `binary.ts`, `select.ts`.
 */
import { isFloat, type DType } from '../core/DType.ts'
import { isApply, type Expr, type Params, type Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { Onnx, OnnxGraph, OnnxValue, Scope } from '../core/Lowering.ts'
import { primitive, type Builder, type Draw, type Op } from '../core/Op.ts'
import { broadcast, equal, type Shape } from '../core/Shape.ts'
import { generate, held, type Tensor } from '../core/Tensor.ts'
import { unchanged } from './batch.ts'
import { unaccepted, type Accepted } from './kinds.ts'
import { plus } from './tangent.ts'

// model ----------------------------------------------------------------------------------

interface Local<P> {
  readonly inputs: ReadonlyArray<Expr>
  readonly output: Expr
  readonly params: P
}

/** For each operand the map from a tangent of it to the tangent it causes; `undefined` where the derivative is zero. */
type Derivative<P> = ($: Builder) => (local: Local<P>) => ReadonlyArray<((tangent: Expr) => Expr) | undefined>

export interface Row<P> {
  readonly equation: string
  readonly domain: ReadonlyArray<Range>
  /** Domains that the laws are run on besides: the other side of a kink, operands so small that digits are lost. */
  readonly beyond?: ReadonlyArray<ReadonlyArray<Range>>
  readonly meaning: (xs: ReadonlyArray<number>, params: P, dtype: DType) => number
  readonly derivative: Derivative<P>
  readonly wgsl: (xs: ReadonlyArray<string>, scope: Scope<P>) => string
  /** The ONNX operator, or the graph that stands for it. */
  readonly onnx: string | ((g: OnnxGraph, names: ReadonlyArray<string>, params: P, type: Type) => string)
  readonly operands?: ReadonlyArray<DType>
  readonly result?: (inputs: ReadonlyArray<Type>, params: P) => DType
  readonly examples?: ReadonlyArray<P>
  /** The element types that it is defined for; all of them where it does not say. */
  readonly accepts?: Accepted
  /** Elements of two operands that the laws keep apart, for operations with a kink where they meet. */
  readonly apart?: number
}

// constructors ---------------------------------------------------------------------------

const typed =
  <P>(name: string, row: Row<P>) =>
  (inputs: ReadonlyArray<Type>, params: P): Type | Fault => {
    const [first, ...rest] = row.operands === undefined ? inputs : inputs.slice(row.operands.indexOf('f32'))
    const head = inputs[0]
    if (first === undefined || head === undefined) return { _tag: 'WrongInputs', op: name, expected: 1, got: 0 }
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
const broadcastShape = (inputs: ReadonlyArray<OnnxValue>): ReadonlyArray<number> =>
  inputs.reduce<ReadonlyArray<number>>((shape, x) => broadcast(shape, x.shape) ?? shape, [])

const onnx =
  <P>(row: Row<P>): Onnx<P> =>
  (g) =>
  ({ inputs, params, type }) => {
    const names = inputs.map((x) => x.name)
    const name = typeof row.onnx === 'string' ? g.node(row.onnx, names) : row.onnx(g, names, params, type)
    return { name, shape: broadcastShape(inputs), type }
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
  const [c, x, y] = cotangent.term.inputs
  const zero = $.fill(0, cotangent)
  if (c === undefined || x === undefined || y === undefined) return plain
  if (y === zero) return { cotangent: x, hold: (pulled) => $.where(c, pulled, $.fill(0, pulled)) }
  return x === zero ? { cotangent: y, hold: (pulled) => $.where(c, $.fill(0, pulled), pulled) } : plain
}

const shapes: ReadonlyArray<Shape> = [[2, 3], []]

const drawsOf = <P>(row: Row<P>, domain: ReadonlyArray<Range>, shape: Shape): ReadonlyArray<Draw> =>
  domain.map(([min, max], i) => ({
    dtype: row.operands?.[i] ?? 'f32',
    shape,
    min,
    max,
    ...(row.apart === undefined ? {} : { apart: row.apart })
  }))

const examples = <P>(row: Row<P>): ReadonlyArray<{ params: P; inputs: ReadonlyArray<Draw> }> =>
  (row.examples ?? [{} as P]).flatMap((params) => [
    ...shapes.map((shape) => ({ params, inputs: drawsOf(row, row.domain, shape) })),
    ...(row.beyond ?? []).flatMap((domain) =>
      [[5], [2, 3]].map((shape) => ({ params, inputs: drawsOf(row, domain, shape) }))
    )
  ])

export const elementwise = <P extends object = Params>(name: string, row: Row<P>): Op =>
  primitive<P>({
    name,
    equation: row.equation,
    arity: row.domain.length,
    typing: typed(name, row),
    examples: examples(row),
    meaning: (inputs: ReadonlyArray<Tensor>, params, type) =>
      generate(type.dtype, type.shape, (i) =>
        held(
          type.dtype,
          row.meaning(
            inputs.map((x) => x.data[i] ?? NaN),
            params,
            type.dtype
          )
        )
      ),
    vjp: ($) => (site) => {
      const { cotangent, hold } = masked($, site.cotangent)
      return row
        .derivative($)(site)
        .map((rule) => rule && (isFloat(cotangent.dtype) ? hold(rule(cotangent)) : undefined))
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
          scope.inputs.map((_, i) => scope.load(i, scope.at)),
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
export const flat: Derivative<unknown> =
  () =>
  ({ inputs }) =>
    inputs.map(() => undefined)

/** Normalisations along the last axis, and softmax. Each carries the gradient that reuses its own result. */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph, OnnxValue } from '../core/Lowering.ts'
import { composite, type Builder, type Example, type Op, type Operands } from '../core/Op.ts'
import { isAxis, keep, sizeAt, type Shape } from '../core/Shape.ts'
import { axisUp, unchanged } from './batch.ts'
import { draw } from './draw.ts'
import { floating, giving } from './kinds.ts'
import { spreadAgain } from './reduce.ts'

export type Along = { readonly axis: number }
export type Epsilon = { readonly epsilon: number }

/** The result is of the operand's type. */
type Preserving<P> = <D extends DType, S extends Shape>(x: Expr<D, S>, params: P) => Expr<D, S>

declare module '../core/Op.ts' {
  interface Builder {
    readonly softmax: Preserving<Along>
    readonly logSoftmax: Preserving<Along>
    /** Zero mean and unit variance along the last axis. */
    readonly normalise: Preserving<Epsilon>
    /** `1 / √(variance + ε)` along the last axis, which stays with size 1: what `normalise` divides by. */
    readonly inverseDeviation: <D extends DType>(x: Expr<D>, params: Epsilon) => Expr<D>
    /** Unit mean square along the last axis. */
    readonly rmsNormalise: Preserving<Epsilon>
  }
}

// softmax --------------------------------------------------------------------------------

const along =
  (op: string) =>
  ([x]: Operands<1, Type>, { axis }: Along): Type | Fault =>
    isAxis(x.shape, axis) ? x : { _tag: 'AxisOutOfRange', op, axis, shape: x.shape }

const alongExamples: ReadonlyArray<Example<Along, 1>> = [
  { params: { axis: 1 }, inputs: [draw([2, 3])] },
  { params: { axis: 0 }, inputs: [draw([3, 2])] }
]

/** `x` less its maximum, which leaves both softmaxes as they are and keeps the exponentials finite. */
const shifted = ($: Builder, x: Expr, axis: number): Expr =>
  $.sub(x, $.stopGradient(spreadAgain($, $.max(x, { axes: [axis] }), x.shape, [axis])))

const total = ($: Builder, x: Expr, axis: number): Expr => spreadAgain($, $.sum(x, { axes: [axis] }), x.shape, [axis])

export const softmax: Op = composite<Along, 1>({
  name: 'softmax',
  equation: 'eˣ / Σ eˣ',
  arity: 1,
  typing: giving(floating, 'softmax', along('softmax')),
  examples: alongExamples,
  define:
    ($) =>
    ([x], { axis }) => {
      const e = $.exp(shifted($, x, axis))
      return $.div(e, total($, e, axis))
    },
  vjp:
    ($) =>
    ({ output: y, params: { axis }, cotangent: g }) => [$.mul(y, $.sub(g, total($, $.mul(g, y), axis)))],
  jvp:
    ($) =>
    ({ output: y, tangents: [v], params: { axis } }) =>
      $.mul(y, $.sub(v, total($, $.mul(v, y), axis))),
  batch: axisUp,
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x], params: { axis } }) =>
      g.node('Softmax', [g.full(x)], { axis })
})

export const logSoftmax: Op = composite<Along, 1>({
  name: 'logSoftmax',
  equation: 'x − ln Σ eˣ',
  arity: 1,
  typing: giving(floating, 'logSoftmax', along('logSoftmax')),
  examples: alongExamples,
  define:
    ($) =>
    ([x], { axis }) => {
      const s = shifted($, x, axis)
      return $.sub(s, spreadAgain($, $.log($.sum($.exp(s), { axes: [axis] })), s.shape, [axis]))
    },
  vjp:
    ($) =>
    ({ output: y, params: { axis }, cotangent: g }) => [$.sub(g, $.mul($.exp(y), total($, g, axis)))],
  jvp:
    ($) =>
    ({ output: y, tangents: [v], params: { axis } }) =>
      $.sub(v, total($, $.mul($.exp(y), v), axis)),
  batch: axisUp,
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x], params: { axis } }) =>
      g.node('LogSoftmax', [g.full(x)], { axis })
})

// along the last axis ----------------------------------------------------------------------

const lastAxis =
  (op: string, result: (x: Type) => Type) =>
  ([x]: Operands<1, Type>): Type | Fault =>
    x.shape.length > 0 ? result(x) : { _tag: 'TooFewAxes', op, operand: 'the', least: 1, shape: x.shape }

const examples: ReadonlyArray<Example<Epsilon, 1>> = [
  { params: { epsilon: 1e-6 }, inputs: [draw([2, 4])] },
  { params: { epsilon: 0.1 }, inputs: [draw([2, 2, 3])] }
]

const last = (x: Expr): number => x.shape.length - 1

/** The mean along the last axis, spread again. */
const mean = ($: Builder, x: Expr): Expr => {
  const kept = { dtype: x.dtype, shape: keep(x.shape, [last(x)]) }
  const m = $.reshape($.sum(x, { axes: [last(x)] }), { shape: kept.shape })
  return $.mul(m, $.fill(1 / sizeAt(x.shape, last(x)), kept))
}

const spread = ($: Builder, m: Expr, x: Expr): Expr =>
  $.broadcast(m, { shape: x.shape, axes: x.shape.map((_, i) => i) })

const centred = ($: Builder, x: Expr): Expr => $.sub(x, spread($, mean($, x), x))

const inverse = ($: Builder, meanSquare: Expr, epsilon: number): Expr =>
  $.rsqrt($.add(meanSquare, $.fill(epsilon, meanSquare)))

/** onnxruntime gives the inverse deviation with the normalised rows: both operations are one node. */
const layerNormalization = (g: OnnxGraph, x: OnnxValue, epsilon: number): Operands<3, string> => {
  const width = sizeAt(x.type.shape, -1)
  const ones = g.constant('f32', new Array<number>(width).fill(1), [width])
  return g.nodes('LayerNormalization', [g.full(x), ones], { axis: -1, epsilon: { float: epsilon } }, 3)
}

/** What both normalisations pull back: the cotangent less its projections on what the operation fixes. */
const pulled = ($: Builder, g: Expr, y: Expr, scale: Expr, removeMean: boolean): Expr => {
  const rest = removeMean ? $.sub(g, spread($, mean($, g), g)) : g
  return $.mul($.sub(rest, $.mul(y, spread($, mean($, $.mul(g, y)), g))), spread($, scale, g))
}

export const normalise: Op = composite<Epsilon, 1>({
  name: 'normalise',
  equation: '(x − mean x) / √(var x + ε)',
  arity: 1,
  typing: giving(
    floating,
    'normalise',
    lastAxis('normalise', (x) => x)
  ),
  examples,
  define:
    ($) =>
    ([x], params) => {
      const c = centred($, x)
      return $.mul(c, spread($, inverse($, mean($, $.mul(c, c)), params.epsilon), c))
    },
  vjp:
    ($) =>
    ({ inputs: [x], output: y, params, cotangent: g }) => [pulled($, g, y, $.inverseDeviation(x, params), true)],
  jvp:
    ($) =>
    ({ inputs: [x], output: y, tangents: [v], params }) =>
      pulled($, v, y, $.inverseDeviation(x, params), true),
  batch: unchanged,
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x], params: { epsilon } }) =>
      layerNormalization(g, x, epsilon)[0]
})

export const inverseDeviation: Op = composite<Epsilon, 1>({
  name: 'inverseDeviation',
  equation: '1 / √(var x + ε)',
  arity: 1,
  typing: giving(
    floating,
    'inverseDeviation',
    lastAxis('inverseDeviation', (x) => ({ dtype: x.dtype, shape: keep(x.shape, [x.shape.length - 1]) }))
  ),
  examples,
  define:
    ($) =>
    ([x], { epsilon }) => {
      const c = centred($, x)
      return inverse($, mean($, $.mul(c, c)), epsilon)
    },
  vjp: 'derived',
  jvp: 'derived',
  batch: unchanged,
  wgsl: 'derived',
  onnx:
    (g) =>
    ({ inputs: [x], params: { epsilon } }) =>
      layerNormalization(g, x, epsilon)[2]
})

export const rmsNormalise: Op = composite<Epsilon, 1>({
  name: 'rmsNormalise',
  equation: 'x / √(mean x² + ε)',
  arity: 1,
  typing: giving(
    floating,
    'rmsNormalise',
    lastAxis('rmsNormalise', (x) => x)
  ),
  examples,
  define:
    ($) =>
    ([x], { epsilon }) => {
      const a = x
      return $.mul(a, spread($, inverse($, mean($, $.mul(a, a)), epsilon), a))
    },
  vjp:
    ($) =>
    ({ inputs: [x], output: y, params: { epsilon }, cotangent: g }) => [
      pulled($, g, y, inverse($, mean($, $.mul(x, x)), epsilon), false)
    ],
  jvp:
    ($) =>
    ({ inputs: [x], output: y, tangents: [v], params: { epsilon } }) =>
      pulled($, v, y, inverse($, mean($, $.mul(x, x)), epsilon), false),
  batch: unchanged,
  wgsl: 'derived',
  onnx: 'derived'
})

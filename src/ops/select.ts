/** Elementwise operations that hand elements on: one of two, as another type, or cut off from derivatives. */
import { isFloat, isNarrow, type DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import type { Op } from '../core/Op.ts'
import type { Shape } from '../core/Shape.ts'
import { held } from '../core/Tensor.ts'
import { elementwise, everywhere, flat } from './elementwise.ts'
import type { Unary } from './unary.ts'
import { wgslType } from './wgsl.ts'

export type Cast<D extends DType = DType> = { readonly to: D }

declare module '../core/Op.ts' {
  interface Builder {
    readonly where: <D extends DType, S extends Shape>(condition: Expr, x: Expr<D, S>, y: Expr) => Expr<D, S>
    readonly cast: <D extends DType, S extends Shape>(x: Expr<DType, S>, params: Cast<D>) => Expr<D, S>
    readonly stopGradient: Unary
  }
}

export const where: Op = elementwise<3>('where', {
  equation: 'x where the condition holds, else y',
  domain: [[0, 1], everywhere, everywhere],
  operands: ['bool', 'f32', 'f32'],
  meaning: ([c, x, y]) => (c !== 0 ? x : y),
  wgsl: ([c, x, y]) => `select(${y}, ${x}, ${c})`,
  // onnxruntime selects among floats and signed integers only.
  onnx: (g, [c, x, y], _, { dtype }) =>
    dtype === 'u32' || dtype === 'bool'
      ? g.cast(g.node('Where', [c, g.cast(x, 'i32'), g.cast(y, 'i32')]), dtype)
      : g.node('Where', [c, x, y]),
  derivative:
    ($) =>
    ({ inputs: [c] }) => [undefined, (g) => $.where(c, g, $.fill(0, g)), (g) => $.where(c, $.fill(0, g), g)]
})

const truncated = (to: DType, x: number): number => (isFloat(to) || to === 'bool' ? held(to, x) : Math.trunc(x))

export const cast: Op = elementwise<1, Cast>('cast', {
  equation: 'x as another element type; to an integer toward zero, to a narrow float to the nearest',
  domain: [[-20, 20]],
  examples: [{ to: 'f32' }],
  result: (_, { to }) => to,
  meaning: ([x], { to }) => truncated(to, x),
  wgsl: ([x], { params: { to } }) => (isNarrow(to) ? `round_${to}(f32(${x}))` : `${wgslType[to]}(${x})`),
  onnx: (g, [x], { to }) => g.cast(x, to),
  derivative:
    ($) =>
    ({ inputs: [x] }) => [isFloat(x.dtype) ? (g) => (g.dtype === x.dtype ? g : $.cast(g, { to: x.dtype })) : undefined]
})

export const stopGradient: Op = elementwise<1>('stopGradient', {
  equation: 'x, held constant by every derivative',
  domain: [everywhere],
  // Not the derivative of its meaning, on purpose: the law of it is its own.
  examples: [],
  meaning: ([x]) => x,
  wgsl: ([x]) => x,
  onnx: (_, [x]) => x,
  derivative: flat
})

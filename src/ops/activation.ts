/** Activations, defined by graphs of primitives; their gradients share what the forward pass computed. */
import type { Expr, Type } from '../core/Expr.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { unchanged } from './batch.ts'
import { draw } from './draw.ts'
import { floating, giving } from './kinds.ts'
import type { Unary } from './unary.ts'

declare module '../core/Op.ts' {
  interface Builder {
    readonly geluTanh: Unary
    readonly gelu: Unary
    readonly silu: Unary
    readonly softplus: Unary
  }
}

/** A function of one operand: its definition, and its derivative from operand and result. */
const activation = (
  name: string,
  equation: string,
  define: ($: Builder, x: Expr) => Expr,
  derivative: ($: Builder, x: Expr, y: Expr) => Expr
): Op =>
  composite<object, 1>({
    name,
    equation,
    arity: 1,
    typing: giving(floating, name, ([x]: readonly [Type]) => x),
    examples: [{ params: {}, inputs: [draw([2, 3], 3)] }],
    define:
      ($) =>
      ([x]) =>
        define($, x),
    vjp:
      ($) =>
      ({ inputs: [x], output, cotangent: g }) => [$.mul(g, derivative($, x, output))],
    jvp:
      ($) =>
      ({ inputs: [x], output, tangents: [v] }) =>
        $.mul(v, derivative($, x, output)),
    batch: unchanged,
    wgsl: 'derived',
    onnx: 'derived'
  })

const k = Math.sqrt(2 / Math.PI)
const cubic = 0.044715

/** `½(1 + tanh u) = σ(2u)`: one sigmoid, which the gradient shares, in place of a tanh and two scalings. */
const gate = ($: Builder, x: Expr): Expr => {
  const slope = $.add($.mul($.mul(x, x), $.fill(2 * k * cubic, x)), $.fill(2 * k, x))
  return $.sigmoid($.mul(x, slope))
}

export const geluTanh: Op = activation(
  'geluTanh',
  'x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))',
  ($, x) => $.mul(x, gate($, x)),
  ($, x, y) => {
    const s = gate($, x)
    const rate = $.add($.mul($.mul(x, x), $.fill(6 * k * cubic, x)), $.fill(2 * k, x))
    return $.add(s, $.mul($.mul(y, $.sub($.fill(1, s), s)), rate))
  }
)

const phi = ($: Builder, x: Expr): Expr =>
  $.mul($.add($.erf($.mul(x, $.fill(Math.SQRT1_2, x))), $.fill(1, x)), $.fill(0.5, x))

export const gelu: Op = activation(
  'gelu',
  'x Φ(x)',
  ($, x) => $.mul(x, phi($, x)),
  ($, x) => {
    const density = $.mul($.exp($.mul($.mul(x, x), $.fill(-0.5, x))), $.fill(1 / Math.sqrt(2 * Math.PI), x))
    return $.add(phi($, x), $.mul(x, density))
  }
)

export const silu: Op = activation(
  'silu',
  'x σ(x)',
  ($, x) => $.mul(x, $.sigmoid(x)),
  ($, x, y) => {
    const s = $.sigmoid(x)
    return $.add(s, $.mul(y, $.sub($.fill(1, s), s)))
  }
)

export const softplus: Op = activation(
  'softplus',
  'ln(1 + eˣ)',
  // The larger part outside the exponential: nothing overflows. At 0 both kinks cancel.
  ($, x) => $.add($.maximum(x, $.fill(0, x)), $.log1p($.exp($.neg($.abs(x))))),
  ($, x) => $.sigmoid(x)
)

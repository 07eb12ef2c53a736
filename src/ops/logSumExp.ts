/** The logarithm of a sum of exponentials: a smooth maximum, computed without leaving the range of numbers. */
import type { Expr } from '../core/Expr.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { axesUp } from './batch.ts'
import { draw } from './draw.ts'
import { floating, giving } from './kinds.ts'
import { foldTyping, spreadAgain, type Axes, type Fold } from './reduce.ts'

declare module '../core/Op.ts' {
  interface Builder {
    readonly logSumExp: Fold
  }
}

const largest = 3.4e38

/** Held within the finite numbers: the difference of two infinities would be no number. */
const finite = ($: Builder, x: Expr): Expr => $.minimum($.maximum(x, $.fill(-largest, x)), $.fill(largest, x))

/** `exp(x − y)`: softmax, whose rows of nothing but −∞ are 0. */
const share = ($: Builder, x: Expr, y: Expr, axes: ReadonlyArray<number>): Expr =>
  $.exp($.sub(x, spreadAgain($, finite($, y), x.shape, axes)))

export const logSumExp: Op = composite<Axes, 1>({
  name: 'logSumExp',
  equation: 'ln Σ eˣ; −∞ where every x is, with gradient 0',
  arity: 1,
  typing: giving(floating, 'logSumExp', foldTyping('logSumExp')),
  examples: [
    { params: { axes: [1] }, inputs: [draw([2, 3])] },
    { params: { axes: [0, 2] }, inputs: [draw([2, 2, 2], 30)] }
  ],
  define:
    ($) =>
    ([x], { axes }) => {
      const most = $.stopGradient(finite($, $.max(x, { axes })))
      return $.add($.log($.sum($.exp($.sub(x, spreadAgain($, most, x.shape, axes))), { axes })), most)
    },
  vjp:
    ($) =>
    ({ inputs: [x], output: y, params: { axes }, cotangent: g }) => [
      $.mul(spreadAgain($, g, x.shape, axes), share($, x, y, axes))
    ],
  jvp:
    ($) =>
    ({ inputs: [x], output: y, tangents: [v], params: { axes } }) =>
      $.sum($.mul(v, share($, x, y, axes)), { axes }),
  batch: axesUp,
  wgsl: 'derived',
  onnx: 'derived'
})

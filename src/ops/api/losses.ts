/** Losses of classes, of numbers that may be far off, and of directions. */
import type { Expr } from '../../core/Expr.ts'
import { axisOf, equal } from '../../core/Shape.ts'
import { floating } from '../kinds.ts'
import { $ } from '../registry.ts'
import { logSoftmax } from './contractions.ts'
import { clamp, scale, square, sub } from './elementwise.ts'
import { take } from './indexing.ts'
import { inNameOf, instead, sound } from './instead.ts'
import { mean, sum } from './reductions.ts'

type F = Expr<'f32'>

// classes --------------------------------------------------------------------------------

export interface CrossEntropy {
  /** How much each class counts, `[classes]`. */
  readonly weights?: F
  /** The label of samples that do not count, such as −100. */
  readonly ignore?: number
}

/** How much each sample counts; `undefined` where all count alike. */
const importance = (labels: Expr<'i32'>, { weights, ignore }: CrossEntropy): F | undefined => {
  const own = weights && take(0)(weights, labels)
  if (ignore === undefined) return own
  const counted: F = own ?? $.fill(1, { dtype: 'f32', shape: labels.shape })
  return $.where($.equal(labels, $.fill(ignore, labels)), $.fill(0, counted), counted)
}

/** `Σ w x / Σ w`, and 0 where nothing counts. */
const weightedMean = (x: F, w: F): F => {
  const total: F = sum('all')(w)
  const seen = $.less($.fill(0, w), w)
  const whole = sum('all')($.where(seen, $.mul(w, x), $.fill(0, x)))
  return $.div(whole, $.where($.less($.fill(0, total), total), total, $.fill(1, total)))
}

/**
 * The mean of `−log softmax(logits)[label]`, weighted by class where told: `Σ wₗ ℓ / Σ wₗ`.
 *
 * - `logits` `[…, classes]`, `labels` `[…]`; the result is a number, 0 where no sample counts
 */
export const crossEntropy =
  (options: CrossEntropy = {}) =>
  (logits: F, labels: Expr<'i32'>): F => {
    const axis = logits.shape.length - 1
    if (sound(logits, labels) && !equal(logits.shape.slice(0, axis), labels.shape))
      return instead(logits, {
        _tag: 'ShapesDiffer',
        op: 'crossEntropy',
        left: logits.shape,
        right: labels.shape
      })
    const column = $.reshape(labels, { shape: [...labels.shape, 1] })
    const picked = $.takeAlong(logSoftmax(-1)(logits), column, { axis })
    const losses: F = $.neg($.reshape(picked, { shape: labels.shape }))
    const weights = importance(labels, options)
    const loss = weights === undefined ? mean('all')(losses) : weightedMean(losses, weights)
    return inNameOf(
      'crossEntropy',
      [logits, labels, ...(options.weights === undefined ? [] : [options.weights])],
      loss,
      floating
    )
  }

/**
 * The mean of `−z ln σ(x) − (1 − z) ln(1 − σ(x))`, accurate and finite however sure the logits are.
 *
 * - `logits` `x` and `labels` `z` of one shape, labels between 0 and 1; the result is a number
 */
export const binaryCrossEntropy = (logits: F, labels: F): F => {
  if (sound(logits, labels) && !equal(logits.shape, labels.shape))
    return instead(logits, { _tag: 'ShapesDiffer', op: 'binaryCrossEntropy', left: logits.shape, right: labels.shape })
  const other = $.sub($.fill(1, labels), labels)
  // What has no share in the labels costs nothing, even where it is infinite.
  const costs = $.add($.annihilate(labels, $.softplus($.neg(logits))), $.annihilate(other, $.softplus(logits)))
  return inNameOf('binaryCrossEntropy', [logits, labels], mean('all')(costs), floating)
}

// numbers --------------------------------------------------------------------------------

/** `½ d²` for differences `d` up to `delta`, beyond it a line of slope `delta` (Huber 1964); element by element. */
export const huber =
  (delta: number) =>
  (x: F, y: F): F => {
    const d: F = sub(x, y)
    const near = clamp(-delta, delta)(d)
    return inNameOf('huber', [x, y], $.mul(near, $.sub(d, scale(0.5)(near))), floating)
  }

// directions -----------------------------------------------------------------------------

/** `x` divided by its length along an axis, which is taken to be `epsilon` at least. */
const direction = (x: F, axis: number, epsilon: number): F => {
  const length2: F = sum([axis], 'kept')(square(x))
  const inverse = $.rsqrt($.maximum(length2, $.fill(epsilon * epsilon, length2)))
  return $.mul(x, $.broadcast(inverse, { shape: x.shape, axes: x.shape.map((_, i) => i) }))
}

/** The cosine of the angle between vectors along an axis, which disappears; 0, with finite gradients, for vectors 0. */
export const cosineSimilarity =
  (axis: number, epsilon = 1e-8) =>
  (x: F, y: F): F => {
    const at = axisOf(axis, x.shape.length)
    const product = $.mul(direction(x, at, epsilon), direction(y, at, epsilon))
    return inNameOf('cosineSimilarity', [x, y], sum([at])(product), floating)
  }

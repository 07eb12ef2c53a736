/**
 * AdamW: moments of the gradient, corrected for their start at zero, and decay of the parameters themselves.
 * What is the same for all elements is computed once, as scalars; an element costs a dozen operations.
 *
 * Laws: `laws/optimiser.ts` (no gradient and no decay: no change).   Source: Loshchilov and Hutter 2017 (arXiv 1711.05101).
 */
import { reals } from '../autodiff/grad.ts'
import type { Expr } from '../core/Expr.ts'
import { leafwise } from '../core/Tree.ts'
import { add, div, expm1, fill, mul, neg, offset, scale, sqrt, square, sub } from '../ops/api.ts'
import type { Schedule } from './schedule.ts'

type Real = Expr<'f32'>

export interface AdamWOptions {
  readonly rate: Schedule
  readonly betas: readonly [first: number, second: number]
  readonly epsilon: number
  readonly decay: number
}

/** The paper's, but for the rate. */
export const adamWDefaults: Omit<AdamWOptions, 'rate'> = { betas: [0.9, 0.99], epsilon: 1e-8, decay: 0.01 }

/** The optimiser's state for a tree of parameters; `step` `[]` counts the updates that were made. */
export interface Moments<T, A = Real> {
  readonly first: T
  readonly second: T
  readonly step: A
}

/** The scalars of one step. */
interface Scalars {
  /** `lr √c₂/c₁` and `ε √c₂`, with `c = 1 − β^step`: the corrections, moved off the elements. */
  readonly stride: Real
  readonly floor: Real
  /** `1 − lr decay`. */
  readonly kept: Real
}

/** `1 − β^step`. */
const correction = (beta: number, step: Real): Real => neg(expm1(scale(Math.log(beta))(step)))

const scalarsAt = ({ rate, betas, epsilon, decay }: AdamWOptions, step: Real): Scalars => {
  const root = sqrt(correction(betas[1], step))
  const lr = rate(step)
  return {
    stride: div(mul(lr, root), correction(betas[0], step)),
    floor: scale(epsilon)(root),
    kept: offset(1)(scale(-decay)(lr))
  }
}

const each = leafwise(reals)

export interface Updated<T> {
  readonly params: T
  readonly moments: Moments<T>
}

/**
 * One step. `factor` `[]` multiplies the gradient first (clipping), at no cost per element.
 *
 * `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`, `p ← (1 − lr decay) p − lr m̂/(√v̂ + ε)`
 */
export const adamW =
  (options: AdamWOptions) =>
  <T>(params: T, gradient: T, { first, second, step }: Moments<T>, factor?: Real): Updated<T> => {
    const {
      betas: [beta1, beta2],
      decay
    } = options
    const next = offset(1)(step)
    const { stride, floor, kept } = scalarsAt(options, next)
    const k = factor ?? fill(1, [])
    const [gain1, gain2] = [scale(1 - beta1)(k), scale(1 - beta2)(square(k))]
    const m = each(first, gradient)((old, g) => add(scale(beta1)(old), mul(g, gain1)))
    const v = each(second, gradient)((old, g) => add(scale(beta2)(old), mul(square(g), gain2)))
    const moved = each(
      params,
      m,
      v
    )((p, mean, power) => {
      const change = div(mul(mean, stride), add(sqrt(power), floor))
      return sub(decay === 0 ? p : mul(p, kept), change)
    })
    return { params: moved, moments: { first: m, second: v, step: next } }
  }

/**
 * A learner: parameters with what their training remembers. One update clips the gradient, steps the optimiser and
 * updates the average; everything is a tree of graphs, so that a learner goes in and comes out of one compiled step.
 */
import type { Expr } from '../core/Expr.ts'
import { floats, generate, stored, type Tensor } from '../core/Tensor.ts'
import { leafwise, trees } from '../core/Tree.ts'
import { adamW, type AdamWOptions, type Moments } from './adamw.ts'
import { clipFactor, globalNorm, scrub } from './clip.ts'
import { updateAverages, type Rate } from './ema.ts'

type Real = Expr<'f32'>

export interface LearnerOptions extends AdamWOptions {
  /** The greatest norm of a gradient; `Infinity` does not clip. */
  readonly clip: number
  /** Whether elements of a gradient that are not numbers count as 0. */
  readonly scrub: boolean
  /** How the average is updated, if one is kept. */
  readonly average: Rate | 'none'
}

/** `T` with real leaves in a program, with tensors outside. `average` is absent where none is kept. */
export interface Learner<T, A = Real> {
  readonly params: T
  readonly moments: Moments<T, A>
  readonly average?: T
}

export interface Learned<T> {
  readonly learner: Learner<T>
  /** The gradient's norm before it was clipped, `[]`. */
  readonly norm: Real
}

const averaged = <T>(
  { average: rate }: LearnerOptions,
  { average }: Learner<T>,
  params: T,
  step: Real
): { average?: T } =>
  average === undefined ? {} : { average: rate === 'none' ? average : updateAverages(rate(step))(average, params) }

/** One update from a gradient. */
export const learn =
  (options: LearnerOptions) =>
  <T>(learner: Learner<T>, gradient: T): Learned<T> => {
    const clean = options.scrub ? scrub(gradient) : gradient
    const norm = globalNorm(clean)
    const factor = Number.isFinite(options.clip) ? clipFactor(options.clip, norm) : undefined
    const { params, moments } = adamW(options)(learner.params, clean, learner.moments, factor)
    return { learner: { params, moments, ...averaged(options, learner, params, moments.step) }, norm }
  }

const tensors = trees((value): value is Tensor => typeof value === 'object' && value !== null && 'data' in value)

const zero = ({ shape }: Tensor): Tensor => stored(generate('f32', shape, () => 0))

/** A learner before its first update: moments of zero, and an average that is a copy if one is to be kept. */
export const untrained = <T>(params: T, keepAverage: boolean): Learner<T, Tensor> => {
  const none = leafwise(tensors)(params)(zero)
  const moments = { first: none, second: none, step: stored(floats([], [0])) }
  return { params, moments, ...(keepAverage ? { average: params } : {}) }
}

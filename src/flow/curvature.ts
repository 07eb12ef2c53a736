/**
 * How far a trajectory is from a straight line: the squared distance between its velocity and `x₁ − x`, the velocity of
 * the line between its ends. A flow of little curvature is sampled well in few steps.
 *
 * Laws: identity 42.   Source: arXiv 2601.09881 App. B.2, with `x₁ − x` for the printed `x − x₀` (spec T8).
 */
import type { Expr } from '../core/Expr.ts'
import { div, narrow, square, sub, sum } from '../ops/api.ts'
import { alongBatch } from '../ops/perSample.ts'

type Real = Expr<'f32'>

const squaredNorms = (x: Real): Real => sum(x.shape.slice(1).map((_, i) => i + 1))(square(x))

/** `x₁ − x`, as the one state `[1, …]`; states `[times, …]` ascend in time from data to noise. */
const chord = (states: Real): Real => {
  const count = states.shape[0] ?? 1
  return sub(narrow(0, count - 1, count)(states), narrow(0, 0, 1)(states))
}

/** `‖(x_i − x_{i−1})/(t_i − t_{i−1}) − (x₁ − x)‖²` for states `[times, …]` at times `[times]`: `[times − 1]`. */
export const curvature = (states: Real, times: Real): Real => {
  const count = states.shape[0] ?? 1
  const rise = (x: Real): Real => sub(narrow(0, 1, count)(x), narrow(0, 0, count - 1)(x))
  const secants = div(rise(states), alongBatch(states)(rise(times)))
  return squaredNorms(sub(secants, chord(states)))
}

/** `‖v(x_i, t_i) − (x₁ − x)‖²` for velocities `[times, …]` at the states: `[times]`. */
export const velocityCurvature = (velocities: Real, states: Real): Real => squaredNorms(sub(velocities, chord(states)))

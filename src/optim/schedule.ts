/** Learning rates as functions of the step, which counts from 1. A schedule is a graph of a scalar, as steps are. */
import type { Expr } from '../core/Expr.ts'
import { add, clamp, cos, fill, minimum, mul, offset, scale } from '../ops/api.ts'

type Real = Expr<'f32'>

/** The learning rate at a step, both `[]`. */
export type Schedule = (step: Real) => Real

export const constantSchedule =
  (rate: number): Schedule =>
  () =>
    fill(rate, [])

/** The given schedule times `step/steps` until `steps` are done. */
export const warmUp =
  (steps: number, schedule: Schedule): Schedule =>
  (step) =>
    steps <= 0 ? schedule(step) : mul(schedule(step), minimum(fill(1, []), scale(1 / steps)(step)))

export interface Cosine {
  readonly from: number
  readonly to: number
  readonly steps: number
}

/** From `from` before the first step down to `to` at step `steps`, along half a cosine; `to` from there on. */
export const cosine =
  ({ from, to, steps }: Cosine): Schedule =>
  (step) => {
    const turned = cos(scale(Math.PI)(clamp(0, 1)(scale(1 / steps)(step))))
    return add(fill(to, []), scale((from - to) / 2)(offset(1)(turned)))
  }

/**
 * The algebra of flow maps. A flow with velocity `v` takes `y_s` at time `s` to `y_r` at `r ≤ s`; its average velocity
 * `u` over `[r, s]` does so in one step: `f(y, s, r) = y − (s − r) u`. The sign is minus: time runs from noise to data.
 *
 * Laws: identities 13–21, 25–27.   Source: arXiv 2601.09881 Eqs. 7–13, whose Eqs. 7 and 13 print plus (spec T1, T2).
 */
import type { Expr } from '../core/Expr.ts'
import { sub } from '../ops/api.ts'
import { divide, retreat, weigh, blend, type PerSample } from '../ops/perSample.ts'

/** `y − (s − r) u`, where `span` is `s − r`. */
export const flowMap = (y: Expr<'f32'>, u: Expr<'f32'>, span: PerSample): Expr<'f32'> => retreat(y, span, u)

/** `(y_s − y_r)/(s − r)`: the average velocity between two points of one path. */
export const averageVelocity = (ys: Expr<'f32'>, yr: Expr<'f32'>, span: PerSample): Expr<'f32'> =>
  divide(span)(sub(ys, yr))

/**
 * How a head's prediction `h` of the target `y` becomes an average velocity.
 *
 * - `sampled`: `u = y₁ − h` with the noise that was drawn, as printed (Eq. 14); biased unless `r = s` (spec T5)
 * - `implied`: `u = (y_s − h)/s`, with the noise that `y_s` and `h` imply; exact
 */
export type InnerNoise = 'sampled' | 'implied'

/** The average velocity that a prediction `h` at `y_s` stands for. */
export const velocityOf = (
  noise: InnerNoise,
  {
    h,
    ys,
    y1,
    s
  }: { readonly h: Expr<'f32'>; readonly ys: Expr<'f32'>; readonly y1: Expr<'f32'>; readonly s: PerSample }
): Expr<'f32'> => (noise === 'sampled' ? sub(y1, h) : divide(s)(sub(ys, h)))

/** One step of a flow whose velocities come from a head: `y_s ↦ y_r`, times known when the graph is built. */
export const headStep = (
  noise: InnerNoise,
  {
    h,
    ys,
    y1,
    s,
    r
  }: {
    readonly h: Expr<'f32'>
    readonly ys: Expr<'f32'>
    readonly y1: Expr<'f32'>
    readonly s: number
    readonly r: number
  }
): Expr<'f32'> => (noise === 'sampled' ? retreat(ys, s - r, sub(y1, h)) : r === 0 ? h : blend(r / s, ys, h))

/** `v − (s − r) du/ds`, what the average velocity must equal (the MeanFlow identity, identity 19). */
export const meanFlowTarget = (v: Expr<'f32'>, derivative: Expr<'f32'>, span: PerSample): Expr<'f32'> =>
  sub(v, weigh(span)(derivative))

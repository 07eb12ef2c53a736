/**
 * Forward mode by differences: `d/ds f(x + (s' − s) v, s')` from two values of `f`, for functions whose derivatives are
 * too dear or that do not have them. Step and mode are chosen for every sample on the host, in double precision; the
 * graph only takes the quotient.
 *
 * Laws: identities 21, 22 and 50 (exact where `f` is quadratic along the path; `O(δ²)` central, `O(δ)` one-sided).
 * Source: spec 2.4 (FastGen's rule), arXiv 2601.09881 App. A.2.
 */
import type { Expr } from '../core/Expr.ts'
import { sub } from '../ops/api.ts'
import { advance, weigh } from '../ops/perSample.ts'

// choice of step, on the host --------------------------------------------------------------

/** Whether a step back must stay above the end `r` of the interval (`fastgen`) or only within the range (`paper`). */
export type DifferenceRule = 'fastgen' | 'paper'

export interface DifferenceOptions {
  readonly delta: number
  /** The range within which `f` may be asked. */
  readonly min: number
  readonly max: number
  readonly rule: DifferenceRule
}

/** The two times at which `f` is asked, and the factor of the difference of its values; 0 where neither is allowed. */
export interface Difference {
  readonly ahead: number
  readonly behind: number
  readonly factor: number
}

/** One sample's choice at `s`, for an interval that ends at `r ≤ s`: central where both sides are allowed, else one. */
export const differenceAt =
  ({ delta, min, max, rule }: DifferenceOptions) =>
  (s: number, r: number): Difference => {
    const forward = s + delta <= max
    const backward = s - delta >= min && (rule === 'paper' || s - delta > r)
    const sides = (forward ? 1 : 0) + (backward ? 1 : 0)
    return {
      ahead: forward ? s + delta : s,
      behind: backward ? s - delta : s,
      factor: sides === 0 ? 0 : 1 / (sides * delta)
    }
  }

/** 2 central, 1 forward, −1 backward, 0 none. */
export const modeOf =
  (s: number) =>
  ({ ahead, behind, factor }: Difference): number =>
    factor === 0 ? 0 : ahead > s && behind < s ? 2 : ahead > s ? 1 : -1

// quotient, in the graph -------------------------------------------------------------------

/** Where `f` is asked: a time, and how far it is from the sample's own, `[batch]`. */
export interface Probe<T> {
  readonly time: T
  readonly offset: Expr<'f32'>
}

export interface Probes<T> {
  readonly ahead: Probe<T>
  readonly behind: Probe<T>
  /** `[batch]`. */
  readonly factor: Expr<'f32'>
}

/**
 * `(f(x + a v, s + a) − f(x − b v, s − b)) · factor`, with `a`, `b` and the factor of every sample.
 *
 * - `x`, `tangent` `[batch, …]`; a time is whatever `f` understands
 */
export const finiteDifference =
  <T>(f: (x: Expr<'f32'>, time: T) => Expr<'f32'>) =>
  (x: Expr<'f32'>, tangent: Expr<'f32'>, { ahead, behind, factor }: Probes<T>): Expr<'f32'> => {
    const at = ({ time, offset }: Probe<T>): Expr<'f32'> => f(advance(x, offset, tangent), time)
    return weigh(factor)(sub(at(ahead), at(behind)))
  }

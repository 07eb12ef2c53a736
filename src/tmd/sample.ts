/**
 * Sampling: a few outer steps from noise to data, each with an inner flow of its own that begins from fresh noise.
 *
 * Laws: identities 28–32.   Source: arXiv 2601.09881 Alg. 1 and Eqs. 4, 18, 19; spec 2.7, T3, T13.
 */
import { normal, scale, splitKey, type Expr } from '../ops/api.ts'
import type { Shape } from '../core/Shape.ts'
import { blend } from '../ops/perSample.ts'
import { eulerStep } from '../flow/solver.ts'
import { descent, type Grid, type GridStep } from '../flow/schedule.ts'
import { constantTime } from '../nn/time.ts'
import type { Real } from '../nn/params.ts'
import { innerFlow, toSample } from './innerFlow.ts'
import { aimed, headAt, type Aim, type StudentModel } from './model.ts'

/**
 * How a sample of the target moves the outer state from `t` to `t'`, with `x̂ = x_t − t y`:
 *
 * - `transition`: `x_t − (t − t') y` (Alg. 1, Eq. 4)
 * - `eq18`: `(t'/t) x_t + (1 − t'/t) x̂`, the same in exact numbers
 * - `eq18printed`: with the coefficients exchanged, as printed; for comparison only
 * - `eq19`: `(1 − t') x̂ + t' ε` with fresh noise
 */
export type OuterStep = 'transition' | 'eq18' | 'eq18printed' | 'eq19'

export type SampleOptions = Aim & {
  /** Of the outer steps and of each inner flow, ascending from 0. */
  readonly outer: Grid
  readonly grid: Grid
  readonly step: OuterStep
  /** Whether the first state is the noise itself (`noise`, as printed) or `t_M` times it (`scaled`). */
  readonly start: 'noise' | 'scaled'
  /** Features of a time, as the model expects them. */
  readonly frequencies: number
}

/** All that is random. One entry of `innerNoise` and `fresh` for each outer step, the first from noise first. */
export interface SampleNoise {
  readonly noise: Real
  readonly innerNoise: ReadonlyArray<Real>
  /** Used by `eq19` alone. */
  readonly fresh: ReadonlyArray<Real>
}

/** The noise of one batch `[batch, …]` from a key. */
export const sampleNoise =
  (shape: Shape, { outer }: Pick<SampleOptions, 'outer'>) =>
  (key: Expr<'u32'>): SampleNoise => {
    const steps = outer.length - 1
    const [noise, ...rest] = splitKey(1 + 2 * steps)(key).map((k): Real => normal(shape)(k))
    return { noise: noise as Real, innerNoise: rest.slice(0, steps), fresh: rest.slice(steps) }
  }

interface Move extends GridStep {
  readonly x: Real
  /** The sampled target, and the data it leads to. */
  readonly y: Real
  readonly sample: Real
  readonly fresh: Real
}

const moves: Readonly<Record<OuterStep, (move: Move) => Real>> = {
  transition: ({ x, y, from, to }) => eulerStep(x, y, from - to),
  eq18: ({ x, sample, from, to }) => (to === 0 ? sample : blend(to / from, x, sample)),
  eq18printed: ({ x, sample, from, to }) => blend(to / from, sample, x),
  eq19: ({ sample, fresh, to }) => (to === 0 ? sample : blend(to, fresh, sample))
}

/** A target of data has no velocity to go along: its step is that of Eq. 18. */
const moveFor = ({ target, step }: SampleOptions): ((move: Move) => Real) =>
  moves[target === 'data' && step === 'transition' ? 'eq18' : step]

/** The outer states, the first state first, the sample last. */
export const samplePath =
  (options: SampleOptions) =>
  <P, C, M>(student: StudentModel<P, C, M>) =>
  (params: P, { noise, innerNoise, fresh }: SampleNoise, context: C): ReadonlyArray<Real> => {
    const clock = constantTime(noise.shape[0] ?? 1, options.frequencies)
    const start = options.start === 'noise' ? noise : scale(options.outer.at(-1) ?? 1)(noise)
    return descent(options.outer).reduce<ReadonlyArray<Real>>(
      (states, { from, to }, i) => {
        const x = states.at(-1) ?? start
        const head = aimed(options.target, x, clock(from))(headAt(student)(params, x, clock(from), context))
        const y = innerFlow(options, clock)(head)(innerNoise[i] ?? noise)
        const sample = options.target === 'data' ? y : toSample(x, from)(y)
        return [...states, moveFor(options)({ x, y, sample, from, to, fresh: fresh[i] ?? noise })]
      },
      [start]
    )
  }

/**
 * A batch of samples `[batch, …]`.
 *
 * Laws: identities 28 (`transition` = `eq18`) and 31 (a head that keeps the teacher's velocity gives Euler's step).
 */
export const sample =
  (options: SampleOptions) =>
  <P, C, M>(student: StudentModel<P, C, M>) =>
  (params: P, noise: SampleNoise, context: C): Real =>
    samplePath(options)(student)(params, noise, context).at(-1) ?? noise.noise

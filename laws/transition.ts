/**
 * Laws of the outer steps of Transition Matching: from `x_t` to `x_{t'}` by a sample `y` of the target, which leads to the
 * data `x̂ = x_t − t y`; and of the rollout that samples `y` with an inner flow.
 */
import * as fc from 'fast-check'
import { exact, type Close } from '../src/measure/Close.ts'
import type { Expr } from '../src/core/Expr.ts'
import { add, fill, mul, sin } from '../src/ops/api.ts'
import { between, vector } from './draw.ts'
import { gaussianFlow } from './flowMap.ts'
import { closeNumbers, closeVectors, firstOf, from, law, unless, type Laws, type Vector, type Verdict } from './Laws.ts'
import { along, minus, times, toward } from './vectors.ts'

const steps = from('Nie et al. 2026 (arXiv 2601.09881), Eqs. 4, 17 and 18, coefficients corrected')
const marginals = from('Shaul et al. 2025, Transition Matching (arXiv 2506.23589)')
const resampled = from('Nie et al. 2026 (arXiv 2601.09881), Eq. 19')
const preserving = from('Nie et al. 2026 (arXiv 2601.09881), §3 and App. B.4')

// model ----------------------------------------------------------------------------------

export type StepForm = 'transition' | 'eq18' | 'eq19'

export interface Transition {
  readonly xt: Vector
  /** The sampled target. */
  readonly y: Vector
  readonly t: number
  readonly to: number
  /** New noise, for `eq19`. */
  readonly fresh: Vector
}

/** A velocity at a state `[1, n]` and time `[1]`, as a graph. */
export type VelocityField = (x: Expr<'f32'>, t: Expr<'f32'>) => Expr<'f32'>

export interface RolloutCase {
  /** Of the inner flow, ascending from 0. */
  readonly grid: Vector
  readonly form: 'sampled' | 'implied'
  readonly target: 'velocity' | 'data'
  readonly xt: Vector
  readonly t: number
  readonly y1: Vector
}

export interface Rolled {
  /** What the inner flow returned, and the data that it leads to. */
  readonly y: Vector
  readonly sample: Vector
}

export interface OuterSteps {
  readonly step: (form: StepForm, at: Transition) => Vector
  /** The rollout of a student whose head says the velocity of the teacher, whatever the inner state. */
  readonly rollout: (velocity: VelocityField, at: RolloutCase) => Rolled
  /** The data that the one-step student of the same velocity leads to. */
  readonly oneStep: (velocity: VelocityField, xt: Vector, t: number) => Vector
}

// cases ----------------------------------------------------------------------------------

const points = vector(3)

const transitions: fc.Arbitrary<Transition> = fc.record({
  xt: points,
  y: points,
  t: between(0.5, 1),
  to: between(0.05, 0.4),
  fresh: points
})

const grids: fc.Arbitrary<Vector> = fc.constantFrom([0, 1], [0, 0.999], [0, 0.5, 1], [0, 0.4, 0.8, 0.999])

const rollouts: fc.Arbitrary<RolloutCase> = fc.record({
  grid: grids,
  form: fc.constant('implied' as const),
  target: fc.constantFrom('velocity' as const, 'data' as const),
  xt: points,
  t: between(0.2, 1),
  y1: points
})

/** Some teacher: `sin(2x + t)`. */
const teacher: VelocityField = (x, t) => sin(add(mul(fill(2, []), x), t))

const teacherAt = (xt: Vector, t: number): Vector => xt.map((x) => Math.sin(2 * x + t))

// the step -------------------------------------------------------------------------------

const forms = ({ step }: OuterSteps, close: Close): Laws => ({
  'the step along the target is the corrected step to the data': law(
    steps('x_t − (t − t′) y = (t′/t) x_t + (1 − t′/t) x̂, x̂ = x_t − t y', 28),
    transitions,
    (at) => closeVectors(close, step('transition', at), step('eq18', at))
  ),
  'it is the step that keeps the noise which is implied': law(
    steps('x′ = (1 − t′) x̂ + t′ ε̂, ε̂ = (x_t − (1 − t) x̂)/t: DDIM', 28),
    transitions,
    (at) => {
      const data = along(at.xt, at.y, -at.t)
      const noise = times(1 / at.t, along(at.xt, data, at.t - 1))
      return closeVectors(close, step('transition', at), toward(data, noise, at.to))
    }
  ),
  'the last step ends at the data': law(
    steps('t′ = 0 ⇒ x′ = x̂', 28),
    fc.tuple(transitions, fc.constantFrom('transition' as const, 'eq18' as const, 'eq19' as const)),
    ([at, form]) => closeVectors(close, step(form, { ...at, to: 0 }), along(at.xt, at.y, -at.t))
  )
})

// distributions --------------------------------------------------------------------------

interface Population {
  readonly mean: number
  readonly deviation: number
  readonly t: number
  readonly to: number
}

const populations: fc.Arbitrary<Population> = fc.record({
  mean: between(-1, 1),
  deviation: between(0.3, 1.5),
  t: between(0.5, 0.999),
  to: between(0.05, 0.4)
})

const sigma = ({ deviation }: Population, t: number): number => Math.hypot((1 - t) * deviation, t)

/** Mean and variance of `x′` where `x_t`, the target given it, and new noise are normal: every step is affine in them. */
const moments = (step: OuterSteps['step'], form: StepForm, at: Population, spread = 1): readonly [number, number] => {
  const { mean, deviation, t, to } = at
  const centre = (1 - t) * mean
  const velocity = (x: number): number => gaussianFlow(mean, deviation).velocity([x], t)[0] ?? NaN
  const value = (x: number, z: number, e: number): number =>
    step(form, { xt: [x], y: [velocity(x) + (spread * z * deviation) / sigma(at, t)], t, to, fresh: [e] })[0] ?? NaN
  const middle = value(centre, 0, 0)
  const parts = [value(centre + sigma(at, t), 0, 0), value(centre, 1, 0), value(centre, 0, 1)]
  return [middle, parts.reduce((sum, x) => sum + (x - middle) ** 2, 0)]
}

const marginal = (close: Close, at: Population, [mean, variance]: readonly [number, number]): Verdict =>
  firstOf([closeNumbers(close, mean, (1 - at.to) * at.mean), closeNumbers(close, variance, sigma(at, at.to) ** 2)])

const distributions = ({ step }: OuterSteps, close: Close): Laws => ({
  'a sampled target takes one marginal to the other': law(
    marginals('y ~ p(y | x_t) ⇒ x_{t′} ~ p_{t′}, for every t′ < t', 29),
    populations,
    (at) => marginal(close, at, moments(step, 'transition', at))
  ),
  'its mean is the step of Euler': law(
    marginals('E[x_{t′} | x_t] = x_t − (t − t′) v(x_t, t)', 29),
    fc.tuple(populations, between(-2, 2)),
    ([{ mean, deviation, t, to }, x]) => {
      const v = gaussianFlow(mean, deviation).velocity([x], t)
      return closeVectors(close, step('transition', { xt: [x], y: v, t, to, fresh: [0] }), along([x], v, to - t))
    }
  ),
  'resampling the noise takes one marginal to the other, too': law(
    resampled('x̂ ~ p(x | x_t) ⇒ (1 − t′) x̂ + t′ ε ~ p_{t′}', 30),
    populations,
    (at) => marginal(close, at, moments(step, 'eq19', at))
  ),
  'resampling around the mean of the data loses spread': law(
    resampled('Var((1 − t′) E[x | x_t] + t′ ε) < σ_{t′}²', 30),
    populations,
    (at) => {
      const [, variance] = moments(step, 'eq19', at, 0)
      return unless(variance < sigma(at, at.to) ** 2, () => `the variance is ${variance}`)
    }
  )
})

// the rollout ----------------------------------------------------------------------------

const rolling = ({ rollout, oneStep }: OuterSteps, close: Close): Laws => ({
  'a head that says what the teacher says leads where it leads, in any number of steps': law(
    preserving('h = v_T(x_t, t) ⇒ x̂ = x_t − t v_T(x_t, t) for all N', 31),
    rollouts,
    (at) => closeVectors(close, rollout(teacher, at).sample, along(at.xt, teacherAt(at.xt, at.t), -at.t))
  ),
  'in one step it is the one-step student, to the last bit': law(
    preserving('N = 1, s_N = 1: TMD without a head is DMD2-v', 31),
    rollouts,
    (at) => {
      const whole = rollout(teacher, { ...at, grid: [0, 1], target: 'velocity' }).sample
      return closeVectors(exact, whole, oneStep(teacher, at.xt, at.t))
    }
  ),
  'targets of velocity and of data lead to the same data': law(
    preserving('x̂ = x_t − t y ⇔ y = (x_t − x̂)/t', 32),
    rollouts,
    (at) => {
      const [velocity, data] = [
        rollout(teacher, { ...at, target: 'velocity' }),
        rollout(teacher, { ...at, target: 'data' })
      ]
      return firstOf([
        closeVectors(close, velocity.sample, data.sample),
        closeVectors(close, velocity.y, times(1 / at.t, minus(at.xt, data.sample))),
        closeVectors(close, data.y, data.sample)
      ])
    }
  )
})

/** Laws of outer steps and of the rollout. */
export const transition = (instance: OuterSteps, close: Close): Laws => ({
  ...forms(instance, close),
  ...distributions(instance, close),
  ...rolling(instance, close)
})

/**
 * Laws of the loss of an average velocity (MeanFlow), over a head that says the same at all times and states: what the
 * target is can then be said in a line.
 *
 * Glossary: `y = x₁ − x` target of the inner flow, `y₁` its noise, `y_s = (1 − s) y + s y₁`; the head says `h`, and `h₋`
 * without the condition; `u = y₁ − h` (`sampled`) or `(y_s − h)/s` (`implied`).
 */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import { between, vector } from './draw.ts'
import { closeNumbers, closeVectors, firstOf, from, law, type Laws, type Vector } from './Laws.ts'
import { largest, minus, plus, squared, times, toward } from './vectors.ts'

const identity = from('Geng et al. 2025 (arXiv 2505.13447), Eqs. 10 to 12')
const guided = from('Nie et al. 2026 (arXiv 2601.09881), Eqs. 8 to 10 and 14')

// model ----------------------------------------------------------------------------------

export interface MeanFlowCase {
  readonly x: Vector
  readonly noise: Vector
  readonly innerNoise: Vector
  /** What the head says with the condition, and without. */
  readonly head: Vector
  readonly negative: Vector
  readonly t: number
  readonly s: number
  readonly r: number
  readonly guidance: number
  readonly form: 'sampled' | 'implied'
  /** The normaliser `c` of the loss, for each element. */
  readonly normaliser: number
}

export interface MeanFlowParts {
  readonly u: Vector
  /** `v̂`, guided. */
  readonly velocity: Vector
  readonly derivative: Vector
  readonly target: Vector
  readonly loss: number
}

export type MeanFlow = (at: MeanFlowCase) => MeanFlowParts

// cases ----------------------------------------------------------------------------------

const points = vector(3)

const cases: fc.Arbitrary<MeanFlowCase> = fc.record({
  x: points,
  noise: points,
  innerNoise: points,
  head: points,
  negative: points,
  t: between(0.2, 0.9),
  s: between(0.5, 0.9),
  r: between(0.05, 0.3),
  guidance: between(1.5, 5),
  form: fc.constantFrom('sampled' as const, 'implied' as const),
  normaliser: fc.constantFrom(1, 1e-2)
})

const level = (at: MeanFlowCase): MeanFlowCase => ({ ...at, r: at.s })

const targetOf = ({ x, noise }: MeanFlowCase): Vector => minus(noise, x)

/** The velocity that a head's word `h` stands for. */
const velocityOf = (at: MeanFlowCase, h: Vector): Vector =>
  at.form === 'sampled' ? minus(at.innerNoise, h) : times(1 / at.s, minus(toward(targetOf(at), at.innerNoise, at.s), h))

const guidedVelocity = (at: MeanFlowCase): Vector =>
  toward(velocityOf(at, at.negative), minus(at.innerNoise, targetOf(at)), at.guidance)

// laws -----------------------------------------------------------------------------------

const targets = (meanFlow: MeanFlow, close: Close): Laws => ({
  'the target is the velocity less the elapsed time times the derivative': law(
    identity('û = v̂ − (s − r) du/ds', 19),
    cases,
    (at) => {
      const { velocity, derivative, target } = meanFlow(at)
      return closeVectors(close, target, minus(velocity, times(at.s - at.r, derivative)))
    }
  ),
  'over no time the target is the guided velocity, whatever the derivative': law(
    identity('s = r ⇒ û = v̂: Transition Matching', 23),
    cases,
    (at) => closeVectors(close, meanFlow(level(at)).target, guidedVelocity(at))
  ),
  'over no time the head is told the guided target, whatever the noise': law(
    guided('y_1 − û = h₋ + ω (y − h₋) at s = r, u = y_1 − h', 24),
    fc.tuple(cases, points),
    ([drawn, other]) => {
      const at = level({ ...drawn, form: 'sampled' })
      const told = toward(at.negative, targetOf(at), at.guidance)
      return firstOf(
        [at.innerNoise, other].map((innerNoise) =>
          closeVectors(close, minus(innerNoise, meanFlow({ ...at, innerNoise }).target), told)
        )
      )
    }
  )
})

const losses = (meanFlow: MeanFlow, close: Close): Laws => ({
  'a head that says the target has no derivative and no loss': law(
    identity('h = y ⇒ du/ds = 0, û = v, L = 0', 21),
    cases,
    (at) => {
      const { derivative, target, loss } = meanFlow({ ...at, head: targetOf(at), guidance: 1 })
      return firstOf([
        closeNumbers({ ...close, absolute: close.absolute / 0.005 }, largest(derivative), 0),
        closeVectors(close, target, minus(at.innerNoise, targetOf(at))),
        closeNumbers(close, loss, 0)
      ])
    }
  ),
  'the loss is e/(e + c) of the squared distance from the target': law(
    identity('L = e/(e + c), e = ‖u − û‖²', 37),
    cases,
    (at) => {
      const { u, target, loss } = meanFlow(at)
      const e = squared(u, target)
      return closeNumbers(close, loss, e / (e + at.normaliser * at.x.length))
    }
  ),
  'the average velocity is that of the form': law(guided('u = y_1 − h, or u = (y_s − h)/s'), cases, (at) =>
    closeVectors(close, meanFlow(at).u, plus(velocityOf(at, at.head), times(0, at.x)))
  )
})

/** Laws of a MeanFlow loss and of its parts. */
export const meanFlow = (instance: MeanFlow, close: Close): Laws => ({
  ...targets(instance, close),
  ...losses(instance, close)
})

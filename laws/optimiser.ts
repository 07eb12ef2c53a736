/** Laws of optimisers and of moving averages, over plain vectors. */
import * as fc from 'fast-check'
import { exact, type Close } from '../src/measure/Close.ts'
import { between, vector } from './draw.ts'
import { closeNumbers, closeVectors, from, law, unless, type Laws, type Vector } from './Laws.ts'

const adam = from('Kingma and Ba 2015 (arXiv 1412.6980), without decay')
const accumulated = from('linearity of the gradient; Goyal et al. 2017 (arXiv 1706.02677)')
const average = from('Polyak and Juditsky 1992')

/** One step at a time: the state is the optimiser's own. */
export interface Optimiser<S> {
  readonly init: (params: Vector) => S
  readonly step: (state: S, params: Vector, gradient: Vector) => { readonly state: S; readonly params: Vector }
}

const points = vector(4)

const run = <S>({ init, step }: Optimiser<S>, start: Vector, gradient: (x: Vector) => Vector, steps: number): Vector =>
  Array.from({ length: steps }).reduce<{ readonly state: S; readonly params: Vector }>(
    ({ state, params }) => step(state, params, gradient(params)),
    { state: init(start), params: start }
  ).params

const distance = (a: Vector, b: Vector): number => Math.hypot(...a.map((x, i) => x - (b[i] ?? NaN)))

/** An optimiser without decay, with a learning rate near 0.01. */
export const optimiser = <S>(subject: Optimiser<S>, close: Close): Laws => ({
  'a zero gradient changes nothing': law(adam('step(θ, 0) = θ'), points, (x) =>
    closeVectors(
      exact,
      run(subject, x, (p) => p.map(() => 0), 3),
      x
    )
  ),
  'goes downhill': law(adam('|θ_20 − θ*| < |θ_0 − θ*| on a quadratic'), fc.tuple(points, points), ([x, minimum]) => {
    const end = run(subject, x, (p) => p.map((xi, i) => xi - (minimum[i] ?? 0)), 20)
    return unless(
      distance(x, minimum) < 0.5 || distance(end, minimum) < distance(x, minimum),
      () => `${distance(x, minimum)} from the minimum, then ${distance(end, minimum)}`
    )
  }),
  'treats every parameter alike': law(
    adam('step(πθ, πg) = π step(θ, g) for a permutation π'),
    fc.tuple(points, points),
    ([x, g]) => {
      const forth = run(subject, x, () => g, 3)
      const back = run(subject, [...x].reverse(), () => [...g].reverse(), 3)
      return closeVectors(close, [...back].reverse(), forth)
    }
  ),
  'the same steps give the same parameters': law(adam('step is a function'), fc.tuple(points, points), ([x, g]) =>
    closeVectors(
      exact,
      run(subject, x, () => g, 3),
      run(subject, x, () => g, 3)
    )
  )
})

/** A moving average: `average ← decay · average + (1 − decay) · value`. */
export type MovingAverage = (average: Vector, value: Vector, decay: number) => Vector

export const movingAverage = (update: MovingAverage, close: Close): Laws => ({
  'decay 0 copies': law(average('ema(a, x, 0) = x', 40), fc.tuple(points, points), ([a, x]) =>
    closeVectors(close, update(a, x, 0), x)
  ),
  'decay 1 keeps': law(average('ema(a, x, 1) = a', 40), fc.tuple(points, points), ([a, x]) =>
    closeVectors(close, update(a, x, 1), a)
  ),
  'what does not change is its own average': law(
    average('ema(x, x, β) = x', 40),
    fc.tuple(points, between(0, 1)),
    ([x, decay]) => closeVectors(close, update(x, x, decay), x)
  )
})

// rates of an average ----------------------------------------------------------------------

/** How much of an average is kept at a step; steps count from 1. */
export type KeptShare = (step: number) => number

/** The power law `β = (1 − 1/step)^(γ + 1)`: the average covers a fixed share of what has been. */
export const powerLaw = (rate: (gamma: number) => KeptShare, close: Close): Laws => ({
  'keeps nothing at the first step': law(average('β(1) = 0', 40), between(1, 100), (gamma) =>
    closeNumbers(close, rate(gamma)(1), 0)
  ),
  'is the power of what is left of one step': law(
    average('β(i) = (1 − 1/i)^(γ + 1)', 40),
    fc.tuple(between(1, 100), fc.integer({ min: 1, max: 100_000 })),
    ([gamma, step]) => closeNumbers(close, rate(gamma)(step), (1 - 1 / step) ** (gamma + 1))
  ),
  'keeps more the later the step': law(
    average('β(i) < β(i + 1) < 1', 40),
    fc.tuple(between(1, 20), fc.integer({ min: 2, max: 1000 })),
    ([gamma, step]) => {
      const [now, next] = [rate(gamma)(step), rate(gamma)(step + 1)]
      return unless(now < next && next < 1, () => `${now}, then ${next}`)
    }
  )
})

// accumulation -----------------------------------------------------------------------------

/** The gradient of a mean loss over samples, by the parameters. */
export type BatchGradient = (params: Vector, samples: ReadonlyArray<Vector>) => Vector

const averaged = (gradients: ReadonlyArray<Vector>): Vector =>
  (gradients[0] ?? []).map((_, i) => gradients.reduce((sum, g) => sum + (g[i] ?? NaN), 0) / gradients.length)

export const accumulation = (gradient: BatchGradient, close: Close): Laws => ({
  'the mean of the gradients of the parts is that of the whole': law(
    accumulated('mean over k parts of ∇L(B/k samples) = ∇L(B samples)', 41),
    fc.tuple(points, fc.array(points, { minLength: 6, maxLength: 6 }), fc.constantFrom(1, 2, 3)),
    ([params, samples, width]) => {
      const parts = Array.from({ length: 6 / width }, (_, i) => samples.slice(i * width, (i + 1) * width))
      return closeVectors(close, averaged(parts.map((part) => gradient(params, part))), gradient(params, samples))
    }
  )
})

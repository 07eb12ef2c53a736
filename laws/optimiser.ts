/** Laws of optimisers and of moving averages, over plain vectors. */
import * as fc from 'fast-check'
import { exact, type Close } from '../src/core/Close.ts'
import { between, vector } from './draw.ts'
import { closeVectors, law, unless, type Laws, type Vector } from './Laws.ts'

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
  'a zero gradient changes nothing': law(points, (x) =>
    closeVectors(
      exact,
      run(subject, x, (p) => p.map(() => 0), 3),
      x
    )
  ),
  'goes downhill': law(fc.tuple(points, points), ([x, minimum]) => {
    const end = run(subject, x, (p) => p.map((xi, i) => xi - (minimum[i] ?? 0)), 20)
    return unless(
      distance(x, minimum) < 0.5 || distance(end, minimum) < distance(x, minimum),
      () => `${distance(x, minimum)} from the minimum, then ${distance(end, minimum)}`
    )
  }),
  'treats every parameter alike': law(fc.tuple(points, points), ([x, g]) => {
    const forth = run(subject, x, () => g, 3)
    const back = run(subject, [...x].reverse(), () => [...g].reverse(), 3)
    return closeVectors(close, [...back].reverse(), forth)
  }),
  'the same steps give the same parameters': law(fc.tuple(points, points), ([x, g]) =>
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
  'decay 0 copies': law(fc.tuple(points, points), ([a, x]) => closeVectors(close, update(a, x, 0), x)),
  'decay 1 keeps': law(fc.tuple(points, points), ([a, x]) => closeVectors(close, update(a, x, 1), a)),
  'what does not change is its own average': law(fc.tuple(points, between(0, 1)), ([x, decay]) =>
    closeVectors(close, update(x, x, decay), x)
  )
})

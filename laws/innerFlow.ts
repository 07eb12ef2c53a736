/**
 * Laws of the inner flow: a few steps of a grid from noise `y₁` to a target, with velocities from a head's predictions
 * `h` of that target: `u = y₁ − h` (`sampled`, as printed) or `u = (y_s − h)/s` (`implied`, exact).
 */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import type { Expr } from '../src/core/Expr.ts'
import { add, constant, div, fill, mul, sqrt, square, sub, tanh } from '../src/ops/api.ts'
import { between, vector } from './draw.ts'
import { closeNumbers, closeVectors, firstOf, from, law, type Laws, type Vector } from './Laws.ts'
import { minus, times, toward } from './vectors.ts'

const steps = from('Nie et al. 2026 (arXiv 2601.09881), Eq. 13 and Alg. 1, sign corrected')
const printed = from('Nie et al. 2026 (arXiv 2601.09881), Eq. 14, whose optimum is biased')

// model ----------------------------------------------------------------------------------

export type InnerForm = 'sampled' | 'implied'

type Real = Expr<'f32'>

/** A prediction of the target at a state `[1, n]` and time `s` `[1]`, for a step of length `span` `[1]`, as a graph. */
export type InnerHead = (y: Real, s: Real, span: Real) => Real

export interface HeadStep {
  readonly h: Vector
  readonly ys: Vector
  readonly y1: Vector
  readonly s: number
  readonly r: number
}

export interface InnerFlow {
  /** From `y₁` at the last time of an ascending grid, down to the first. */
  readonly flow: (form: InnerForm, grid: Vector, head: InnerHead) => (y1: Vector) => Vector
  /** One step, of a prediction that has been made. */
  readonly step: (form: InnerForm, at: HeadStep) => Vector
}

// cases ----------------------------------------------------------------------------------

const points = vector(3)

/** Grids from 0 of one to four steps. */
const grids: fc.Arbitrary<Vector> = fc
  .array(between(0.05, 0.3), { minLength: 1, maxLength: 4 })
  .map((gaps) => gaps.reduce<ReadonlyArray<number>>((grid, gap) => [...grid, (grid.at(-1) ?? 0) + gap * 0.8], [0]))

/** A head that says the same at all times and states. */
const saying =
  (h: Vector): InnerHead =>
  () =>
    constant([1, h.length], h)

/** A head that looks at everything: `tanh(y) s + 0.3 span`. */
const looking: InnerHead = (y, s, span) => add(mul(tanh(y), s), mul(fill(0.3, []), span))

const forms = fc.constantFrom('sampled' as const, 'implied' as const)

// laws -----------------------------------------------------------------------------------

const constantHeads = ({ flow, step }: InnerFlow, close: Close): Laws => ({
  'in the implied form a head that says one thing is followed, on every grid': law(
    steps('y_0 = h for every grid with s_0 = 0', 25),
    fc.tuple(points, points, grids),
    ([h, y1, grid]) => closeVectors(close, flow('implied', grid, saying(h))(y1), h)
  ),
  'in the implied form a step goes a share of the way to the prediction': law(
    steps('y_r = (r/s) y_s + (1 − r/s) h', 25),
    fc.tuple(points, points, points, between(0.5, 1), between(0.05, 0.4)),
    ([h, ys, y1, s, r]) => closeVectors(close, step('implied', { h, ys, y1, s, r }), toward(h, ys, r / s))
  ),
  'in the sampled form a rest of the noise stays': law(
    steps('y_0 = (1 − s_N) y_1 + s_N h', 25),
    fc.tuple(points, points, grids),
    ([h, y1, grid]) => closeVectors(close, flow('sampled', grid, saying(h))(y1), toward(y1, h, grid.at(-1) ?? NaN))
  )
})

const forming = ({ flow, step }: InnerFlow, close: Close): Laws => ({
  'the forms differ by how far the state is from the line between prediction and noise': law(
    steps('sampled − implied = ((s − r)/s)(y_s − (1 − s) h − s y_1)', 26),
    fc.tuple(points, points, points, between(0.5, 1), between(0.05, 0.4)),
    ([h, ys, y1, s, r]) => {
      const [sampled, implied] = [step('sampled', { h, ys, y1, s, r }), step('implied', { h, ys, y1, s, r })]
      const gap = minus(ys, toward(h, y1, s))
      return closeVectors(close, minus(sampled, implied), times((s - r) / s, gap))
    }
  ),
  'one step from 1 to 0 is what the head says': law(
    steps('N = 1, s_N = 1 ⇒ y_0 = head(y_1, 1, 0)', 27),
    fc.tuple(points, forms),
    ([y1, form]) =>
      closeVectors(
        close,
        flow(form, [0, 1], looking)(y1),
        y1.map((y) => Math.tanh(y) + 0.3)
      )
  )
})

// exactness ------------------------------------------------------------------------------

const sigma = (deviation: number, t: number): number => Math.hypot((1 - t) * deviation, t)

/** `y_s − s u` for the average velocity `u` of `N(0, S²)`: the prediction that makes the implied form exact. */
const exactHead =
  (deviation: number): InnerHead =>
  (y, s, span) => {
    const variance = (t: Real): Real => add(square(mul(fill(deviation, []), sub(fill(1, []), t))), square(t))
    const r = sub(s, span)
    const ratio = sqrt(div(variance(r), variance(s)))
    const u = div(mul(sub(fill(1, []), ratio), y), span)
    return sub(y, mul(s, u))
  }

const exactness = ({ flow }: InnerFlow, close: Close): Laws => ({
  'the implied form keeps the spread of the target': law(
    printed('y ~ N(0, S²), s_N = 1, implied ⇒ std(y_0) = S', 46),
    fc.tuple(vector(3, -2, 2), between(0.4, 2), grids),
    ([y1, deviation, grid]) =>
      closeVectors(close, flow('implied', [...grid, 1], exactHead(deviation))(y1), times(deviation, y1))
  )
})

/** Laws of an inner flow and of its steps. */
export const innerFlow = (instance: InnerFlow, close: Close): Laws => ({
  ...constantHeads(instance, close),
  ...forming(instance, close),
  ...exactness(instance, close)
})

// the printed form -------------------------------------------------------------------------

/** What the printed form costs, for a target `N(0, S²)`. */
export interface PrintedForm {
  /** The prediction at the optimum of the printed loss, as a multiple of `y_s`. */
  readonly optimum: (deviation: number, s: number, r: number) => number
  /** The spread that the sampler returns at that optimum, on an ascending grid. */
  readonly spread: (deviation: number, grid: Vector) => number
  /** The same for infinitely many steps. */
  readonly limit: (deviation: number) => number
}

interface Tabled {
  readonly deviation: number
  /** For one, two and four steps of the grid with `γ = 10`, and for infinitely many. */
  readonly spreads: readonly [number, number, number, number]
}

const tabled: ReadonlyArray<Tabled> = [
  { deviation: 0.5, spreads: [0.2443, 0.2443, 0.2441, 0.1906] },
  { deviation: 1, spreads: [0.6232, 0.6231, 0.6211, 0.4933] },
  { deviation: 2, spreads: [1.4887, 1.4878, 1.4724, 1.2126] }
]

const gridOf = (count: number): Vector =>
  Array.from({ length: count + 1 }, (_, i) => (10 * (i / count)) / (9 * (i / count) + 1))

const fourDigits: Close = { absolute: 6e-5, relative: 0 }

/** The mean of `E[y | y_τ]` over the path through `y_s = 1`, by Simpson's rule. */
const meanPrediction = (deviation: number, s: number, r: number): number => {
  const count = 400
  const value = (t: number): number => ((1 - t) * deviation ** 2) / (sigma(deviation, t) * sigma(deviation, s))
  const weight = (i: number): number => (i === 0 || i === count ? 1 : i % 2 === 1 ? 4 : 2)
  return (
    Array.from({ length: count + 1 }, (_, i) => weight(i) * value(r + ((s - r) * i) / count)).reduce(
      (a, b) => a + b,
      0
    ) /
    (3 * count)
  )
}

/** Laws of the printed form, which are about its bias. */
export const printedForm = ({ optimum, spread, limit }: PrintedForm): Laws => ({
  'its optimum is the mean prediction along the path': law(
    printed('(s − r) h = ∫_r^s E[y | y_τ] dτ', 46),
    fc.tuple(between(0.4, 2), between(0.5, 1), between(0.05, 0.4)),
    ([deviation, s, r]) =>
      closeNumbers({ absolute: 1e-7, relative: 1e-7 }, optimum(deviation, s, r), meanPrediction(deviation, s, r))
  ),
  'it loses the spread that is known': law(
    printed('std(y_0) of the table, S = .5, 1, 2 and N = 1, 2, 4, ∞', 46),
    fc.constantFrom(...tabled),
    ({ deviation, spreads }) =>
      firstOf([
        ...[1, 2, 4].map((count, i) => closeNumbers(fourDigits, spread(deviation, gridOf(count)), spreads[i] ?? NaN)),
        closeNumbers(fourDigits, limit(deviation), spreads[3])
      ])
  ),
  'with one step it loses what a sine hyperbolic says': law(
    printed('S = 1, N = 1 ⇒ std(y_0) = asinh(1)/√2', 46),
    fc.constant(1),
    (deviation) => closeNumbers({ absolute: 1e-9, relative: 0 }, spread(deviation, [0, 1]), Math.asinh(1) / Math.SQRT2)
  )
})

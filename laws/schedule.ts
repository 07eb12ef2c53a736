/**
 * Laws of time schedules. Times are fractions of the path from data (0) to noise (1).
 *
 * Source: `shift_γ(t) = γt / ((γ − 1)t + 1)`, Esser et al. 2024 (arXiv 2403.03206).
 */
import * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import { between } from './draw.ts'
import { closeNumbers, closeVectors, firstOf, from, law, unless, type Laws, type Vector } from './Laws.ts'

const rising = from('a schedule is a rising map of [0, 1] onto itself')
const esser = from('Esser et al. 2024 (arXiv 2403.03206), §5.3.2')
const gridOf = from('Nie et al. 2026 (arXiv 2601.09881), App. A.2')
const fastgen = from('NVlabs/FastGen, `config_dmd2*.py`')

const times = between(0, 1)
/** Away from both ends, where logarithms of odds are finite. */
const inside = between(0.01, 0.99)
const gammas = between(0.2, 12)

// any schedule ---------------------------------------------------------------------------

/** A schedule: a rising map of `[0, 1]` onto itself. */
export type Schedule = (t: number) => number

export const schedule = (f: Schedule, close: Close): Laws => ({
  'begins at 0 and ends at 1': law(rising('f(0) = 0, f(1) = 1'), fc.constantFrom(0, 1), (t) =>
    closeNumbers(close, f(t), t)
  ),
  'stays between 0 and 1': law(rising('0 ≤ f(t) ≤ 1'), times, (t) =>
    unless(f(t) >= 0 && f(t) <= 1, () => `${t} goes to ${f(t)}`)
  ),
  'is strictly increasing': law(rising('s < t ⇒ f(s) < f(t)'), fc.tuple(times, times), ([a, b]) => {
    const [s, t] = a < b ? [a, b] : [b, a]
    return unless(t - s < 1e-6 || f(s) < f(t), () => `${s} goes to ${f(s)}, and ${t} to ${f(t)}`)
  })
})

// shifts ---------------------------------------------------------------------------------

/** A family of schedules, one for each strength of shift `γ > 0`. */
export type Shift = (gamma: number) => Schedule

const logit = (t: number): number => Math.log(t / (1 - t))

const slope = (f: Schedule, t: number): number => (f(t + 1e-6) - f(t - 1e-6)) / 2e-6

/** The mean of `shift_γ` of a uniform number. */
const meanShift = (gamma: number): number => gamma / (gamma - 1) - (gamma * Math.log(gamma)) / (gamma - 1) ** 2

const midpoints = (f: Schedule, n: number): number =>
  Array.from({ length: n }, (_, i) => f((i + 0.5) / n)).reduce((sum, y) => sum + y, 0) / n

const group = (shift: Shift, close: Close): Laws => ({
  'shifts compose by multiplication': law(
    esser('shift_a ∘ shift_b = shift_ab', 2),
    fc.tuple(gammas, gammas, times),
    ([a, b, t]) => closeNumbers(close, shift(a)(shift(b)(t)), shift(a * b)(t))
  ),
  'the inverse shifts by 1/γ': law(esser('shift_{1/γ} ∘ shift_γ = id', 2), fc.tuple(gammas, times), ([gamma, t]) =>
    closeNumbers(close, shift(1 / gamma)(shift(gamma)(t)), t)
  ),
  'shift by 1 is the identity': law(esser('shift_1 = id', 2), times, (t) => closeNumbers(close, shift(1)(t), t)),
  'reversing time inverts the shift': law(
    esser('1 − shift_γ(1 − t) = shift_{1/γ}(t)', 4),
    fc.tuple(gammas, times),
    ([gamma, t]) => closeNumbers(close, 1 - shift(gamma)(1 - t), shift(1 / gamma)(t))
  )
})

const analysis = (shift: Shift, close: Close): Laws => ({
  'adds ln γ to the log odds': law(
    esser('logit(shift_γ(t)) = logit(t) + ln γ', 3),
    fc.tuple(gammas, inside),
    ([gamma, t]) =>
      closeNumbers({ ...close, relative: 1e3 * close.relative }, logit(shift(gamma)(t)), logit(t) + Math.log(gamma))
  ),
  'has the slope γ / (1 + (γ − 1)t)²': law(
    esser('shift_γ′(t) = γ/(1 + (γ − 1)t)²', 4),
    fc.tuple(gammas, inside),
    ([gamma, t]) =>
      closeNumbers({ absolute: 1e-7, relative: 1e-6 }, slope(shift(gamma), t), gamma / (1 + (gamma - 1) * t) ** 2)
  ),
  'moves times toward noise for γ ≥ 1, the more the larger γ': law(
    esser('shift_γ(t) ≥ t for γ ≥ 1, increasing in γ', 5),
    fc.tuple(between(1, 12), between(0.01, 4), inside),
    ([gamma, more, t]) =>
      firstOf([
        unless(shift(gamma)(t) >= t - 1e-12, () => `shift ${gamma} moves ${t} to ${shift(gamma)(t)}`),
        unless(shift(gamma + more)(t) > shift(gamma)(t), () => `shift ${gamma + more} moves ${t} less than ${gamma}`)
      ])
  ),
  'has the mean γ/(γ − 1) − γ ln γ/(γ − 1)²': law(
    esser('∫ shift_γ = γ/(γ − 1) − γ ln γ/(γ − 1)²', 5),
    between(1.5, 12),
    (gamma) => closeNumbers({ absolute: 1e-4, relative: 1e-4 }, midpoints(shift(gamma), 1000), meanShift(gamma))
  )
})

/** `shift_γ`, in all its identities; and each member is a schedule. */
export const shifts = (shift: Shift, close: Close): Laws => ({
  'begins at 0 and ends at 1': law(
    esser('shift_γ(0) = 0, shift_γ(1) = 1', 1),
    fc.tuple(gammas, fc.constantFrom(0, 1)),
    ([gamma, t]) => closeNumbers(close, shift(gamma)(t), t)
  ),
  'is strictly increasing': law(
    esser('s < t ⇒ shift_γ(s) < shift_γ(t)', 1),
    fc.tuple(gammas, times, times),
    ([gamma, a, b]) => {
      const [s, t] = a < b ? [a, b] : [b, a]
      return unless(t - s < 1e-6 || shift(gamma)(s) < shift(gamma)(t), () => `${s} and ${t} change places`)
    }
  ),
  ...group(shift, close),
  ...analysis(shift, close)
})

// grids ----------------------------------------------------------------------------------

/** The times of a sampler of so many steps, ascending from data: `0 = t_0 < t_1 < … < t_M`. */
export type Grid = (gamma: number, steps: number) => Vector

const stepCounts = fc.integer({ min: 1, max: 16 })

export const grids = (grid: Grid, last: number, close: Close): Laws => ({
  'has one time more than steps': law(gridOf('|grid| = M + 1'), fc.tuple(gammas, stepCounts), ([gamma, steps]) =>
    unless(grid(gamma, steps).length === steps + 1, () => `${grid(gamma, steps).length} times for ${steps} steps`)
  ),
  'begins at 0 and ends at the last time': law(
    gridOf('t_0 = 0, t_M = .999', 7),
    fc.tuple(between(1, 12), stepCounts),
    ([gamma, steps]) => {
      const list = grid(gamma, steps)
      return closeVectors(close, [list[0] ?? NaN, list.at(-1) ?? NaN], [0, last])
    }
  ),
  'is strictly increasing': law(gridOf('t_i < t_{i+1}', 7), fc.tuple(between(1, 12), stepCounts), ([gamma, steps]) => {
    const list = grid(gamma, steps)
    return unless(
      list.every((t, i) => i === 0 || t > (list[i - 1] ?? 0)),
      () => `${list}`
    )
  }),
  'its steps add up to the last time': law(
    gridOf('Σ (t_i − t_{i−1}) = t_M', 7),
    fc.tuple(between(1, 12), stepCounts),
    ([gamma, steps]) => {
      const list = grid(gamma, steps)
      const sum = list.reduce((total, t, i) => total + (i === 0 ? 0 : t - (list[i - 1] ?? 0)), 0)
      return closeNumbers(close, sum, last)
    }
  )
})

interface Published {
  readonly gamma: number
  readonly steps: number
  readonly times: Vector
}

/** The lists that the public configurations of few-step students name. Source: NVlabs/FastGen, `config_dmd2*.py`. */
const published: ReadonlyArray<Published> = [
  { gamma: 5, steps: 4, times: [0, 0.624, 0.833, 0.937, 0.999] },
  { gamma: 10, steps: 2, times: [0, 0.908, 0.999] },
  { gamma: 5, steps: 2, times: [0, 0.833, 0.999] },
  { gamma: 10, steps: 4, times: [0, 0.768, 0.908, 0.967, 0.999] },
  { gamma: 10, steps: 3, times: [0, 0.833, 0.952, 0.999] },
  { gamma: 5, steps: 3, times: [0, 0.713, 0.908, 0.999] }
]

/** A grid rounded as the published students round it: `⌊1000 · shift_γ(0.999 i/M)⌋ / 1000`. */
export const publishedGrids = (grid: Grid): Laws => ({
  'gives the published lists': law(
    fastgen('⌊1000 shift_γ(.999 i/M)⌋/1000', 6),
    fc.constantFrom(...published),
    ({ gamma, steps, times: expected }) => closeVectors({ absolute: 1e-12, relative: 0 }, grid(gamma, steps), expected)
  )
})

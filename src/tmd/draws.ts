/**
 * What a training step draws on the host: times in double precision with everything that is computed from them, so that
 * the graph never does arithmetic on times. Every function is pure: same key, same draws.
 *
 * Source: arXiv 2601.09881 App. A.2, A.3; spec 2.2–2.4.
 */
import { split, uniform, type Key } from '../core/Key.ts'
import { floats, type Tensor } from '../core/Tensor.ts'
import { differenceAt, type Difference, type DifferenceOptions } from '../autodiff/finiteDifference.ts'
import {
  chooseR,
  earliest,
  latest,
  sampleGrid,
  sampleTimes,
  shifted,
  type Grid,
  type NeighbourRule,
  type TimeLaw
} from '../flow/schedule.ts'
import type { Real } from '../nn/params.ts'
import { times, type Time } from '../nn/time.ts'

/** `n` coins, 1 with the given probability. */
const coins = (key: Key, n: number, probability: number): Float64Array =>
  uniform(key, n).map((u) => (u < probability ? 1 : 0))

const vector = (values: Float64Array): Tensor => floats([values.length], values)

// teacher ----------------------------------------------------------------------------------

export interface TeacherDrawOptions {
  readonly law: TimeLaw
  /** The probability that a condition is dropped. */
  readonly dropout: number
  readonly frequencies: number
}

export interface TeacherDraws<A = Real> {
  readonly t: Time<A>
  /** 1 where the condition is kept, `[batch]`. */
  readonly kept: A
}

export const teacherDraws =
  ({ law, dropout, frequencies }: TeacherDrawOptions) =>
  (key: Key, batch: number): TeacherDraws<Tensor> => {
    const [forTime = key, forCoins = key] = split(key, 2)
    return {
      t: times(sampleTimes(law)(forTime, batch), frequencies),
      kept: vector(coins(forCoins, batch, 1 - dropout))
    }
  }

// stage 1 ----------------------------------------------------------------------------------

export interface Stage1DrawOptions {
  readonly outer: Grid
  readonly inner: Grid
  /** Of the inner time `s`. */
  readonly law: TimeLaw
  readonly neighbour: NeighbourRule
  /** The probability that `r = s`; 1 is Transition Matching without the MeanFlow part. */
  readonly level: number
  readonly dropout: number
  readonly difference: DifferenceOptions
  readonly frequencies: number
}

/** The paper's, but for grids and features. */
export const stage1DrawDefaults: Omit<Stage1DrawOptions, 'outer' | 'inner' | 'frequencies'> = {
  law: shifted(3),
  neighbour: 'below',
  level: 0.75,
  dropout: 0.1,
  difference: { delta: 0.005, min: earliest, max: latest, rule: 'fastgen' }
}

/** The numbers behind the draws, one of each per sample. */
export interface Stage1Times {
  readonly t: Float64Array
  readonly s: Float64Array
  readonly r: Float64Array
  readonly kept: Float64Array
}

/** An inner time, and the length of the step from it, as the head is told them. */
export interface Instant<A = Real> {
  readonly s: Time<A>
  readonly span: Time<A>
}

export interface InstantProbe<A = Real> {
  readonly time: Instant<A>
  readonly offset: A
}

export interface Stage1Draws<A = Real> {
  readonly t: Time<A>
  readonly now: Instant<A>
  /** Where the derivative by `s` is taken from. */
  readonly ahead: InstantProbe<A>
  readonly behind: InstantProbe<A>
  readonly factor: A
  readonly kept: A
}

/** `t` from the outer grid, `s` from its law, `r` the neighbour of `s` on the inner grid or `s` itself. */
export const stage1Times =
  ({ outer, inner, law, neighbour, level, dropout }: Omit<Stage1DrawOptions, 'difference' | 'frequencies'>) =>
  (key: Key, batch: number): Stage1Times => {
    const [forT = key, forS = key, forLevel = key, forDrop = key] = split(key, 4)
    const s = sampleTimes(law)(forS, batch)
    const levels = coins(forLevel, batch, level)
    const below = chooseR(inner, neighbour)
    return {
      t: sampleGrid(outer)(forT, batch),
      s,
      r: s.map((time, i) => (levels[i] === 1 ? time : below(time))),
      kept: coins(forDrop, batch, 1 - dropout)
    }
  }

const instant = (s: Float64Array, r: Float64Array, frequencies: number): Instant<Tensor> => ({
  s: times(s, frequencies),
  span: times(
    s.map((time, i) => time - (r[i] ?? NaN)),
    frequencies
  )
})

/** The tensors that a step of stage 1 takes, from its times. */
export const stage1DrawsOf =
  ({ difference, frequencies }: Pick<Stage1DrawOptions, 'difference' | 'frequencies'>) =>
  ({ t, s, r, kept }: Stage1Times): Stage1Draws<Tensor> => {
    const chosen = Array.from(s, (time, i) => differenceAt(difference)(time, r[i] ?? NaN))
    const read = (f: (choice: Difference, i: number) => number): Float64Array => Float64Array.from(chosen, f)
    const probe = (side: 'ahead' | 'behind'): InstantProbe<Tensor> => ({
      time: instant(
        read((choice) => choice[side]),
        r,
        frequencies
      ),
      offset: vector(read((choice, i) => choice[side] - (s[i] ?? NaN)))
    })
    return {
      t: times(t, frequencies),
      now: instant(s, r, frequencies),
      ahead: probe('ahead'),
      behind: probe('behind'),
      factor: vector(read((choice) => choice.factor)),
      kept: vector(kept)
    }
  }

export const stage1Draws =
  (options: Stage1DrawOptions) =>
  (key: Key, batch: number): Stage1Draws<Tensor> =>
    stage1DrawsOf(options)(stage1Times(options)(key, batch))

// stage 2 ----------------------------------------------------------------------------------

export interface Stage2DrawOptions {
  readonly outer: Grid
  /** Of the time to which samples are noised before they are judged. */
  readonly law: TimeLaw
  readonly frequencies: number
}

export interface Stage2Draws<A = Real> {
  /** Where the rollout begins, a time of the outer grid. */
  readonly t: Time<A>
  /** Where samples are judged: one time for the teacher, the fake score and the discriminator. */
  readonly judged: Time<A>
}

/** The paper's law of the time at which samples are judged. */
export const stage2Law: TimeLaw = shifted(5)

export const stage2Draws =
  ({ outer, law, frequencies }: Stage2DrawOptions) =>
  (key: Key, batch: number): Stage2Draws<Tensor> => {
    const [forT = key, forJudged = key] = split(key, 2)
    return {
      t: times(sampleGrid(outer)(forT, batch), frequencies),
      judged: times(sampleTimes(law)(forJudged, batch), frequencies)
    }
  }

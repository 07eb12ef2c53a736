/** Optimisers and averages that remember or forget too much. */
import { f64 } from '../../src/measure/Close.ts'
import type { Mutant, Vector } from '../Laws.ts'
import {
  accumulation,
  movingAverage,
  optimiser,
  powerLaw,
  type BatchGradient,
  type KeptShare,
  type MovingAverage,
  type Optimiser
} from '../optimiser.ts'

const zip = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector => a.map((x, i) => f(x, b[i] ?? NaN))

type Steps = Optimiser<number>

const descent = (rate: number): Steps => ({
  init: () => 0,
  step: (state, params, gradient) => ({ state: state + 1, params: zip(params, gradient, (x, g) => x - rate * g) })
})

const mutant = (name: string, brokenLaw: string, wrong: Steps): Mutant => ({
  name,
  brokenLaw,
  laws: optimiser(wrong, f64)
})

/** A counter that no state holds, so that two runs differ. */
const count = { calls: 0 }

export const optimiserMutants: ReadonlyArray<Mutant> = [
  mutant('a step with decay', 'a zero gradient changes nothing', {
    init: () => 0,
    step: (state, params) => ({ state, params: params.map((x) => 0.999 * x) })
  }),
  mutant('a step uphill', 'goes downhill', descent(-0.01)),
  mutant('a step that skips the first parameter', 'treats every parameter alike', {
    init: () => 0,
    step: (state, params, gradient) => ({
      state,
      params: zip(params, gradient, (x, g) => x - 0.01 * g).map((x, i) => (i === 0 ? (params[0] ?? x) : x))
    })
  }),
  mutant('a step that grows with every run', 'the same steps give the same parameters', {
    init: () => 0,
    step: (state, params, gradient) => {
      count.calls++
      return { state, params: zip(params, gradient, (x, g) => x - 0.01 * count.calls * (g + 1)) }
    }
  })
]

const ofAverage = (name: string, brokenLaw: string, wrong: MovingAverage): Mutant => ({
  name,
  brokenLaw,
  laws: movingAverage(wrong, f64)
})

export const movingAverageMutants: ReadonlyArray<Mutant> = [
  ofAverage('decay and its complement exchanged', 'decay 0 copies', (a, x, d) =>
    zip(a, x, (p, q) => (1 - d) * p + d * q)
  ),
  ofAverage('decay and its complement exchanged', 'decay 1 keeps', (a, x, d) =>
    zip(a, x, (p, q) => (1 - d) * p + d * q)
  ),
  ofAverage('weights that do not add up to 1', 'what does not change is its own average', (a, x, d) =>
    zip(a, x, (p, q) => d * p + (1 - d * d) * q)
  )
]

const ofPower = (name: string, brokenLaw: string, wrong: (gamma: number) => KeptShare): Mutant => ({
  name,
  brokenLaw,
  laws: powerLaw(wrong, f64)
})

export const powerLawMutants: ReadonlyArray<Mutant> = [
  ofPower('steps that count from 0', 'keeps nothing at the first step', (g) => (i) => (1 - 1 / (i + 1)) ** (g + 1)),
  ofPower('an exponent that is one less', 'is the power of what is left of one step', (g) => (i) => (1 - 1 / i) ** g),
  ofPower('a rate that falls', 'keeps more the later the step', (g) => (i) => 1 - (1 - 1 / i) ** (g + 1))
]

const meanGradient: BatchGradient = (params, samples) =>
  params.map((p, i) => samples.reduce((sum, x) => sum + 2 * (p - (x[i] ?? NaN)), 0) / samples.length)

export const accumulationMutants: ReadonlyArray<Mutant> = [
  {
    name: 'a gradient of the sum',
    brokenLaw: 'the mean of the gradients of the parts is that of the whole',
    laws: accumulation((params, samples) => meanGradient(params, samples).map((g) => g * samples.length), f64)
  }
]

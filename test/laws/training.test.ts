import { describe } from 'vitest'
import { adaptive, adversarial, matching, regression } from '../../laws/loss.ts'
import {
  adaptiveError,
  adaptiveMutants,
  adversarialMutants,
  matchingMutants,
  nonSaturating,
  normalisedDifference,
  regressionMutants,
  squaredError
} from '../../laws/mutants/loss.ts'
import { movingAverageMutants, optimiserMutants } from '../../laws/mutants/optimiser.ts'
import { movingAverage, optimiser, type Optimiser } from '../../laws/optimiser.ts'
import { lift } from '../../laws/lift.ts'
import type { Vector } from '../../laws/Laws.ts'
import { f64 } from '../../src/core/Close.ts'
import { constant, fill } from '../../src/ops/api.ts'
import { adamW, adamWDefaults } from '../../src/optim/adamw.ts'
import { updateAverage } from '../../src/optim/ema.ts'
import { covered, hold, reject } from './hold.ts'

interface State {
  readonly first: Vector
  readonly second: Vector
  readonly step: number
}

/** AdamW without decay, over vectors. */
const adam: Optimiser<State> = {
  init: (params) => ({ first: params.map(() => 0), second: params.map(() => 0), step: 0 }),
  step: ({ first, second, step }, params, gradient) => {
    const options = { ...adamWDefaults, decay: 0, rate: () => fill(0.01, []) }
    const part = (of: 'params' | 'first' | 'second') =>
      lift((p, g, m, v) => {
        const moments = { first: { p: m! }, second: { p: v! }, step: constant([], [step]) }
        const { params: next, moments: after } = adamW(options)({ p: p! }, { p: g! }, moments)
        return { params: next, first: after.first, second: after.second }[of].p
      })(params, gradient, first, second)
    return { state: { first: part('first'), second: part('second'), step: step + 1 }, params: part('params') }
  }
}

describe('optimisers', () => {
  hold(optimiser(adam, f64), 20)
  reject(optimiserMutants)
  covered(optimiser(adam, f64), optimiserMutants)
})

describe('moving averages', () => {
  const laws = movingAverage(
    (average, value, decay) => lift((a, x) => updateAverage(fill(decay, []))(a!, x!))(average, value),
    f64
  )

  hold(laws)
  reject(movingAverageMutants)
  covered(laws, movingAverageMutants)
})

describe('losses', () => {
  const suites = {
    ...regression(squaredError),
    ...adaptive(adaptiveError, 0.5, f64),
    ...matching(normalisedDifference, f64),
    ...adversarial(nonSaturating, f64)
  }
  const mutants = [...regressionMutants, ...adaptiveMutants, ...matchingMutants, ...adversarialMutants]

  hold(suites)
  reject(mutants)
  covered(suites, mutants)
})

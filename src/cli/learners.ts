/** Learners as programs and files see them: how one begins, its inputs, its outputs, its options from a configuration. */
import { exprs } from '../autodiff/grad.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import { tensors } from '../nn/params.ts'
import { input, type Expr } from '../ops/api.ts'
import { adamWDefaults } from '../optim/adamw.ts'
import { constantRate } from '../optim/ema.ts'
import { type Learner, type LearnerOptions } from '../optim/learner.ts'
import { constantSchedule, cosine, warmUp, type Schedule } from '../optim/schedule.ts'
import type { OptimiserConfig } from './configs.ts'

/** A learner that begins: no moments, an average equal to the parameters. */
export const beginning = <T>(params: T): Learner<T, Tensor> => {
  const zero = (x: Tensor): Tensor => tensor('f32', x.shape, new Float32Array(x.data.length))
  const none = tensors.map(params, zero) as T
  return {
    params,
    moments: { first: none, second: none, step: tensor('f32', [], new Float32Array(1)) },
    average: params
  }
}

/** The inputs of a program that take a learner, under one prefix. */
export const learnerInputs = <T>(params: T, prefix: string): Learner<T> => {
  const under = (name: string): T =>
    exprs.map(params, (x, leaf) => input(`${prefix}.${name}.${leaf}`, 'f32', x.shape)) as T
  return {
    params: under('params'),
    moments: {
      first: under('moments.first'),
      second: under('moments.second'),
      step: input(`${prefix}.moments.step`, 'f32', [])
    },
    average: under('average')
  }
}

/** A tree of expressions as outputs of a program, named by their paths. */
export const outputsOf = (tree: unknown, prefix: string): Readonly<Record<string, Expr>> =>
  Object.fromEntries(exprs.flatten(tree, prefix))

const rateOf = ({ rate, schedule, warmup, steps }: OptimiserConfig & { readonly ema: number }): Schedule =>
  warmUp(warmup, schedule === 'cosine' ? cosine({ from: rate, to: 0, steps }) : constantSchedule(rate))

export const learnerOptions = (train: OptimiserConfig & { readonly ema: number }): LearnerOptions => ({
  ...adamWDefaults,
  rate: rateOf(train),
  decay: train.decay,
  clip: train.clip,
  scrub: false,
  average: constantRate(train.ema)
})

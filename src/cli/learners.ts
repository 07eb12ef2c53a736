/** Learners as programs and files see them: their inputs, their outputs, their options from a configuration. */
import { exprs } from '../autodiff/grad.ts'
import type { Tensor } from '../core/Tensor.ts'
import type { Mapped } from '../core/Tree.ts'
import type { Tensors } from '../io/safetensors.ts'
import { inputsOf, tensors, type Parameter, type Real } from '../nn/params.ts'
import { input } from '../ops/api.ts'
import { adamWDefaults } from '../optim/adamw.ts'
import { constantRate } from '../optim/ema.ts'
import { untrained, type Learner, type LearnerOptions } from '../optim/learner.ts'
import { constantSchedule, cosine, warmUp, type Schedule } from '../optim/schedule.ts'
import type { OptimiserConfig } from './configs.ts'
import type { Outputs } from './programs.ts'

/** A learner that begins with some parameters, under one prefix: no moments; an average equal to them, if one is kept. */
export const beginning = (params: unknown, prefix: string, average: 'averaged' | 'plain'): Tensors =>
  new Map(tensors.flatten<Learner<unknown, Tensor>>(untrained(params, average === 'averaged'), prefix))

/** The inputs of a program that take a learner, under one prefix. */
export const learnerInputs = <T>(parameters: T, prefix: string): Learner<Mapped<T, Parameter, Real>> => ({
  params: inputsOf(parameters, `${prefix}.params`),
  moments: {
    first: inputsOf(parameters, `${prefix}.moments.first`),
    second: inputsOf(parameters, `${prefix}.moments.second`),
    step: input(`${prefix}.moments.step`, 'f32', [])
  },
  average: inputsOf(parameters, `${prefix}.average`)
})

/** A tree of expressions as outputs of a program, named by their paths. */
export const outputsOf = (tree: unknown, prefix: string): Outputs => Object.fromEntries(exprs.flatten(tree, prefix))

type Training = Omit<OptimiserConfig, 'batch'> & { readonly ema: number }

const rateOf = ({ rate, schedule, warmup, steps }: Training): Schedule =>
  warmUp(warmup, schedule === 'cosine' ? cosine({ from: rate, to: 0, steps }) : constantSchedule(rate))

export const learnerOptions = (train: Training): LearnerOptions => ({
  ...adamWDefaults,
  rate: rateOf(train),
  decay: train.decay,
  clip: train.clip,
  scrub: false,
  average: constantRate(train.ema)
})

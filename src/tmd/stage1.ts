/**
 * Stage 1 as a step of training, and the teacher's training before it: pure functions of state, batch, draws and key,
 * to be compiled once.
 *
 * Source: arXiv 2601.09881 Alg. 2 (stage 1), Table 7; spec 2.4.
 */
import { gradOf } from '../autodiff/grad.ts'
import type { Expr } from '../core/Expr.ts'
import { size } from '../core/Shape.ts'
import type { Real } from '../nn/params.ts'
import { mean, normal, scale, splitKey } from '../ops/api.ts'
import { learn, type Learner, type LearnerOptions } from '../optim/learner.ts'
import type { Stage1Draws, TeacherDraws } from './draws.ts'
import { flowMatching } from './flowMatching.ts'
import { headError, meanFlow, type MeanFlowOptions } from './meanFlowLoss.ts'
import type { StudentModel, VelocityModel } from './model.ts'

/** Data `[batch, …]` with their conditions, and what stands in for a condition that is absent, of the same form. */
export interface Batch<C> {
  readonly x: Real
  readonly context: C
  readonly negative: C
}

/** Numbers to watch, each `[]`. */
export type Metrics = Readonly<Record<string, Real>>

export interface Stepped<S> {
  readonly state: S
  readonly metrics: Metrics
}

/** A step of training. `key` is `u32 [2]`; draws come from the host. */
export type Step<S, C, D> = (state: S, batch: Batch<C>, draws: D, key: Expr<'u32'>) => Stepped<S>

/** `n` independent normal tensors of one shape. */
export const normals = (n: number, shape: ReadonlyArray<number>, key: Expr<'u32'>): ReadonlyArray<Real> =>
  splitKey(n)(key).map((k) => normal(shape)(k))

/** One step of flow matching on data. Metrics: `loss`, `gradientNorm`. */
export const teacherStep =
  <P, C>(model: VelocityModel<P, C>, options: LearnerOptions): Step<Learner<P>, C, TeacherDraws> =>
  (state, { x, context, negative }, draws, key) => {
    const [noise = x] = normals(1, x.shape, key)
    const { loss } = flowMatching(model)(state.params, { x, noise, context, negative, draws })
    const { learner, norm } = learn(options)(state, gradOf(loss)(state.params))
    return { state: learner, metrics: { loss, gradientNorm: norm } }
  }

export interface Stage1Options {
  readonly loss: MeanFlowOptions
  readonly learner: LearnerOptions
}

/**
 * One step of stage 1. Metrics: `loss` (near 1 whatever happens if the normaliser is small), `error` (mean square of
 * `u − û`), `headError` (the same as the head sees it: the one to read), `gradientNorm`.
 */
export const stage1 =
  <P, C, M>(student: StudentModel<P, C, M>, options: Stage1Options): Step<Learner<P>, C, Stage1Draws> =>
  (state, { x, context, negative }, draws, key) => {
    const [noise = x, innerNoise = x] = normals(2, x.shape, key)
    const parts = meanFlow(options.loss)(student)(state.params, { x, noise, innerNoise, context, negative, draws })
    const { learner, norm } = learn(options.learner)(state, gradOf(parts.loss)(state.params))
    return {
      state: learner,
      metrics: {
        loss: parts.loss,
        error: scale(1 / size(x.shape.slice(1)))(mean('all')(parts.error)),
        headError: headError(options.loss, parts, draws),
        gradientNorm: norm
      }
    }
  }

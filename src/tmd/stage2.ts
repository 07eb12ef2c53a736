/**
 * Stage 2: the student's samples are moved to the teacher's distribution. Two steps alternate: one of the student,
 * against a teacher, a fake score and a discriminator that stand still; and one of the critics, the fake score and the
 * discriminator, against a student that stands still. Without a head (`withoutHead`, one inner step) this is DMD2-v.
 *
 * Source: arXiv 2601.09881 Alg. 2 (stage 2), App. A.3, Table 7; spec 2.7–2.10.
 */
import { gradOf, pullback } from '../autodiff/grad.ts'
import type { Expr } from '../core/Expr.ts'
import { interpolate } from '../flow/path.ts'
import type { Real } from '../nn/params.ts'
import type { Time } from '../nn/time.ts'
import { add, mean, scale, sigmoid, splitKey, square } from '../ops/api.ts'
import { advance } from '../ops/perSample.ts'
import { globalNorm } from '../optim/clip.ts'
import { learn, type Learned, type Learner, type LearnerOptions } from '../optim/learner.ts'
import { approximateR1, discriminatorLoss, generatorLoss } from './discriminator.ts'
import type { Stage2Draws } from './draws.ts'
import { fakeScoreLoss, type Regression, type RegressionSpace } from './flowMatching.ts'
import { denoised, denoisedGuided, type StudentModel, type VelocityModel } from './model.ts'
import { rollout, type Rollout, type RolloutOptions } from './rollout.ts'
import { sampleNoise, type SampleNoise, type SampleOptions } from './sample.ts'
import { simulated } from './simulation.ts'
import { normals, type Batch, type Metrics, type Step, type Stepped } from './stage1.ts'
import { vsd, vsdDefaults, type Vsd, type VsdOptions } from './vsd.ts'

// models and options -----------------------------------------------------------------------

/** A discriminator: features of a frozen teacher, and what is made of them. */
export interface Adversary<PT, PD, C> {
  readonly features: (params: PT, x: Real, t: Time, context: C) => ReadonlyArray<Real>
  /** Logits `[batch, heads]`. */
  readonly discriminate: (params: PD, features: ReadonlyArray<Real>) => Real
}

export interface Stage2Models<PS, PT, PF, PD, C, M> {
  readonly student: StudentModel<PS, C, M>
  readonly teacher: VelocityModel<PT, C>
  readonly fake: VelocityModel<PF, C>
  /** Absent where no discriminator takes part. */
  readonly adversary?: Adversary<PT, PD, C>
}

/** A penalty on the discriminator's slope: `consistent` moves the noised data by `alpha`, `fastgen` the clean (T16). */
export interface R1Options {
  readonly weight: number
  readonly alpha: number
  readonly form: 'consistent' | 'fastgen'
}

export interface Stage2Options {
  readonly rollout: RolloutOptions
  /** How the student walks to where a rollout begins; without it, rollouts begin from noised data, as in the paper. */
  readonly simulation?: SampleOptions
  /** `ω` of the teacher. */
  readonly guidance: number
  readonly vsd: VsdOptions
  readonly fake: RegressionSpace
  /** `λ` of the generator's loss. */
  readonly adversarial: number
  readonly r1: R1Options
  readonly learners: {
    readonly student: LearnerOptions
    readonly fake: LearnerOptions
    readonly discriminator: LearnerOptions
  }
}

/** The paper's, but for the inner grid and the learners. */
export const stage2Defaults: Omit<Stage2Options, 'rollout' | 'learners'> = {
  guidance: 5,
  vsd: vsdDefaults,
  fake: 'data',
  adversarial: 0.03,
  r1: { weight: 0, alpha: 0.1, form: 'consistent' }
}

/** Whose turn it is at an iteration; iterations count from 1, the student's is every `every`-th (spec T18). */
export const turnOf =
  (every: number) =>
  (iteration: number): 'student' | 'critics' =>
    iteration % every === 0 ? 'student' : 'critics'

// a scene: everything that one iteration looks at ----------------------------------------------

/** A batch with all that is random about it. */
export interface Scene<C> extends Batch<C> {
  readonly noise: Real
  readonly innerNoise: Real
  /** With which samples and data are noised before they are judged: one for all judges. */
  readonly judgedNoise: Real
  readonly r1Noise: Real
  /** Of the walk to where the rollout begins, where it is simulated. */
  readonly walk?: SampleNoise
  readonly draws: Stage2Draws
}

/** A scene from a batch and a key; with the grid of a simulation, also the noise of its walk. */
export const sceneOf = <C>(
  batch: Batch<C>,
  draws: Stage2Draws,
  key: Expr<'u32'>,
  simulation?: Pick<SampleOptions, 'outer'>
): Scene<C> => {
  const { x } = batch
  const [forScene = key, forWalk = key] = simulation === undefined ? [key] : splitKey(2)(key)
  const [noise = x, innerNoise = x, judgedNoise = x, r1Noise = x] = normals(4, x.shape, forScene)
  const walk = simulation === undefined ? {} : { walk: sampleNoise(x.shape, simulation)(forWalk) }
  return { ...batch, noise, innerNoise, judgedNoise, r1Noise, ...walk, draws }
}

/** Where the rollouts of a scene begin, at the times `t`. */
const beginningOf =
  <PS, C, M>({ simulation }: Pick<Stage2Options, 'simulation'>, student: StudentModel<PS, C, M>) =>
  (params: PS, { x, noise, walk, context, draws: { t } }: Scene<C>): Real =>
    simulation === undefined || walk === undefined
      ? interpolate(x, noise, t.value)
      : simulated(simulation)(student)(params, walk, t.value, context)

/** The student's samples for a scene. */
export const samplesOf =
  <PS, C, M>(options: Pick<Stage2Options, 'rollout' | 'simulation'>, student: StudentModel<PS, C, M>) =>
  (params: PS, scene: Scene<C>): Rollout => {
    const { noise, innerNoise, context, draws } = scene
    const xt = beginningOf(options, student)(params, scene)
    return rollout(options.rollout)(student)(params, { xt, t: draws.t, noise, innerNoise, context })
  }

const judgedState = <C>({ judgedNoise, draws }: Scene<C>, x: Real): Real =>
  interpolate(x, judgedNoise, draws.judged.value)

const logitsOf =
  <PT, PD, C>({ features, discriminate }: Adversary<PT, PD, C>, teacher: PT, discriminator: PD) =>
  (state: Real, { draws, context }: Scene<C>): Real =>
    discriminate(discriminator, features(teacher, state, draws.judged, context))

// the student's step -------------------------------------------------------------------------

/** The parameters that stand still while the student learns. */
export interface Judges<PT, PF, PD> {
  readonly teacher: PT
  readonly fake: PF
  readonly discriminator: PD
}

export interface StudentLoss extends Rollout {
  /** `vsd + λ generator`, `[]`. */
  readonly loss: Real
  readonly vsd: Vsd
  /** The samples once noised, and what the judges take for the data behind them. */
  readonly judged: Real
  readonly fake: Real
  readonly teacher: Real
  readonly generator?: Real
  readonly logits?: Real
}

/** The student's loss, and its parts. Gradients flow through the samples alone. */
export const studentLoss =
  (options: Omit<Stage2Options, 'learners' | 'r1' | 'fake'>) =>
  <PS, PT, PF, PD, C, M>(models: Stage2Models<PS, PT, PF, PD, C, M>, judges: Judges<PT, PF, PD>) =>
  (params: PS, scene: Scene<C>): StudentLoss => {
    const { context, negative, draws } = scene
    const { y, sample } = samplesOf(options, models.student)(params, scene)
    const judged = judgedState(scene, sample)
    const fake = denoised(models.fake)(judges.fake, judged, draws.judged, context)
    const guided = denoisedGuided(models.teacher, options.guidance)
    const teacher = guided(judges.teacher, judged, draws.judged, context, negative)
    const matched = vsd(options.vsd)({ sample, fake, teacher })
    const parts = { y, sample, judged, fake, teacher, vsd: matched }
    if (models.adversary === undefined) return { ...parts, loss: matched.loss }
    const logits = logitsOf(models.adversary, judges.teacher, judges.discriminator)(judged, scene)
    const generator = generatorLoss(logits)
    return { ...parts, logits, generator, loss: add(matched.loss, scale(options.adversarial)(generator)) }
  }

/** What each term wants of the samples, and of the parameters in sum. */
interface Pull<PS> {
  readonly gradient: PS
  readonly norms: Metrics
}

/** Gradients meet at the samples: each term is pulled there by itself, and their sum goes on through the student once. */
const pull = <PS>(options: Pick<Stage2Options, 'adversarial'>, params: PS, parts: StudentLoss): Pull<PS> => {
  const at = (value: Real): Real => gradOf(value)(parts.sample)
  const ofVsd = at(parts.vsd.loss)
  const ofGenerator = parts.generator === undefined ? undefined : at(scale(options.adversarial)(parts.generator))
  const total = ofGenerator === undefined ? ofVsd : add(ofVsd, ofGenerator)
  return {
    gradient: pullback(parts.sample, total)(params),
    norms: {
      vsdNorm: globalNorm(ofVsd),
      ...(ofGenerator === undefined ? {} : { generatorNorm: globalNorm(ofGenerator) })
    }
  }
}

const certainty = (logits: Real): Real => mean('all')(sigmoid(logits))

/**
 * One update of the student on a scene. Metrics: `loss`, `vsd`, `vsdDirection` (mean square of `g`), `vsdNorm` (of the
 * gradient at the samples), `gradientNorm` (of the parameters' before clipping); with a discriminator `generator`,
 * `generatorNorm` and `certaintyFake`, the mean of `σ(logit)`.
 */
export const studentUpdate =
  <PS, PT, PF, PD, C, M>(models: Stage2Models<PS, PT, PF, PD, C, M>, options: Stage2Options) =>
  (judges: Judges<PT, PF, PD>) =>
  (state: Learner<PS>, scene: Scene<C>): Stepped<Learner<PS>> => {
    const parts = studentLoss(options)(models, judges)(state.params, scene)
    const { gradient, norms } = pull(options, state.params, parts)
    const { learner, norm } = learn(options.learners.student)(state, gradient)
    const { generator, logits } = parts
    return {
      state: learner,
      metrics: {
        loss: parts.loss,
        vsd: parts.vsd.loss,
        vsdDirection: mean('all')(square(parts.vsd.direction)),
        gradientNorm: norm,
        ...norms,
        ...(generator === undefined ? {} : { generator }),
        ...(logits === undefined ? {} : { certaintyFake: certainty(logits) })
      }
    }
  }

/** `studentUpdate` as a step: what is random comes from its key. */
export const studentStep =
  <PS, PT, PF, PD, C, M>(models: Stage2Models<PS, PT, PF, PD, C, M>, options: Stage2Options) =>
  (judges: Judges<PT, PF, PD>): Step<Learner<PS>, C, Stage2Draws> =>
  (state, batch, draws, key) =>
    studentUpdate(models, options)(judges)(state, sceneOf(batch, draws, key, options.simulation))

// the critics' step --------------------------------------------------------------------------

/** The fake score and the discriminator; of the latter `{}` parameters where none takes part. */
export interface Critics<PF, PD> {
  readonly fake: Learner<PF>
  readonly discriminator: Learner<PD>
}

/** The parameters that stand still while the critics learn. */
export interface Players<PS, PT> {
  readonly student: PS
  readonly teacher: PT
}

export interface DiscriminatorParts {
  /** `2 ln 2` at the start, plus the penalty. */
  readonly loss: Real
  readonly game: Real
  readonly penalty: Real
  readonly real: Real
  readonly fake: Real
  readonly perturbed: Real
}

/** The discriminator's loss on the student's samples and on the batch's data, noised alike. */
export const discriminatorParts =
  (r1: R1Options) =>
  <PT, PD, C>(adversary: Adversary<PT, PD, C>, teacher: PT) =>
  (params: PD, sample: Real, scene: Scene<C>): DiscriminatorParts => {
    const logits = logitsOf(adversary, teacher, params)
    const data = judgedState(scene, scene.x)
    const real = logits(data, scene)
    const fake = logits(judgedState(scene, sample), scene)
    const perturbed = logits(advance(r1.form === 'consistent' ? data : scene.x, r1.alpha, scene.r1Noise), scene)
    const game = discriminatorLoss(real, fake)
    const penalty = approximateR1(real, perturbed)
    const loss = r1.weight === 0 ? game : add(game, scale(r1.weight)(penalty))
    return { loss, game, penalty, real, fake, perturbed }
  }

/** The fake score's loss on the student's samples. */
export const fakeLoss =
  (space: RegressionSpace) =>
  <PF, C>(model: VelocityModel<PF, C>) =>
  (params: PF, sample: Real, scene: Scene<C>): Regression & { readonly v: Real } => {
    const xt = judgedState(scene, sample)
    const { judged } = scene.draws
    const v = model(params, xt, judged, scene.context)
    return { v, ...fakeScoreLoss(space)({ v, xt, t: judged.value, x: sample, noise: scene.judgedNoise }) }
  }

const discriminatorUpdate = <PS, PT, PF, PD, C, M>(
  { adversary }: Stage2Models<PS, PT, PF, PD, C, M>,
  { r1, learners }: Stage2Options,
  teacher: PT,
  learner: Learner<PD>,
  sample: Real,
  scene: Scene<C>
): { readonly learner: Learner<PD>; readonly metrics: Metrics } => {
  if (adversary === undefined) return { learner, metrics: {} }
  const parts = discriminatorParts(r1)(adversary, teacher)(learner.params, sample, scene)
  const learned: Learned<PD> = learn(learners.discriminator)(learner, gradOf(parts.loss)(learner.params))
  const metrics = {
    discriminator: parts.game,
    discriminatorGradientNorm: learned.norm,
    certaintyReal: certainty(parts.real),
    certaintyFake: certainty(parts.fake),
    ...(r1.weight === 0 ? {} : { r1: parts.penalty })
  }
  return { learner: learned.learner, metrics }
}

/**
 * One update of the critics on a scene, both from the parameters as they are. Metrics: `fake`, `fakeGradientNorm`; with
 * a discriminator `discriminator`, `discriminatorGradientNorm`, `certaintyReal`, `certaintyFake`, and `r1` where it has
 * weight.
 */
export const criticsUpdate =
  <PS, PT, PF, PD, C, M>(models: Stage2Models<PS, PT, PF, PD, C, M>, options: Stage2Options) =>
  ({ student, teacher }: Players<PS, PT>) =>
  (state: Critics<PF, PD>, scene: Scene<C>): Stepped<Critics<PF, PD>> => {
    const { sample } = samplesOf(options, models.student)(student, scene)
    const { loss } = fakeLoss(options.fake)(models.fake)(state.fake.params, sample, scene)
    const fake = learn(options.learners.fake)(state.fake, gradOf(loss)(state.fake.params))
    const disc = discriminatorUpdate(models, options, teacher, state.discriminator, sample, scene)
    return {
      state: { fake: fake.learner, discriminator: disc.learner },
      metrics: { fake: loss, fakeGradientNorm: fake.norm, ...disc.metrics }
    }
  }

/** `criticsUpdate` as a step: what is random comes from its key. */
export const criticsStep =
  <PS, PT, PF, PD, C, M>(models: Stage2Models<PS, PT, PF, PD, C, M>, options: Stage2Options) =>
  (players: Players<PS, PT>): Step<Critics<PF, PD>, C, Stage2Draws> =>
  (state, batch, draws, key) =>
    criticsUpdate(models, options)(players)(state, sceneOf(batch, draws, key, options.simulation))

/** One iteration of stage 2: rollout, distillation, the game, the fake score, the penalty; and distillation of pairs. */
import { gradOf } from '../../../src/autodiff/grad.ts'
import type { Expr } from '../../../src/core/Expr.ts'
import type { Real } from '../../../src/nn/params.ts'
import { constantTime } from '../../../src/nn/time.ts'
import { latest } from '../../../src/flow/schedule.ts'
import { scale } from '../../../src/ops/api.ts'
import { pairLoss } from '../../../src/tmd/flowMatching.ts'
import { toSampleAsPrinted } from '../../../src/tmd/innerFlow.ts'
import { denoised } from '../../../src/tmd/model.ts'
import { discriminatorParts, fakeLoss, stage2Defaults, studentLoss, type Scene } from '../../../src/tmd/stage2.ts'
import type { Fusion } from '../../../src/tmd/student.ts'
import { vsd } from '../../../src/tmd/vsd.ts'
import { interpolate } from '../../../src/flow/path.ts'
import type { Adapter, Case, Tensors } from '../case.ts'
import { expected, given, type Golden } from './expected.ts'
import { gradientOutputs } from './gradients.ts'
import {
  adversary,
  configOf,
  discriminatorInputs,
  doubles,
  hosted,
  negativeOf,
  plain,
  studentModel,
  timesOf,
  velocityModel
} from './networks.ts'

type Outputs = Readonly<Record<string, Expr>>

interface Stage2Case {
  readonly case: string
  readonly H: number
  readonly fusion: Fusion
  readonly noise: 'sampled' | 'implied'
}

const graph = (set: Golden, inputs: Tensors, name: string, outputs: Outputs): Case => {
  const stored = Object.fromEntries(Object.entries(outputs).filter(([key]) => set.tensors.has(key)))
  return { name, outputs: stored, inputs, expected: expected(set, Object.keys(stored)) }
}

const caseOf = (set: Golden, networks: Tensors, row: Stage2Case): ReadonlyArray<Case> => {
  const of = given(set)
  const name = row.case
  const { inputs: draws, values } = hosted({ t: timesOf(set, 't'), judged: timesOf(set, 't_dmd') }, 'draws')
  const batch = doubles(set, 't').length
  const negative = negativeOf(set, batch)
  const scene: Scene<Real> = {
    x: of('x'),
    context: of('c'),
    negative,
    noise: of('x1'),
    innerNoise: of('y1'),
    judgedNoise: of('eps'),
    r1Noise: of('r1_noise'),
    draws
  }
  const real: Scene<Real> = { ...scene, x: of('x_real') }
  const { params, model } = studentModel(set, row.fusion, row.H)
  const velocity = velocityModel(set)
  const models = { student: model, teacher: velocity, fake: velocity, adversary: adversary(set) }
  const judges = { teacher: plain(set, 'teacher'), fake: plain(set, 'fake'), discriminator: discriminatorInputs(set) }
  const options = {
    ...stage2Defaults,
    guidance: Number(set.manifest['omega']),
    adversarial: Number(set.manifest['lambda_gan']),
    rollout: {
      target: 'velocity' as const,
      noise: row.noise,
      grid: [...doubles(set, 'inner_grid')],
      sample: 'consistent' as const
    }
  }
  const parts = studentLoss(options)(models, judges)(params, scene)
  const printed = vsd({ normaliser: 'paper', epsilon: 0 })(parts)
  const generator = parts.generator ?? parts.loss
  const at = (key: string): string => `${name}.${key}`
  const ofSample = (value: Real): Expr => gradOf(value)(parts.sample)
  const features = (x: Real): Outputs =>
    Object.fromEntries(
      models.adversary.features(judges.teacher, x, draws.judged, of('c')).map((f, k) => [String(k), f])
    )
  const noised = interpolate(of('x_real'), of('eps'), draws.judged.value)
  const both = (key: string, x: Real): Outputs =>
    Object.fromEntries(Object.entries(features(x)).map(([k, f]) => [at(`gan.${key}.${k}`), f]))
  const game = (form: 'consistent' | 'fastgen') =>
    discriminatorParts({ weight: 0, alpha: Number(set.manifest['r1_alpha']), form })(models.adversary, judges.teacher)(
      judges.discriminator,
      parts.sample,
      real
    )
  const plainly = game('consistent')
  const fakeOf = (space: 'data' | 'velocity') => fakeLoss(space)(velocity)(judges.fake, parts.sample, scene)
  const inputs = new Map([...networks, ...set.tensors, ...values])
  const make = (title: string, outputs: Outputs): Case => graph(set, inputs, `${name}, ${title}`, outputs)
  const D = (which: Real): Real => denoised(velocity)(judges.teacher, parts.judged, draws.judged, which)
  return [
    make('rollout and judges', {
      [at('x_t')]: interpolate(of('x'), of('x1'), draws.t.value),
      [at('yhat')]: parts.y,
      [at('xhat')]: parts.sample,
      [at('xhat_literal')]: toSampleAsPrinted(of('x1'))(parts.y),
      [at('xhat_t')]: parts.judged,
      [at('D_fake')]: parts.fake,
      [at('D_pos')]: D(of('c')),
      [at('D_neg')]: D(negative),
      [at('D_teacher')]: parts.teacher
    }),
    make('distillation', {
      [at('vsd.fastgen.weight')]: parts.vsd.weight,
      [at('vsd.fastgen.g')]: parts.vsd.direction,
      [at('vsd.fastgen.loss')]: parts.vsd.loss,
      [at('vsd.fastgen.grad.xhat')]: ofSample(parts.vsd.loss),
      ...gradientOutputs(set, at('vsd.fastgen'), row.fusion, gradOf(parts.vsd.loss)(params))
    }),
    make('distillation as printed', {
      [at('vsd.paper.weight')]: printed.weight,
      [at('vsd.paper.g')]: printed.direction,
      [at('vsd.paper.loss')]: printed.loss,
      [at('vsd.paper.grad.xhat')]: ofSample(printed.loss),
      ...gradientOutputs(set, at('vsd.paper'), row.fusion, gradOf(printed.loss)(params))
    }),
    make('generator', {
      ...both('feature_fake', parts.judged),
      ...both('feature_real', noised),
      [at('gan.logits_fake')]: plainly.fake,
      [at('gan.logits_real')]: plainly.real,
      [at('gan.gen_loss')]: generator,
      [at('gan.gen.grad.xhat')]: ofSample(generator),
      ...gradientOutputs(set, at('gan.gen'), row.fusion, gradOf(generator)(params))
    }),
    make('student', {
      [at('student.loss')]: parts.loss,
      ...gradientOutputs(set, at('student'), row.fusion, gradOf(parts.loss)(params))
    }),
    make('discriminator', {
      [at('gan.disc_loss')]: plainly.game,
      ...gradientOutputs(set, at('gan.disc'), 'disc', gradOf(plainly.game)(judges.discriminator))
    }),
    ...(['consistent', 'fastgen'] as const)
      .filter((form) => set.tensors.has(at(`r1.${form}.loss`)))
      .map((form) => {
        const { penalty, perturbed } = game(form)
        return make(`penalty, ${form}`, {
          [at(`r1.${form}.loss`)]: penalty,
          [at(`r1.${form}.logits_perturbed`)]: perturbed,
          ...gradientOutputs(set, at(`r1.${form}`), 'disc', gradOf(penalty)(judges.discriminator))
        })
      }),
    ...(
      [
        ['x0', 'data'],
        ['flow', 'velocity']
      ] as const
    ).map(([key, space]) => {
      const { v, loss, perSample } = fakeOf(space)
      return make(`fake score, ${key}`, {
        [at('fake.v')]: v,
        [at(`fake.${key}.loss`)]: loss,
        [at(`fake.${key}.per_sample`)]: perSample,
        ...gradientOutputs(set, at(`fake.${key}`), 'plain', gradOf(loss)(judges.fake))
      })
    })
  ]
}

const pairs = (set: Golden, networks: Tensors): ReadonlyArray<Case> => {
  const of = given(set)
  const velocity = velocityModel(set)
  const params = plain(set, 'fake')
  const noise = of('kd.noise')
  const t = constantTime(noise.shape[0] ?? 1, configOf(set).freq_dim)(latest)
  const starts: Readonly<Record<string, Real>> = { noise, scaled: scale(latest)(noise) }
  return Object.entries(starts).map(([name, start]) => {
    const loss = pairLoss(velocity)(params, { start, x: of('kd.x'), t, context: of('c') })
    return graph(set, new Map([...networks, ...set.tensors]), `pairs, ${name}`, {
      [`kd.${name}.x0`]: denoised(velocity)(params, start, t, of('c')),
      [`kd.${name}.loss`]: loss,
      ...gradientOutputs(set, `kd.${name}`, 'plain', gradOf(loss)(params))
    })
  })
}

export const stage2 =
  (networks: Tensors): Adapter =>
  (manifest, tensors) => {
    const set = { manifest, tensors }
    const rows = (manifest['cases'] as ReadonlyArray<Stage2Case>).filter(({ fusion }) => fusion !== undefined)
    return [...rows.flatMap((row) => caseOf(set, networks, row)), ...pairs(set, networks)]
  }

import { describe, expect, it } from 'vitest'
import { exprs } from '../../src/autodiff/grad.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { fold, key, type Key } from '../../src/core/Key.ts'
import { floats, tensor, type Tensor } from '../../src/core/Tensor.ts'
import * as G from '../../src/flow/gaussian.ts'
import { grid } from '../../src/flow/schedule.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { inputsFor, named, tensors, type Real } from '../../src/nn/params.ts'
import { add, constant, input, mul, scale, sub } from '../../src/ops/api.ts'
import { divide } from '../../src/ops/perSample.ts'
import { adamWDefaults } from '../../src/optim/adamw.ts'
import { untrained, type Learner, type LearnerOptions } from '../../src/optim/learner.ts'
import { constantSchedule } from '../../src/optim/schedule.ts'
import {
  stage1DrawDefaults,
  stage1Draws,
  stage2Draws,
  stage2Law,
  teacherDraws,
  type Stage1Draws,
  type Stage2Draws,
  type TeacherDraws
} from '../../src/tmd/draws.ts'
import { meanFlowDefaults } from '../../src/tmd/meanFlowLoss.ts'
import { withoutHead, type StudentModel, type VelocityModel } from '../../src/tmd/model.ts'
import { stage1, teacherStep, type Stepped } from '../../src/tmd/stage1.ts'
import {
  criticsStep,
  stage2Defaults,
  studentStep,
  turnOf,
  type Critics,
  type Stage2Models,
  type Stage2Options
} from '../../src/tmd/stage2.ts'

const batch = 32
const frequencies = 2
const outer = grid({ steps: 1, gamma: 10, rule: 'plain' })
const inner = grid({ steps: 2, gamma: 10, rule: 'plain' })

const learner = (rate: number): LearnerOptions => ({
  ...adamWDefaults,
  decay: 0,
  rate: constantSchedule(rate),
  clip: 10,
  scrub: true,
  average: 'none'
})

const words = (k: Key): Tensor => tensor('u32', [2], Uint32Array.from(k))
const data: Tensor = floats(
  [batch, 1],
  Array.from({ length: batch }, (_, i) => 0.3 * Math.cos(2 * i))
)
const x = input('x', 'f32', [batch, 1])
const clips = { x, context: x, negative: x }

const valuesOf = (roots: ReadonlyArray<Expr>, environment: ReadonlyMap<string, Tensor>): ReadonlyArray<Tensor> => {
  const result = evaluate(environment)(roots)
  if (E.isLeft(result)) throw new Error(result.left.map(show).join('; '))
  return result.right
}

interface Ran<S> {
  readonly state: S
  readonly metrics: ReadonlyMap<string, number>
}

/** A step as a function of tensors. `state` and `draws` are trees of tensors, of inputs in the step. */
const run =
  <S, D>(step: (state: S, draws: D, key: Expr<'u32'>) => Stepped<S>) =>
  <T>(state: T, draws: unknown, k: Key, fixed: ReadonlyMap<string, Tensor> = new Map()): Ran<T> => {
    const inputs = inputsFor(state, 'state') as unknown as S
    const made = step(inputs, inputsFor(draws, 'draws') as unknown as D, input('key', 'u32', [2]))
    const outputs = [...exprs.flatten(made.state, 'state'), ...Object.entries(made.metrics)]
    const given = [...named(state, 'state'), ...named(draws, 'draws'), ['key', words(k)], ['x', data]] as const
    const values = valuesOf(
      outputs.map(([, node]) => node),
      new Map([...fixed, ...given])
    )
    const found = new Map(outputs.map(([name], i) => [name, values[i] as Tensor]))
    return {
      state: tensors.map(state, (old, name) => found.get(`state.${name}`) ?? old) as T,
      metrics: new Map(Object.keys(made.metrics).map((name) => [name, found.get(name)?.data[0] ?? NaN]))
    }
  }

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length

interface Line<A = Real> {
  readonly gain: A
  readonly bias: A
}
const line = (gain: number, bias: number): Line<Tensor> => ({ gain: floats([1], [gain]), bias: floats([1], [bias]) })
const affine = ({ gain, bias }: Line, y: Real): Real => add(mul(y, gain), bias)

/** A metric over many steps. */
const course = <S, D>(
  step: (state: S, draws: D, key: Expr<'u32'>) => Stepped<S>,
  draws: (k: Key, batch: number) => unknown,
  metric: string
): ReadonlyArray<number> =>
  Array.from({ length: 60 }, (_, i) => fold(key(1), i)).reduce<{
    readonly state: Learner<Line<Tensor>, Tensor>
    readonly seen: ReadonlyArray<number>
  }>(
    ({ state, seen }, k) => {
      const ran = run(step)(state, draws(k, batch), k)
      return { state: ran.state, seen: [...seen, ran.metrics.get(metric) ?? NaN] }
    },
    { state: untrained(line(-1, 1), false), seen: [] }
  ).seen

describe('the step of a teacher', () => {
  it('brings the error of a velocity down', () => {
    const step = teacherStep<Line, Real>((params, y) => affine(params, y), learner(0.05))
    const seen = course(
      (state: Learner<Line>, draws: TeacherDraws, k) => step(state, clips, draws, k),
      teacherDraws({ law: stage2Law, dropout: 0.1, frequencies }),
      'loss'
    )
    expect(mean(seen.slice(-5))).toBeLessThan(0.6 * mean(seen.slice(0, 5)))
  })
})

describe('the step of stage 1', () => {
  it('brings the error of a head down', () => {
    const student: StudentModel<Line, Real> = { backbone: (_, xt) => xt, head: (params, m) => affine(params, m) }
    const step = stage1(student, { loss: meanFlowDefaults, learner: learner(0.05) })
    const seen = course(
      (state: Learner<Line>, draws: Stage1Draws, k) => step(state, clips, draws, k),
      stage1Draws({ ...stage1DrawDefaults, outer, inner, frequencies }),
      'headError'
    )
    expect(mean(seen.slice(-5))).toBeLessThan(0.6 * mean(seen.slice(0, 5)))
  })
})

// a student of one number: samples are noise of the right spread around a mean that it learns ------------------------

const deviation = 0.5
const spread = (mean_: Real): G.Gaussian => ({ mean: mean_, deviation: constant([], [deviation]) as Real })

/** The velocity at which `x_t − t v` is `mean + deviation · x_t`. */
const oneStep: VelocityModel<Line, Real> = ({ bias }, xt, t) =>
  divide(t.value)(sub(sub(xt, scale(deviation)(xt)), bias))
const gaussian: VelocityModel<Line, Real> = ({ bias }, xt, t) => G.velocity(spread(bias))(xt, t.value)

const models: Stage2Models<Line, Line, Line, object, Real, Real> = {
  student: withoutHead(oneStep),
  teacher: gaussian,
  fake: gaussian
}
const options: Stage2Options = {
  ...stage2Defaults,
  guidance: 1,
  rollout: { target: 'velocity', noise: 'implied', grid: [0, 0.999], sample: 'consistent' },
  learners: { student: learner(0.1), fake: learner(0.2), discriminator: learner(0) }
}

interface World {
  readonly student: Learner<Line<Tensor>, Tensor>
  readonly fake: Learner<Line<Tensor>, Tensor>
}

const teacher = line(0, 0)
const draws = stage2Draws({ outer, law: stage2Law, frequencies })
const biasOf = ({ params }: Learner<Line<Tensor>, Tensor>): number => params.bias.data[0] ?? NaN

/** One iteration of the alternation, or of one that never asks the critics. */
const iterate =
  (every: number) =>
  (world: World, i: number): World => {
    const k = fold(key(9), i)
    const standing = (tree: Line<Tensor>, name: string): Line => inputsFor(tree, name) as unknown as Line
    if (turnOf(every)(i) === 'student') {
      const judges = {
        teacher: standing(teacher, 'teacher'),
        fake: standing(world.fake.params, 'fake'),
        discriminator: {}
      }
      const step = studentStep(models, options)(judges)
      const given = new Map([...named(teacher, 'teacher'), ...named(world.fake.params, 'fake')])
      const ran = run((state: Learner<Line>, d: Stage2Draws, one) => step(state, clips, d, one))
      return { ...world, student: ran(world.student, draws(k, batch), k, given).state }
    }
    const players = { teacher: standing(teacher, 'teacher'), student: standing(world.student.params, 'student') }
    const step = criticsStep(models, options)(players)
    const given = new Map([...named(teacher, 'teacher'), ...named(world.student.params, 'student')])
    const nobody = untrained({}, false)
    const ran = run((state: Critics<Line, object>, d: Stage2Draws, one) => step(state, clips, d, one))
    return { ...world, fake: ran({ fake: world.fake, discriminator: nobody }, draws(k, batch), k, given).state.fake }
  }

describe('the steps of stage 2', () => {
  const begin: World = { student: untrained(line(0, 1.5), false), fake: untrained(line(0, 1.5), false) }

  it('in turn move a student to its teacher, and the fake score with it', () => {
    const end = Array.from({ length: 150 }, (_, i) => i + 1).reduce(iterate(3), begin)

    expect(Math.abs(biasOf(end.student))).toBeLessThan(0.4)
    expect(Math.abs(biasOf(end.fake) - biasOf(end.student))).toBeLessThan(0.4)
  })

  it('leave a student where it is that the fake score already takes for the teacher', () => {
    const deceived: World = { ...begin, fake: untrained(line(0, 0), false) }
    const { student } = [1, 2, 3].reduce(iterate(1), deceived)

    expect(biasOf(student)).toBeCloseTo(1.5, 12)
  })

  it('of the critics do not touch the student', () => {
    const { student } = [1, 2].reduce(iterate(3), begin)

    expect(student).toEqual(begin.student)
  })
})

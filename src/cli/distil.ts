/**
 * `fluxion distil FILE`: both stages of a distillation. Each stage is a run of its own inside the run's folder, with its
 * checkpoints and metrics; what has been finished is not done again.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pipe, TE } from '../core/fp.ts'
import { fold, key, type Key } from '../core/Key.ts'
import type { Tensor } from '../core/Tensor.ts'
import type { Images } from '../data/digits.ts'
import { hash, load, show } from '../io/config.ts'
import { log } from '../io/run.ts'
import type { Tensors } from '../io/safetensors.ts'
import { drawn, tensors } from '../nn/params.ts'
import type { Device } from '../runtime/device.ts'
import { turnOf } from '../tmd/stage2.ts'
import { digits } from './clips.ts'
import { distilSchema, type DistilConfig, type TeacherConfig } from './configs.ts'
import {
  adversaryParameters,
  isAdversarial,
  stage1Feed,
  stage1Program,
  stage2Feed,
  stage2Programs,
  type Plan
} from './distilSteps.ts'
import { io, ofConfig, type Task } from './Failure.ts'
import { beginning } from './learners.ts'
import { loadModel, saveModel, teacherKind, under, type Model } from './models.ts'
import { screen } from './progress.ts'
import { extrasInit, studentKind } from './student.ts'
import { averageOf, openRun, startOf, stopper, type TrainOptions } from './train.ts'
import { withDevice } from './devices.ts'
import { compileStep, download, train, upload, type Job, type Place } from './training.ts'

/** Everything that both stages work with. */
interface Scene {
  readonly device: Device
  readonly plan: Plan
  readonly images: Images
  readonly teacher: Model<TeacherConfig>
  readonly folder: string
  readonly stop: Place['stop']
}

/** A stage: what it is called, its state before the first step, and its job. */
interface Stage {
  readonly name: 'stage1' | 'stage2'
  readonly beginning: () => ReadonlyMap<string, Tensor>
  readonly job: Task<Omit<Job, 'label' | 'frozen'>>
}

export const stageFolder = (folder: string, stage: Stage['name']): string => join(folder, stage)

/** The file that a finished stage leaves. */
export const stageFile = (folder: string, stage: Stage['name']): string =>
  join(stageFolder(folder, stage), 'student.safetensors')

const words = ({ teacher }: Scene): Tensors =>
  new Map([...teacher.tensors].filter(([name]) => name.startsWith('token_embedding.')))

const isNetwork = (name: string): boolean => !name.startsWith('token_embedding.')

/** The teacher's network, without its words. */
const networkOf = ({ teacher }: Scene): Tensors => new Map([...teacher.tensors].filter(([name]) => isNetwork(name)))

/** Runs a stage from where it stands; the result is the average of the student's weights, with the teacher's words. */
const runStage = (scene: Scene, { name, beginning: first, job }: Stage): Task<Tensors> => {
  const { device, plan, folder, teacher } = scene
  const text = show(distilSchema, plan.distil)
  const finished = stageFile(folder, name)
  if (existsSync(finished))
    return pipe(
      loadModel(studentKind, finished),
      TE.map((model) => model.tensors)
    )
  return pipe(
    TE.Do,
    TE.bind('run', () => openRun(stageFolder(folder, name), text, device)),
    TE.let(
      'place',
      ({ run }): Place => ({ run, configHash: hash(text), screen: screen(process.stderr), stop: scene.stop })
    ),
    TE.bind('frozen', () => upload(device, under('teacher', teacher.tensors))),
    TE.bind('steps', () => job),
    TE.bind('from', ({ place }) => startOf(device, place, first)),
    TE.tap(({ run, from }) => io(log(run, 'info', `${name} goes on from step ${from.step}`))),
    TE.bind('state', ({ steps, frozen, place, from }) => train(device, { ...steps, label: name, frozen }, place)(from)),
    TE.bind('average', ({ state }) => download(device, averageOf(state, 'student'))),
    TE.map(({ average, state, frozen }) => {
      device.release([...state.values(), ...frozen.values()])
      return new Map([...average, ...words(scene)])
    }),
    TE.tap((all) =>
      saveModel(
        studentKind,
        { path: finished, config: { distil: plan.distil, teacher: plan.teacher }, tensors: all },
        'f32'
      )
    )
  )
}

const namedLearner = (params: Tensors, prefix: string): ReadonlyMap<string, Tensor> =>
  new Map(tensors.flatten(beginning(Object.fromEntries(params)), prefix))

const stageKey = (config: DistilConfig, stage: number): Key => fold(key(config.seed), stage)

const stage1Of = (scene: Scene): Stage => {
  const { device, plan, images } = scene
  const { distil, teacher } = plan
  const extras = new Map(tensors.flatten(extrasInit(teacher, distil.student, stageKey(distil, 0))))
  return {
    name: 'stage1',
    beginning: () => namedLearner(new Map([...networkOf(scene), ...extras]), 'student'),
    job: pipe(
      compileStep(device, stage1Program(plan)),
      TE.map((step) => ({
        steps: distil.stage1.steps,
        key: stageKey(distil, 1),
        stepOf: () => step,
        inputsOf: stage1Feed(images, plan),
        checkpointEvery: distil.stage1.checkpointEvery,
        logEvery: distil.stage1.logEvery,
        shown: ['loss', 'headError', 'gradientNorm']
      }))
    )
  }
}

const withoutAverage = (state: ReadonlyMap<string, Tensor>, prefix: string): ReadonlyMap<string, Tensor> =>
  new Map([...state].filter(([name]) => !name.startsWith(`${prefix}.average.`)))

/** A discriminator that begins; nothing where none takes part. */
const adversaryBeginning = (plan: Plan): ReadonlyMap<string, Tensor> =>
  isAdversarial(plan)
    ? withoutAverage(
        new Map(
          tensors.flatten(beginning(drawn(adversaryParameters(plan))(stageKey(plan.distil, 3))), 'discriminator')
        ),
        'discriminator'
      )
    : new Map()

/** The student learns at every `every`-th step, the critics at all others; steps count from 1 there. */
const stage2Of = (scene: Scene, student: Tensors): Stage => {
  const { device, plan, images } = scene
  const { stage2 } = plan.distil
  const network = new Map([...student].filter(([name]) => isNetwork(name)))
  return {
    name: 'stage2',
    beginning: () =>
      new Map([
        ...namedLearner(network, 'student'),
        ...withoutAverage(namedLearner(networkOf(scene), 'fake'), 'fake'),
        ...adversaryBeginning(plan)
      ]),
    job: pipe(
      TE.Do,
      TE.let('programs', () => stage2Programs(plan)),
      TE.bind('student', ({ programs }) => compileStep(device, programs.student)),
      TE.bind('critics', ({ programs }) => compileStep(device, programs.critics)),
      TE.map((steps) => ({
        steps: stage2.steps,
        key: stageKey(plan.distil, 2),
        stepOf: (step: number) => steps[turnOf(stage2.every)(step + 1)],
        inputsOf: stage2Feed(images, plan),
        checkpointEvery: stage2.checkpointEvery,
        logEvery: stage2.logEvery,
        shown: ['fake', 'vsdDirection', 'gradientNorm']
      }))
    )
  }
}

/** A student as it is before any stage: its teacher, and the extras as they are drawn. */
const untrained = (scene: Scene): Tensors => {
  const { distil, teacher } = scene.plan
  const extras = tensors.flatten(extrasInit(teacher, distil.student, stageKey(distil, 0)))
  return new Map([...scene.teacher.tensors, ...extras])
}

/** Both stages; the result is the path of the student. */
export const distilWith =
  (config: DistilConfig, folder: string) =>
  (device: Device): Task<string> =>
    pipe(
      TE.Do,
      TE.bind('teacher', () => loadModel(teacherKind, config.teacher)),
      TE.bind('images', () => digits),
      TE.bind('run', () => openRun(folder, show(distilSchema, config), device)),
      TE.let(
        'scene',
        ({ teacher, images }): Scene => ({
          device,
          plan: { distil: config, teacher: teacher.config },
          images: images.training,
          teacher,
          folder,
          stop: stopper()
        })
      ),
      TE.bind('first', ({ scene }) =>
        config.stage1.steps === 0 ? TE.right(untrained(scene)) : runStage(scene, stage1Of(scene))
      ),
      TE.flatMap(({ scene, first }) => runStage(scene, stage2Of(scene, first))),
      TE.as(stageFile(folder, 'stage2'))
    )

/** Distils; the result is the path of the finished student. */
export const distilCommand = (options: TrainOptions): Task<string> =>
  pipe(
    load(distilSchema)(options.file, options.overrides),
    TE.mapLeft(ofConfig),
    TE.flatMap((config) => withDevice(options.device)(distilWith(config, join(options.runs, config.name))))
  )

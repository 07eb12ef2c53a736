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
import { load, show } from '../io/config.ts'
import { log } from '../io/run.ts'
import type { Tensors } from '../io/safetensors.ts'
import { drawn } from '../nn/params.ts'
import type { Device } from '../runtime/device.ts'
import { turnOf } from '../tmd/stage2.ts'
import { digits } from './clips.ts'
import { distilSchema, type DistilConfig, type TeacherConfig } from './configs.ts'
import { withDevice } from './devices.ts'
import {
  adversaryParameters,
  isAdversarial,
  misfit,
  stage1Feed,
  stage1Program,
  stage2Feed,
  stage2Programs,
  type Plan
} from './distilSteps.ts'
import { failure, io, ofConfig, type Task } from './Failure.ts'
import { beginning } from './learners.ts'
import { averageOf, describeLearner, loadModel, saveModel, teacherKind, under, type Model } from './models.ts'
import { compileStep, download, upload, without } from './programs.ts'
import { located } from './packaged.ts'
import { openRun, placeOf, startOf, stoppable } from './runs.ts'
import { gatherMetrics, logEnd, stageFile, stageFolder, type StageName } from './stages.ts'
import { extrasInit, studentKind } from './student.ts'
import type { TrainOptions } from './train.ts'
import { train, type Job, type Place, type Point } from './training.ts'

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
  readonly name: StageName
  readonly beginning: () => Tensors
  readonly job: Task<Omit<Job, 'label' | 'frozen' | 'about' | 'beginning'>>
}

// what a teacher is made of ------------------------------------------------------------------

const isWords = (name: string): boolean => name.startsWith('token_embedding.')

/** The vectors of its words, which its students share. */
const wordsOf = (model: Tensors): Tensors => new Map([...model].filter(([name]) => isWords(name)))

/** The network without its words. */
const networkOf = (model: Tensors): Tensors => new Map([...model].filter(([name]) => !isWords(name)))

// stages ---------------------------------------------------------------------------------

/** The words among the student's averages: no step changes them, and every checkpoint is a whole student. */
const withWords = ({ device, teacher }: Scene, point: Point): Task<Point> =>
  pipe(
    upload(device, without(under('student.average', wordsOf(teacher.tensors)), point.state)),
    TE.map((words) => ({ ...point, state: new Map([...point.state, ...words]) }))
  )

/** Runs a stage from where it stands; the result is the average of the student's weights, with the teacher's words. */
const runStage = (scene: Scene, stage: Stage): Task<Tensors> => {
  const { name } = stage
  const { device, plan, folder, teacher } = scene
  const about = describeLearner(studentKind, plan, 'student')
  const text = show(distilSchema, plan.distil)
  const finished = stageFile(folder, name)
  if (existsSync(finished))
    return pipe(
      loadModel(studentKind, finished),
      TE.filterOrElse(
        ({ config }) => show(distilSchema, config.distil) === text,
        () => failure(`${finished}: was made with another configuration; give this run another name`)
      ),
      TE.map((model) => model.tensors)
    )
  return pipe(
    TE.Do,
    TE.bind('run', () => openRun(stageFolder(folder, name), text, device)),
    TE.let('place', ({ run }) => placeOf(run, text, scene.stop)),
    TE.bind('frozen', () => upload(device, under('teacher', teacher.tensors))),
    TE.bind('job', () => stage.job),
    TE.bind('found', ({ place }) => startOf(device, place, stage.beginning)),
    TE.bind('from', ({ found }) => withWords(scene, found)),
    TE.tap(({ run, from }) => io(log(run, 'info', `${name} goes on from step ${from.step}`))),
    TE.bind('end', ({ job, frozen, place, from }) =>
      train(device, { ...job, label: name, frozen, about, beginning: stage.beginning }, place)(from)
    ),
    TE.bind('tensors', ({ end }) => download(device, averageOf(end.state, 'student'))),
    TE.tapIO(
      ({ end, frozen }) =>
        () =>
          device.release([...end.state.values(), ...frozen.values()])
    ),
    TE.tap(({ run, end }) => logEnd(run, name, end)),
    TE.tap(({ tensors }) => saveModel(studentKind, { path: finished, config: plan, tensors }, 'f32')),
    TE.map(({ tensors }) => tensors)
  )
}

const stageKey = (config: DistilConfig, stage: number): Key => fold(key(config.seed), stage)

/** Numbers for what a student has more than its teacher. */
const extrasOf = ({ distil, teacher }: Plan): Tensors => extrasInit(teacher, distil.student, stageKey(distil, 0))

const treeOf = (model: Tensors): Readonly<Record<string, Tensor>> => Object.fromEntries(model)

const stage1Of = (scene: Scene): Stage => {
  const { device, plan, images, teacher } = scene
  const { stage1 } = plan.distil
  return {
    name: 'stage1',
    beginning: () => {
      const student = new Map([...networkOf(teacher.tensors), ...extrasOf(plan)])
      return beginning(treeOf(student), 'student', 'averaged')
    },
    job: pipe(
      compileStep(device, stage1Program(plan)),
      TE.map((step) => ({
        steps: stage1.steps,
        key: stageKey(plan.distil, 1),
        stepOf: () => step,
        inputsOf: stage1Feed(images, plan),
        checkpointEvery: stage1.checkpointEvery,
        logEvery: stage1.logEvery,
        shown: ['loss', 'headError', 'gradientNorm']
      }))
    )
  }
}

/** A discriminator that begins; nothing where none takes part. */
const adversaryBeginning = (plan: Plan): Tensors =>
  isAdversarial(plan)
    ? beginning(drawn(adversaryParameters(plan))(stageKey(plan.distil, 3)), 'discriminator', 'plain')
    : new Map()

/** The student learns at every `every`-th step, the critics at all others; steps count from 1 there. */
const stage2Of = (scene: Scene, student: Tensors): Stage => {
  const { device, plan, images, teacher } = scene
  const { stage2 } = plan.distil
  return {
    name: 'stage2',
    beginning: () =>
      new Map([
        ...beginning(treeOf(networkOf(student)), 'student', 'averaged'),
        ...beginning(treeOf(networkOf(teacher.tensors)), 'fake', 'plain'),
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

// both -----------------------------------------------------------------------------------

/** A student as it is before any stage: its teacher, and the extras as they are drawn. */
const undistilled = ({ plan, teacher }: Scene): Tensors => new Map([...teacher.tensors, ...extrasOf(plan)])

const inTurn = (scene: Scene): Task<Tensors> =>
  pipe(
    scene.plan.distil.stage1.steps === 0 ? TE.right(undistilled(scene)) : runStage(scene, stage1Of(scene)),
    TE.flatMap((first) => runStage(scene, stage2Of(scene, first)))
  )

const fitting = (plan: Plan): Task<void> => {
  const why = misfit(plan)
  return why === undefined ? TE.right(undefined) : TE.left(failure(why))
}

/** Both stages; the result is the path of the student. */
export const distilWith =
  (config: DistilConfig, folder: string) =>
  (device: Device): Task<string> =>
    stoppable((stop) => bothStages(config, folder, device, stop))

const bothStages = (config: DistilConfig, folder: string, device: Device, stop: Place['stop']): Task<string> =>
  pipe(
    TE.Do,
    TE.bind('teacher', () => loadModel(teacherKind, located(config.teacher))),
    TE.tap(({ teacher }) => fitting({ distil: config, teacher: teacher.config })),
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
        stop
      })
    ),
    TE.flatMap(({ scene }) =>
      TE.bracket(
        TE.right(undefined),
        () => inTurn(scene),
        () => gatherMetrics(folder) // also of stages that were stopped
      )
    ),
    TE.as(stageFile(folder, 'stage2'))
  )

/** Distils; the result is the path of the finished student. */
export const distilCommand = (options: TrainOptions): Task<string> =>
  pipe(
    load(distilSchema)(options.file, options.overrides),
    TE.mapLeft(ofConfig),
    TE.flatMap((config) => withDevice(options.device)(distilWith(config, join(options.runs, config.name))))
  )

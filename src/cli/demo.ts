/**
 * `npm run demo`: the main job in one command. A pretrained teacher is distilled into a two-step student, both make
 * clips of the same captions, and a report shows them side by side. With `--quick` the committed student stands in.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pipe, TE } from '../core/fp.ts'
import { load, show } from '../io/config.ts'
import type { Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { digits } from './clips.ts'
import {
  distilSchema,
  type ClassifierTraining,
  type DistilConfig,
  type StudentFile,
  type TeacherConfig
} from './configs.ts'
import { withDevice } from './devices.ts'
import { distilWith } from './distil.ts'
import { evaluate, evaluationDefaults, table, type Evaluation, type System } from './evaluate.ts'
import { writeSampler } from './exportCommand.ts'
import { ofConfig, type Task } from './Failure.ts'
import { judgeOf } from './judge.ts'
import { classifierKind, loadModel, saveModel, teacherKind, type Model } from './models.ts'
import { assets, located } from './packaged.ts'
import { duration, say, screen } from './progress.ts'
import { writeReport } from './report.ts'
import { openRun } from './runs.ts'
import { endsOf, stageFile, type Ended } from './stages.ts'
import { studentKind } from './student.ts'
import { samplerDefaults, studentSystem, teacherSystem } from './systems.ts'

export interface DemoOptions {
  readonly quick: boolean
  readonly device: Wanted
  readonly runs: string
  readonly overrides: ReadonlyArray<string>
}

/** Clips of each system in the table. */
const clipsOf = ({ quick }: DemoOptions): number => (quick ? 64 : 256)

interface Models {
  readonly teacher: Model<TeacherConfig>
  readonly classifier: Model<ClassifierTraining>
  readonly student: Model<StudentFile>
}

/** Distils, or takes the committed student. */
const studentFileOf = (options: DemoOptions, config: DistilConfig, folder: string, device: Device): Task<string> =>
  options.quick ? TE.right(assets.student) : distilWith(config, folder)(device)

/** The student as files that others can use: its weights in 16 bits, and its whole sampler as ONNX. */
const exportStudent = (model: Model<StudentFile>, folder: string): Task<void> =>
  pipe(
    saveModel(studentKind, { ...model, path: join(folder, 'student.safetensors') }, 'bf16'),
    TE.flatMap(() => writeSampler(model, join(folder, 'student.onnx'))),
    TE.asUnit
  )

const minute = (time: string): string => `${time.slice(0, 16).replace('T', ' ')} UTC`

const endOf = ({ stage, step, seconds, time }: Ended): string =>
  `${stage === 'stage1' ? 'stage 1' : 'stage 2'}, ${step} steps in ${duration(seconds)}, was finished on ${minute(time)}`

/** How the student came to be, as far as its stages recorded it. */
export const history = (ends: ReadonlyArray<Ended>): string =>
  ['The student was distilled by transition matching distillation', ends.map(endOf).join('; ')]
    .filter((part) => part !== '')
    .join(': ') + '.'

export interface Story {
  readonly config: DistilConfig
  readonly quick: boolean
  /** How the stages of the student ended, where that is known. */
  readonly ends: ReadonlyArray<Ended>
  /** Seconds that the evaluation took. */
  readonly seconds: number
}

/** What the page says first. Nothing of it depends on whether the student was distilled now or found finished. */
export const intro = ({ config: { student }, quick, ends, seconds }: Story): ReadonlyArray<string> => [
  `A text-to-video flow model of moving digits, the teacher, needs 50 steps with guidance to make a clip. ${
    quick ? 'The committed student' : 'Its student'
  } makes one in ${student.outerSteps} outer steps with ${student.innerSteps} steps of its flow head each.`,
  ...(quick ? [] : [history(ends)]),
  `Making and judging the clips took ${duration(seconds)} on this machine.`
]

const withStage1 = (device: Device, folder: string, quick: boolean): Task<ReadonlyArray<System>> => {
  const file = stageFile(folder, 'stage1')
  return quick || !existsSync(file)
    ? TE.right([])
    : pipe(
        loadModel(studentKind, file),
        TE.flatMap((model) => studentSystem(device, model, samplerDefaults.batch, 'student after stage 1')),
        TE.map((system) => [system])
      )
}

/** The rows of the table: the teacher slow and fast, and the student after each stage that was run. */
const systemsOf = (
  device: Device,
  models: Models,
  folder: string,
  options: DemoOptions
): Task<ReadonlyArray<System>> => {
  const sampler = { ...samplerDefaults, batch: Math.min(samplerDefaults.batch, clipsOf(options)) }
  return pipe(
    TE.Do,
    TE.bind('slow', () => teacherSystem(device, models.teacher, sampler)),
    TE.bind('four', () => teacherSystem(device, models.teacher, { ...sampler, steps: 4 })),
    TE.bind('stage1', () => withStage1(device, folder, options.quick)),
    TE.bind('fast', () => studentSystem(device, models.student, sampler.batch)),
    TE.map(({ slow, four, stage1, fast }) => [slow, fast, four, ...stage1])
  )
}

const evaluated = (device: Device, models: Models, folder: string, options: DemoOptions): Task<Evaluation> =>
  pipe(
    TE.Do,
    TE.bind('images', () => digits),
    TE.bind('judge', () => judgeOf(device, models.classifier)),
    TE.bind('systems', () => systemsOf(device, models, folder, options)),
    TE.flatMap(({ images, judge, systems }) =>
      evaluate({
        judge,
        digits: images,
        data: models.teacher.config.data,
        options: { ...evaluationDefaults, clips: clipsOf(options) },
        screen: screen(process.stderr)
      })(systems)
    ),
    TE.tapIO(
      ({ rows }) =>
        () =>
          say(table(rows))
    )
  )

interface Timed<A> {
  readonly value: A
  readonly seconds: number
}

const timed =
  <A>(task: Task<A>): Task<Timed<A>> =>
  () => {
    const started = Date.now()
    return pipe(
      task,
      TE.map((value) => ({ value, seconds: (Date.now() - started) / 1000 }))
    )()
  }

const demoWith =
  (options: DemoOptions, config: DistilConfig) =>
  (device: Device): Task<string> => {
    const folder = join(options.runs, options.quick ? 'demo-quick' : 'demo')
    return pipe(
      TE.Do,
      TE.bind('run', () => openRun(folder, show(distilSchema, config), device)),
      TE.bind('teacher', () => loadModel(teacherKind, located(config.teacher))),
      TE.bind('classifier', () => loadModel(classifierKind, assets.classifier)),
      TE.bind('file', () => studentFileOf(options, config, folder, device)),
      TE.bind('student', ({ file }) => loadModel(studentKind, file)),
      TE.tap(({ student }) => exportStudent(student, folder)),
      TE.bind('ends', () => endsOf(folder)),
      TE.bind('timed', (models) => timed(evaluated(device, models, folder, options))),
      TE.flatMap(({ timed: { value: evaluation, seconds }, ends, teacher, student, run }) =>
        writeReport({
          run,
          title: 'Moving digits in two steps',
          summary: intro({ config: student.config.distil, quick: options.quick, ends, seconds }),
          data: teacher.config.data,
          evaluation,
          clips: clipsOf(options),
          config: show(distilSchema, student.config.distil)
        })
      )
    )
  }

/** The whole demo; the result is the path of the report. */
export const demoCommand = (options: DemoOptions): Task<string> =>
  pipe(
    load(distilSchema)(assets.config, options.overrides),
    TE.mapLeft(ofConfig),
    TE.flatMap((config) => withDevice(options.device)(demoWith(options, config)))
  )

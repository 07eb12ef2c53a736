/**
 * `npm run demo`: the main job in one command. A pretrained teacher is distilled into a two-step student, both make
 * clips of the same captions, and a report shows them side by side. With `--quick` the committed student stands in.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { emit } from '../compile/onnx/emit.ts'
import { program } from '../compile/Program.ts'
import { pipe, TE } from '../core/fp.ts'
import { load, show } from '../io/config.ts'
import { writeBytes } from '../io/files.ts'
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
import { distilWith, stageFile } from './distil.ts'
import { evaluate, evaluationDefaults, table, type Evaluation, type System } from './evaluate.ts'
import { graph, io, ofConfig, type Task } from './Failure.ts'
import { judgeOf } from './judge.ts'
import { classifierKind, loadModel, saveModel, teacherKind, under, type Model } from './models.ts'
import { assets, located } from './packaged.ts'
import { duration, say } from './progress.ts'
import { writeReport } from './report.ts'
import { openRun } from './runs.ts'
import { samplingGraph, studentKind } from './student.ts'
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
    TE.flatMap(() => graph(TE.fromEither(program({ clips: samplingGraph(model.config, 1) })))),
    TE.flatMap((compiled) =>
      io(writeBytes(join(folder, 'student.onnx'), [emit(compiled, under('params', model.tensors)).bytes]))
    ),
    TE.asUnit
  )

const intro = (config: DistilConfig, quick: boolean, seconds: number): ReadonlyArray<string> => [
  `A text-to-video flow model of moving digits, the teacher, needs 50 steps with guidance to make a clip. ${
    quick ? 'The committed student' : 'The student, distilled just now by transition matching distillation,'
  } makes one in ${config.student.outerSteps} outer steps with ${config.student.innerSteps} steps of its flow head each.`,
  `Everything on this page took ${duration(seconds)} on this machine.`
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
    TE.bind('four', () => teacherSystem(device, models.teacher, { ...sampler, steps: 4, gamma: 10 })),
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
        tell: say
      })(systems)
    ),
    TE.tapIO(
      ({ rows }) =>
        () =>
          say(table(rows))
    )
  )

const demoWith =
  (options: DemoOptions, config: DistilConfig) =>
  (device: Device): Task<string> => {
    const started = Date.now()
    const folder = join(options.runs, options.quick ? 'demo-quick' : 'demo')
    return pipe(
      TE.Do,
      TE.bind('run', () => openRun(folder, show(distilSchema, config), device)),
      TE.bind('teacher', () => loadModel(teacherKind, located(config.teacher))),
      TE.bind('classifier', () => loadModel(classifierKind, assets.classifier)),
      TE.bind('file', () => studentFileOf(options, config, folder, device)),
      TE.bind('student', ({ file }) => loadModel(studentKind, file)),
      TE.tap(({ student }) => exportStudent(student, folder)),
      TE.bind('evaluation', (models) => evaluated(device, models, folder, options)),
      TE.flatMap(({ evaluation, teacher, student, run }) =>
        writeReport({
          run,
          title: 'Moving digits in two steps',
          summary: intro(student.config.distil, options.quick, (Date.now() - started) / 1000),
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

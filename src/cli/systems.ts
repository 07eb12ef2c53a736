/** Systems that can be evaluated: a teacher at some number of steps, a student at its own, from files. */
import { pipe, TE } from '../core/fp.ts'
import { readHeader } from '../io/safetensors.ts'
import type { Device } from '../runtime/device.ts'
import type { DataConfig, StudentFile, TeacherConfig } from './configs.ts'
import type { System } from './evaluate.ts'
import { io, type Task } from './Failure.ts'
import { loadModel, teacherKind, under, type Model } from './models.ts'
import { upload } from './programs.ts'
import { nfeOf, studentKind, studentSampler } from './student.ts'
import { teacherSampler, type SamplerOptions } from './teacher.ts'

/** How a teacher samples unless it is told otherwise. */
export const samplerDefaults: SamplerOptions = { steps: 50, gamma: 3, omega: 1.5, batch: 64 }

/** A checkpoint is not what its training ends with, and is called otherwise. */
const named = (name: string, { moment }: Model<unknown>): string =>
  moment === undefined ? name : `${name} (${moment})`

/** How a teacher samples, in words; γ where it is not the usual one. */
const manner = ({ steps, gamma, omega }: SamplerOptions): string =>
  [
    `${steps} steps`,
    ...(gamma === samplerDefaults.gamma ? [] : [`γ ${gamma}`]),
    ...(omega === 1 ? [] : [`guidance ${omega}`])
  ].join(', ')

/** A teacher as a system. Guidance costs a second evaluation at every step. */
export const teacherSystem = (device: Device, model: Model<TeacherConfig>, options: SamplerOptions): Task<System> =>
  pipe(
    upload(device, under('params', model.tensors)),
    TE.flatMap((params) => teacherSampler(device, params, model.config.model, model.config.data, options)),
    TE.map((generate) => ({
      name: `${named('teacher', model)}, ${manner(options)}`,
      nfe: options.steps * (options.omega === 1 ? 1 : 2),
      generate
    }))
  )

/** What a student is called in a table: `TMD M=2 N=2`, or `DMD2-v M=2`. */
export const studentName = ({ distil: { student } }: StudentFile): string =>
  student.headBlocks > 0 ? `TMD M=${student.outerSteps} N=${student.innerSteps}` : `DMD2-v M=${student.outerSteps}`

export const studentSystem = (
  device: Device,
  model: Model<StudentFile>,
  batch: number,
  name: string = named(studentName(model.config), model)
): Task<System> =>
  pipe(
    upload(device, under('params', model.tensors)),
    TE.flatMap((params) => studentSampler(device, params, model.config, batch)),
    TE.map((generate) => ({ name, nfe: nfeOf(model.config.teacher, model.config.distil.student), generate }))
  )

export interface Opened {
  readonly data: DataConfig
  readonly system: System
}

const openTeacher = (device: Device, path: string, options: SamplerOptions): Task<Opened> =>
  pipe(
    loadModel(teacherKind, path),
    TE.bindTo('model'),
    TE.bind('system', ({ model }) => teacherSystem(device, model, options)),
    TE.map(({ model, system }) => ({ data: model.config.data, system }))
  )

const openStudent = (device: Device, path: string, batch: number): Task<Opened> =>
  pipe(
    loadModel(studentKind, path),
    TE.bindTo('model'),
    TE.bind('system', ({ model }) => studentSystem(device, model, batch)),
    TE.map(({ model, system }) => ({ data: model.config.teacher.data, system }))
  )

/** Whether a file holds a student: it samples in one way only. */
export const isStudent = (path: string): Task<boolean> =>
  pipe(
    io(readHeader(path)),
    TE.map(({ metadata }) => metadata['kind'] === studentKind.kind)
  )

/** Whatever generator a file holds, be it finished or a checkpoint, as a system. */
export const openSystem = (device: Device, path: string, options: SamplerOptions): Task<Opened> =>
  pipe(
    isStudent(path),
    TE.flatMap((student) => (student ? openStudent(device, path, options.batch) : openTeacher(device, path, options)))
  )

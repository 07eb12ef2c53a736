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

const teacherName = ({ steps, omega }: SamplerOptions): string =>
  `teacher, ${steps} steps${omega === 1 ? '' : `, guidance ${omega}`}`

/** A teacher as a system. Guidance costs a second evaluation at every step. */
export const teacherSystem = (
  device: Device,
  { config, tensors }: Model<TeacherConfig>,
  options: SamplerOptions
): Task<System> =>
  pipe(
    upload(device, under('params', tensors)),
    TE.flatMap((params) => teacherSampler(device, params, config.model, config.data, options)),
    TE.map((generate) => ({
      name: teacherName(options),
      nfe: options.steps * (options.omega === 1 ? 1 : 2),
      generate
    }))
  )

/** What a student is called in a table: `TMD M=2 N=2`, or `DMD2-v M=2`. */
export const studentName = ({ distil: { student } }: StudentFile): string =>
  student.headBlocks > 0 ? `TMD M=${student.outerSteps} N=${student.innerSteps}` : `DMD2-v M=${student.outerSteps}`

export const studentSystem = (
  device: Device,
  { config, tensors }: Model<StudentFile>,
  batch: number,
  name: string = studentName(config)
): Task<System> =>
  pipe(
    upload(device, under('params', tensors)),
    TE.flatMap((params) => studentSampler(device, params, config, batch)),
    TE.map((generate) => ({ name, nfe: nfeOf(config.teacher, config.distil.student), generate }))
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

/** Whatever generator a file holds, as a system. */
export const openSystem = (device: Device, path: string, options: SamplerOptions): Task<Opened> =>
  pipe(
    io(readHeader(path)),
    TE.flatMap(({ metadata }) =>
      metadata['kind'] === studentKind.kind
        ? openStudent(device, path, options.batch)
        : openTeacher(device, path, options)
    )
  )

/** The student as files and programs see it: its parameters, its two halves, and how clips are drawn from it. */
import { pipe, TE } from '../core/fp.ts'
import { split, type Key } from '../core/Key.ts'
import { grid, type Grid } from '../flow/schedule.ts'
import type { Tensors } from '../io/safetensors.ts'
import { dit, ditParameters, type DitConfig } from '../nn/dit.ts'
import { drawn, inputsOf, tensors, type Parameter, type Real } from '../nn/params.ts'
import type { Device } from '../runtime/device.ts'
import { effectiveNfe } from '../tmd/effectiveNfe.ts'
import { withoutHead, type StudentModel } from '../tmd/model.ts'
import { sample, sampleNoise, type SampleOptions } from '../tmd/sample.ts'
import { student as decoupled, studentExtras, type StudentConfig, type StudentParams } from '../tmd/student.ts'
import { studentCodec, type DistilConfig, type StudentFile, type TeacherConfig } from './configs.ts'
import type { Task } from './Failure.ts'
import { clipShape, clipSize, keyInput, keyTensor, tokensInput, tokensOf } from './inputs.ts'
import type { Kind } from './models.ts'
import { call, compileStep, type State } from './programs.ts'
import { contextOf, ditConfigOf, inBatches, teacherParameters, type Generate, type TeacherParams } from './teacher.ts'

type Shape = DistilConfig['student']

// model ----------------------------------------------------------------------------------

/** With a head, a decoupled student; without, a velocity model as its teacher. */
export const isDecoupled = ({ headBlocks }: Shape): boolean => headBlocks > 0

export const studentConfigOf = (dit: DitConfig, { headBlocks, fusion, gate }: Shape): StudentConfig => ({
  dit,
  headBlocks,
  fusion,
  gate
})

/** The two halves, whatever the kind of student. Parameters of a student without a head are its teacher's. */
export const studentModel = (teacher: TeacherConfig, shape: Shape): StudentModel<StudentParams, Real> => {
  const config = ditConfigOf(teacher.model)
  return isDecoupled(shape) ? decoupled(studentConfigOf(config, shape)) : withoutHead<StudentParams, Real>(dit(config))
}

/** The parameters of a student without numbers; those of a student without a head lack the extras. */
export const studentParameters = (teacher: TeacherConfig, shape: Shape): StudentParams<Parameter> => {
  const config = ditConfigOf(teacher.model)
  const extras = isDecoupled(shape) ? studentExtras(studentConfigOf(config, shape)) : {}
  return { ...ditParameters(config), ...extras } as StudentParams<Parameter>
}

/** Numbers for what a student has more than its teacher. */
export const extrasInit = (teacher: TeacherConfig, shape: Shape, key: Key): Tensors =>
  isDecoupled(shape)
    ? new Map(tensors.flatten(drawn(studentExtras(studentConfigOf(ditConfigOf(teacher.model), shape)))(key)))
    : new Map()

export const studentKind: Kind<StudentFile> = {
  kind: 'student',
  codec: studentCodec,
  absent: { distil: { stage2: { start: 'data' } } },
  parameters: ({ distil, teacher }) => ({
    ...studentParameters(teacher, distil.student),
    token_embedding: teacherParameters(teacher.model).token_embedding
  })
}

// grids ----------------------------------------------------------------------------------

export const outerGrid = ({ outerSteps, outerShift }: Shape): Grid =>
  grid({ steps: outerSteps, gamma: outerShift, rule: 'plain' })

/** A student without a head has one inner step, which does nothing. */
export const innerGrid = (shape: Shape): Grid =>
  isDecoupled(shape) ? grid({ steps: shape.innerSteps, gamma: shape.innerShift, rule: 'plain' }) : [0, 1]

/** Network evaluations of one clip. */
export const nfeOf = (teacher: TeacherConfig, shape: Shape): number =>
  isDecoupled(shape)
    ? effectiveNfe({
        outerSteps: shape.outerSteps,
        innerSteps: shape.innerSteps,
        headBlocks: shape.headBlocks,
        blocks: teacher.model.layers
      })
    : shape.outerSteps

// sampling -------------------------------------------------------------------------------

export const sampleOptions = (teacher: TeacherConfig, shape: Shape): SampleOptions => ({
  outer: outerGrid(shape),
  grid: innerGrid(shape),
  noise: shape.noise,
  target: 'velocity',
  step: 'transition',
  start: 'noise',
  frequencies: teacher.model.frequencies
})

/** All of Algorithm 1 as one program: parameters, tokens and a key in, clips out. */
export const samplingGraph = ({ distil, teacher }: StudentFile, batch: number): Real => {
  const params = inputsOf(studentKind.parameters({ distil, teacher }), 'params') as StudentParams &
    Pick<TeacherParams, 'token_embedding'>
  const options = sampleOptions(teacher, distil.student)
  const noise = sampleNoise(clipShape(teacher.data, batch), options)(keyInput())
  return sample(options)(studentModel(teacher, distil.student))(
    params,
    noise,
    contextOf(params, tokensInput('tokens', batch))
  )
}

/** Draws from a student. `params` are on the device, under `params.…`. */
export const studentSampler = (device: Device, params: State, file: StudentFile, batch: number): Task<Generate> =>
  pipe(
    compileStep(device, { clips: samplingGraph(file, batch) }),
    TE.map((step) =>
      inBatches(batch, clipSize(file.teacher.data), (labels, key) => {
        const given = new Map([
          ['tokens', tokensOf(labels)],
          ['key', keyTensor(split(key, 1)[0] ?? key)]
        ])
        return pipe(
          call(device, step, params, given),
          TE.map((made) => Float32Array.from(made.get('clips')?.data ?? []))
        )
      })
    )
  )

/** The student as files and programs see it: its parameters, its two halves, and how clips are drawn from it. */
import { pipe, TE } from '../core/fp.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import { split, type Key } from '../core/Key.ts'
import { grid, type Grid } from '../flow/schedule.ts'
import { dit, ditParameters, type DitConfig } from '../nn/dit.ts'
import type { Parameter, Real } from '../nn/params.ts'
import { drawn, inputsOf } from '../nn/params.ts'
import { input } from '../ops/api.ts'
import type { Device } from '../runtime/device.ts'
import { effectiveNfe } from '../tmd/effectiveNfe.ts'
import { withoutHead, type StudentModel } from '../tmd/model.ts'
import { sample, sampleNoise, type SampleOptions } from '../tmd/sample.ts'
import { student as decoupled, studentExtras, type StudentConfig, type StudentParams } from '../tmd/student.ts'
import { tokensOf } from './clips.ts'
import { studentCodec, type DistilConfig, type StudentFile, type TeacherConfig } from './configs.ts'
import { device as onDevice, type Task } from './Failure.ts'
import type { Kind } from './models.ts'
import {
  clipShape,
  contextOf,
  ditConfigOf,
  inBatches,
  teacherParameters,
  type Generate,
  type TeacherParams
} from './teacher.ts'
import { compileStep, download, upload, type State } from './training.ts'

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
export const extrasInit = (teacher: TeacherConfig, shape: Shape, key: Key): unknown =>
  isDecoupled(shape) ? drawn(studentExtras(studentConfigOf(ditConfigOf(teacher.model), shape)))(key) : {}

export const studentKind: Kind<StudentFile> = {
  kind: 'student',
  codec: studentCodec,
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
  const noise = sampleNoise(clipShape(teacher.data, batch), options)(input('key', 'u32', [2]))
  const tokens = input('tokens', 'i32', [batch, tokensOf([undefined]).shape[1] ?? 1])
  return sample(options)(studentModel(teacher, distil.student))(params, noise, contextOf(params, tokens))
}

/** Draws from a student. `params` are on the device, under `params.…`. */
export const studentSampler = (device: Device, params: State, file: StudentFile, batch: number): Task<Generate> =>
  pipe(
    compileStep(device, { clips: samplingGraph(file, batch) }),
    TE.map((step) => {
      const { frames, height, width } = file.teacher.data
      return inBatches(batch, frames * height * width, (labels, key) => {
        const given = new Map<string, Tensor>([
          ['tokens', tokensOf(labels)],
          ['key', tensor('u32', [2], Uint32Array.from(split(key, 1)[0] ?? key))]
        ])
        return pipe(
          upload(device, given),
          TE.flatMap((inputs) =>
            pipe(
              onDevice(step.run(new Map([...params, ...inputs]))),
              TE.flatMap((outputs) =>
                pipe(
                  download(device, outputs),
                  TE.map((values) => {
                    device.release([...inputs.values(), ...outputs.values()])
                    return Float32Array.from(values.get('clips')?.data ?? [])
                  })
                )
              )
            )
          )
        )
      })
    })
  )

/** The program that a model file stands for: what it computes of one clip, its weights under `params`. */
import { pipe, TE } from '../core/fp.ts'
import { readHeader } from '../io/safetensors.ts'
import { classify } from '../measure/classifier.ts'
import { input } from '../ops/api.ts'
import { classifierInputs } from './classifierTraining.ts'
import { io, type Task } from './Failure.ts'
import { clipShape } from './inputs.ts'
import { classifierKind, loadModel, teacherKind, type Kind } from './models.ts'
import type { Outputs } from './programs.ts'
import { samplingGraph, studentKind } from './student.ts'
import { samplerDefaults } from './systems.ts'
import { eulerStep } from './teacher.ts'

const graphOf =
  <C>(kind: Kind<C>, graph: (config: C) => Outputs) =>
  (path: string): Task<Outputs> =>
    pipe(
      loadModel(kind, path),
      TE.map(({ config }) => graph(config))
    )

/** All of a student's sampler. */
const student = graphOf(studentKind, (config) => ({ clips: samplingGraph(config, 1) }))

/** One step of a teacher's sampler, guided as it usually is. */
const teacher = graphOf(teacherKind, ({ model, data }) => eulerStep(model, data, { ...samplerDefaults, batch: 1 }))

/** What a classifier reads in a clip. */
const classifier = graphOf(classifierKind, ({ data }) => ({
  ...classify(classifierInputs(data, 'params'), input('clips', 'f32', clipShape(data, 1)))
}))

const ofKind = (kind: string | undefined): ((path: string) => Task<Outputs>) => {
  switch (kind) {
    case studentKind.kind:
      return student
    case classifierKind.kind:
      return classifier
    default:
      return teacher
  }
}

/** The graph of a model, of whatever kind. */
export const modelGraph = (path: string): Task<Outputs> =>
  pipe(
    io(readHeader(path)),
    TE.flatMap(({ metadata }) => ofKind(metadata['kind'])(path))
  )

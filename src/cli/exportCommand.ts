/** `fluxion export MODEL`: a model as files that others can use, its weights as narrow as they are wanted. */
import { size } from '../core/Shape.ts'
import { pipe, TE } from '../core/fp.ts'
import { toOnnx } from '../io/export.ts'
import { writeBytes, type Written } from '../io/files.ts'
import { readHeader } from '../io/safetensors.ts'
import type { StudentFile } from './configs.ts'
import { failure, graph, io, type Task } from './Failure.ts'
import {
  classifierKind,
  loadModel,
  saveModel,
  teacherKind,
  under,
  type Kind,
  type Model,
  type Precision
} from './models.ts'
import { samplingGraph, studentKind } from './student.ts'

export interface ExportRequest {
  readonly model: string
  readonly dtype: Precision
  /** The files to write; empty is none. */
  readonly out: string
  readonly onnx: string
}

/** A student's whole sampler as one ONNX file, for one clip: tokens and a key in, the clip out. */
export const writeSampler = ({ config, tensors }: Model<StudentFile>, path: string): Task<Written> =>
  pipe(
    graph(TE.fromEither(toOnnx({ clips: samplingGraph(config, 1) }, Object.fromEntries(under('params', tensors))))),
    TE.flatMap(({ bytes }) => io(writeBytes(path, [bytes])))
  )

// sentences ------------------------------------------------------------------------------

const { format } = new Intl.NumberFormat('en')

const megabytes = ({ bytes }: Written): string => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 1)} MB`

const countOf = <C>({ tensors }: Model<C>): string =>
  format([...tensors.values()].reduce((sum, { shape }) => sum + size(shape), 0))

// the command ----------------------------------------------------------------------------

const weights =
  <C>(kind: Kind<C>) =>
  ({ model, dtype, out }: ExportRequest): Task<string> =>
    pipe(
      loadModel(kind, model),
      TE.flatMap((loaded) =>
        pipe(
          saveModel(kind, { ...loaded, path: out }, dtype),
          TE.map((written) => `${out}: a ${kind.kind}, ${countOf(loaded)} numbers in ${dtype}, ${megabytes(written)}`)
        )
      )
    )

const weightsOf = (kind: string | undefined): ((request: ExportRequest) => Task<string>) => {
  switch (kind) {
    case studentKind.kind:
      return weights(studentKind)
    case classifierKind.kind:
      return weights(classifierKind)
    default:
      return weights(teacherKind)
  }
}

const sampler =
  (kind: string | undefined) =>
  ({ model, onnx }: ExportRequest): Task<string> =>
    kind === teacherKind.kind || kind === classifierKind.kind
      ? TE.left(
          failure(
            `${model}: holds a ${kind}; what leaves as ONNX is a student: distil one, or give --out without --onnx`
          )
        )
      : pipe(
          loadModel(studentKind, model),
          TE.flatMap((student) => writeSampler(student, onnx)),
          TE.map((written) => `${onnx}: a sampler of one clip as ONNX, ${megabytes(written)}`)
        )

/** Exports; the result says what was written, a sentence for each file. */
export const exportCommand = (request: ExportRequest): Task<string> =>
  request.out === '' && request.onnx === ''
    ? TE.left(failure('export: no file to write was named; give --out, --onnx or both'))
    : pipe(
        io(readHeader(request.model)),
        TE.flatMap(({ metadata }) =>
          pipe(
            [
              ...(request.onnx === '' ? [] : [sampler(metadata['kind'])]),
              ...(request.out === '' ? [] : [weightsOf(metadata['kind'])])
            ],
            TE.traverseSeqArray((write) => write(request))
          )
        ),
        TE.map((sentences) => sentences.join('\n'))
      )

/** Finished models as files: safetensors whose metadata say what they are and how they were made. */
import type * as t from 'io-ts'
import { isFloat } from '../core/DType.ts'
import { E, pipe, TE } from '../core/fp.ts'
import { equal } from '../core/Shape.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import { read, write, type Tensors } from '../io/safetensors.ts'
import { parameters, type Parameter } from '../nn/params.ts'
import { parametersOf } from './classifierTraining.ts'
import { classifierCodec, teacherCodec, type ClassifierTraining, type TeacherConfig } from './configs.ts'
import { failure, io, type Result, type Task } from './Failure.ts'
import { teacherParameters } from './teacher.ts'

// model ----------------------------------------------------------------------------------

export interface Model<C> {
  readonly path: string
  readonly config: C
  readonly tensors: Tensors
}

/** What is known of a kind of model: how its configuration is read, and which parameters it must have. */
export interface Kind<C> {
  readonly kind: string
  readonly codec: t.Type<C, unknown, unknown>
  readonly parameters: (config: C) => unknown
}

export const teacherKind: Kind<TeacherConfig> = {
  kind: 'teacher',
  codec: teacherCodec,
  parameters: ({ model }) => teacherParameters(model)
}

export const classifierKind: Kind<ClassifierTraining> = {
  kind: 'classifier',
  codec: classifierCodec,
  parameters: ({ data }) => parametersOf(data)
}

// reading --------------------------------------------------------------------------------

const json = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

const configOf =
  <C>({ kind, codec }: Kind<C>, path: string) =>
  (metadata: Readonly<Record<string, string>>): Result<C> => {
    const found = metadata['kind']
    return found === kind
      ? pipe(
          codec.decode(json(metadata['config'])),
          E.mapLeft(() =>
            failure(`${path}: its configuration is not that of a ${kind}; it was written by another version`)
          )
        )
      : E.left(failure(`${path}: holds ${found === undefined ? 'no model of Fluxion' : `a ${found}`}, not a ${kind}`))
  }

/** What stands in the way of using these tensors for these parameters; the first mistake says enough. */
const misfit = (expected: ReadonlyArray<readonly [string, Parameter]>, found: Tensors): string | undefined => {
  const wrong = expected.find(([name, { shape }]) => !equal(found.get(name)?.shape ?? [NaN], shape))
  if (wrong === undefined) return undefined
  const [name, { shape }] = wrong
  const there = found.get(name)
  return there === undefined
    ? `${name} is missing`
    : `${name} has shape [${there.shape.join(',')}], the configuration asks for [${shape.join(',')}]`
}

/** Narrow floats are stored to save space; everything computes in f32. */
const widened = (x: Tensor): Tensor => (isFloat(x.dtype) ? tensor('f32', x.shape, x.data) : x)

const each = (tensors: Tensors, f: (x: Tensor) => Tensor): Tensors =>
  new Map([...tensors].map(([name, x]) => [name, f(x)] as const))

export const loadModel = <C>(kind: Kind<C>, path: string): Task<Model<C>> =>
  pipe(
    io(read(path)),
    TE.flatMapEither(({ tensors, metadata }) =>
      pipe(
        configOf(kind, path)(metadata),
        E.flatMap((config) => {
          const why = misfit(parameters.flatten(kind.parameters(config)), tensors)
          return why === undefined
            ? E.right({ path, config, tensors: each(tensors, widened) })
            : E.left(failure(`${path}: ${why}`))
        })
      )
    )
  )

// writing --------------------------------------------------------------------------------

export type Precision = 'f32' | 'bf16'

/** Writes a model; `bf16` halves the file and rounds every weight to 8 bits. */
export const saveModel = <C>(
  { kind, codec }: Kind<C>,
  { path, config, tensors }: Model<C>,
  precision: Precision,
  more: Readonly<Record<string, string>> = {}
): Task<string> =>
  pipe(
    io(
      write(
        path,
        each(tensors, (x) => tensor(precision, x.shape, x.data)),
        { kind, config: JSON.stringify(codec.encode(config)), ...more }
      )
    ),
    TE.as(path)
  )

/** The tensors under a prefix, as a program names its inputs. */
export const under = (prefix: string, tensors: Tensors): Tensors =>
  new Map([...tensors].map(([name, x]) => [`${prefix}.${name}`, x] as const))

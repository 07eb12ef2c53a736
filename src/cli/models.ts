/**
 * Models as files: safetensors whose metadata say what they are and how they were made. A checkpoint of a training is
 * one too: the average of a learner's weights, among all else that the training remembers.
 */
import type * as t from 'io-ts'
import { isFloat } from '../core/DType.ts'
import { E, pipe, TE } from '../core/fp.ts'
import { equal } from '../core/Shape.ts'
import { tensor, type Tensor } from '../core/Tensor.ts'
import { isSection } from '../io/codecs.ts'
import type { Written } from '../io/files.ts'
import { readHeader, readSome, write, type Header, type Metadata, type Tensors } from '../io/safetensors.ts'
import { merge } from '../io/source.ts'
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
  /** The point of a training that it was taken at, `stage2 step 250`; a finished model has none. */
  readonly moment?: string
}

/** What is known of a kind of model: how its configuration is read, and which parameters it must have. */
export interface Kind<C> {
  readonly kind: string
  readonly codec: t.Type<C, unknown, unknown>
  /** What files that were written before a key existed mean by its absence. */
  readonly absent?: unknown
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

// names ----------------------------------------------------------------------------------

/** The tensors under a prefix, as a program names its inputs. */
export const under = (prefix: string, tensors: Tensors): Tensors =>
  new Map([...tensors].map(([name, x]) => [`${prefix}.${name}`, x] as const))

/** What has a prefix, by the rest of its name. */
const behind = <A>(prefix: string, values: ReadonlyMap<string, A>): ReadonlyMap<string, A> =>
  new Map(
    [...values].flatMap(([name, x]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), x] as const] : []))
  )

const averagePrefix = (learner: string): string => `${learner}.average.`

/** The average of a learner's weights, under the names that they have in a model. */
export const averageOf = <A>(state: ReadonlyMap<string, A>, learner: string): ReadonlyMap<string, A> =>
  behind(averagePrefix(learner), state)

// reading --------------------------------------------------------------------------------

const json = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

/** The keys that are there stay first: configurations are compared as they are written. */
const completed = (absent: unknown, config: unknown): unknown =>
  isSection(config) ? merge(config, merge(absent, config)) : config

const otherThan = (kind: string, { kind: found, step }: Metadata): string =>
  found !== undefined
    ? `holds a ${found}, not a ${kind}`
    : step === undefined
      ? `holds no model of Fluxion, not a ${kind}`
      : 'is a checkpoint that does not say of what, written by an earlier version; go on with its run for one that does'

const configOf =
  <C>({ kind, codec, absent }: Kind<C>) =>
  ({ path, metadata }: Header): Result<C> =>
    metadata['kind'] === kind
      ? pipe(
          codec.decode(completed(absent, json(metadata['config']))),
          E.mapLeft(() =>
            failure(`${path}: its configuration is not that of a ${kind}; it was written by another version`)
          )
        )
      : E.left(failure(`${path}: ${otherThan(kind, metadata)}`))

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

/** The model's tensors: all of a file's, or the averages among those of a checkpoint. */
const tensorsOf = ({ path, metadata: { learner }, entries }: Header): Task<Tensors> => {
  const prefix = learner === undefined ? '' : averagePrefix(learner)
  const names = [...entries.keys()].filter((name) => name.startsWith(prefix))
  return pipe(
    io(readSome(path, names)),
    TE.map((tensors) => behind(prefix, tensors))
  )
}

const fitting =
  <C>(kind: Kind<C>, config: C, path: string) =>
  (tensors: Tensors): Result<Tensors> => {
    const why = misfit(parameters.flatten(kind.parameters(config)), tensors)
    return why === undefined ? E.right(each(tensors, widened)) : E.left(failure(`${path}: ${why}`))
  }

const momentOf = ({ moment }: Metadata): { readonly moment?: string } => (moment === undefined ? {} : { moment })

/** A model from its file, or from a checkpoint of its training. */
export const loadModel = <C>(kind: Kind<C>, path: string): Task<Model<C>> =>
  pipe(
    TE.Do,
    TE.bind('header', () => io(readHeader(path))),
    TE.bind('config', ({ header }) => TE.fromEither(configOf(kind)(header))),
    TE.bind('tensors', ({ header, config }) => pipe(tensorsOf(header), TE.flatMapEither(fitting(kind, config, path)))),
    TE.map(({ header, config, tensors }) => ({ path, config, tensors, ...momentOf(header.metadata) }))
  )

// writing --------------------------------------------------------------------------------

export const precisions = ['f32', 'bf16', 'f16'] as const
export type Precision = (typeof precisions)[number]

/** What a file says of the model in it. */
export const describe = <C>({ kind, codec }: Kind<C>, config: C): Metadata => ({
  kind,
  config: JSON.stringify(codec.encode(config))
})

/** What a checkpoint says of itself: its model is the average of a learner's weights. */
export const describeLearner = <C>(kind: Kind<C>, config: C, learner: string): Metadata => ({
  ...describe(kind, config),
  learner
})

const largestHalf = 65504

/** The first tensor that `f16` cannot hold. */
const overflowing = (tensors: Tensors): string | undefined =>
  [...tensors].find(([, { data }]) => data.some((x) => Math.abs(x) > largestHalf))?.[0]

/** Writes a model; 16 bits halve the file: `bf16` keeps 8 of a weight, `f16` 11, up to 65,504. */
export const saveModel = <C>(
  kind: Kind<C>,
  { path, config, tensors, ...moment }: Model<C>,
  precision: Precision
): Task<Written> => {
  const tooLarge = precision === 'f16' ? overflowing(tensors) : undefined
  return tooLarge === undefined
    ? io(
        write(
          path,
          each(tensors, (x) => tensor(precision, x.shape, x.data)),
          { ...describe(kind, config), ...moment }
        )
      )
    : TE.left(failure(`${path}: ${tooLarge} holds a number beyond ${largestHalf}, which f16 cannot; write it as bf16`))
}

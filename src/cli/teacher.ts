/** The teacher: a text-to-video flow model. Its network, its parameters, and how clips are drawn from it. */
import { fold, normal, type Key } from '../core/Key.ts'
import { floats, stored, type Tensor } from '../core/Tensor.ts'
import { concat, input, mul, split, sub, type Expr } from '../ops/api.ts'
import { pipe, TE } from '../core/fp.ts'
import { words } from '../data/vocabulary.ts'
import type { Label } from '../data/movingDigits.ts'
import { guide } from '../flow/path.ts'
import { descent, grid } from '../flow/schedule.ts'
import { dit, ditDefaults, ditParameters, type DitConfig, type DitParams } from '../nn/dit.ts'
import { embedding, embeddingInit, type Embedding } from '../nn/embed.ts'
import { drawn, inputsOf, type Parameter, type Real } from '../nn/params.ts'
import { timeInputs, times, type Time } from '../nn/time.ts'
import type { Buffer, Device } from '../runtime/device.ts'
import { tokensOf } from './clips.ts'
import type { DataConfig, ModelConfig } from './configs.ts'
import { device as onDevice, type Task } from './Failure.ts'
import { advance, compileStep, upload, type State } from './training.ts'

// model ----------------------------------------------------------------------------------

/** A network for clips, with the vectors of its words. */
export interface TeacherParams<A = Real> extends DitParams<A> {
  readonly token_embedding: Embedding<A>
}

export const ditConfigOf = ({ dim, ffn, heads, layers, frequencies, textDim, patch }: ModelConfig): DitConfig => ({
  ...ditDefaults,
  dim,
  ffn,
  heads,
  layers,
  frequencies,
  textDim,
  patch,
  channels: 1,
  outChannels: 1
})

export const teacherParameters = (config: ModelConfig): TeacherParams<Parameter> => ({
  ...ditParameters(ditConfigOf(config)),
  token_embedding: embeddingInit(words.length, config.textDim)
})

export const teacherInit =
  (config: ModelConfig) =>
  (key: Key): TeacherParams<Tensor> =>
    drawn(teacherParameters(config))(key)

export const teacherInputs = (config: ModelConfig, prefix: string): TeacherParams =>
  inputsOf(teacherParameters(config), prefix)

/** Captions as networks read them: `[batch, words]` of numbers to `[batch, words, textDim]`. */
export const contextOf = (params: Pick<TeacherParams, 'token_embedding'>, tokens: Expr<'i32'>): Real =>
  embedding(params.token_embedding, tokens)

/** Shapes of a batch. */
export const clipShape = ({ frames, height, width }: DataConfig, batch: number): ReadonlyArray<number> => [
  batch,
  1,
  frames,
  height,
  width
]

// sampling -------------------------------------------------------------------------------

export interface SamplerOptions {
  readonly steps: number
  /** γ of the times that are visited. */
  readonly gamma: number
  /** Guidance: 1 is none. */
  readonly omega: number
  /** Clips made at once. */
  readonly batch: number
}

/** The times twice over: for the captioned and the uncaptioned half of a batch. */
const doubled = ({ value, features }: Time): Time => ({
  value: concat(0)([value, value]),
  features: concat(0)([features, features])
})

/** One Euler step of the guided velocity; both velocities come out of one pass of a doubled batch. */
const eulerStep = (
  model: ModelConfig,
  data: DataConfig,
  { omega, batch }: SamplerOptions
): Readonly<Record<string, Expr>> => {
  const params = teacherInputs(model, 'params')
  const x: Real = input('x', 'f32', clipShape(data, batch))
  const time = timeInputs('t', batch, model.frequencies)
  const twice = omega !== 1
  const context = contextOf(
    params,
    input('tokens', 'i32', [twice ? 2 * batch : batch, tokensOf([undefined]).shape[1] ?? 1])
  )
  const v = dit(ditConfigOf(model))(params, twice ? concat(0)([x, x]) : x, twice ? doubled(time) : time, context)
  const [positive = v, negative = v] = twice ? split(2, 0)(v) : [v]
  return { x: sub(x, mul(guide(omega, positive, negative), input('dt', 'f32', []))) }
}

/** Makes clips of captions, `[clips, frames · height · width]` in a row, from a key. */
export type Generate = (labels: ReadonlyArray<Label>, key: Key) => Task<Float32Array>

/** Noise for a batch, drawn on the host so that it is the same on every device. */
export const noiseOf = (shape: ReadonlyArray<number>, key: Key): Tensor =>
  stored(
    floats(
      shape,
      normal(
        key,
        shape.reduce((n, d) => n * d, 1)
      )
    )
  )

/** Batches of `size` labels; the last is filled up by its own last label. */
export const batches = (labels: ReadonlyArray<Label>, size: number): ReadonlyArray<ReadonlyArray<Label>> =>
  Array.from({ length: Math.ceil(labels.length / size) }, (_, i) =>
    Array.from({ length: size }, (_, j) => labels[Math.min(i * size + j, labels.length - 1)] as Label)
  )

/** All clips of some labels, made batch by batch. */
export const inBatches =
  (size: number, pixels: number, make: (labels: ReadonlyArray<Label>, key: Key) => Task<Float32Array>): Generate =>
  (labels, key) =>
    pipe(
      batches(labels, size),
      TE.traverseSeqArrayWithIndex((i, some: ReadonlyArray<Label>) => make(some, fold(key, i))),
      TE.map((made) => {
        const all = new Float32Array(labels.length * pixels) // local
        made.forEach((part, i) =>
          all.set(part.subarray(0, Math.min(part.length, all.length - i * size * pixels)), i * size * pixels)
        )
        return all.map(shown)
      })
    )

/** A pixel as it can be shown: models overshoot the range of real ones, from dark (-1) to ink (1), a little. */
const shown = (value: number): number => Math.min(1, Math.max(-1, value))

/** Draws from a teacher by Euler's method. `params` are on the device, under the names of `teacherInputs`. */
export const teacherSampler = (
  device: Device,
  params: State,
  model: ModelConfig,
  data: DataConfig,
  options: SamplerOptions
): Task<Generate> =>
  pipe(
    compileStep(device, eulerStep(model, data, options)),
    TE.map((step) => {
      const { batch, steps, gamma, omega } = options
      const shape = clipShape(data, batch)
      const intervals = descent(grid({ steps, gamma, rule: 'plain' }))
      return inBatches(batch, data.frames * data.height * data.width, (labels, key) => {
        const tokens = tokensOf(omega === 1 ? labels : [...labels, ...labels.map(() => undefined)])
        const walk = (state: State, i: number): Task<State> => {
          const interval = intervals[i]
          if (interval === undefined) return TE.right(state)
          const { value, features } = times(new Float64Array(batch).fill(interval.from), model.frequencies)
          const given = new Map([
            ['tokens', tokens],
            ['t.value', value],
            ['t.features', features],
            ['dt', floats([], [interval.from - interval.to])]
          ])
          return pipe(
            advance(device, step)(state, given),
            TE.flatMap(({ state: next }) => walk(next, i + 1))
          )
        }
        return pipe(
          upload(device, new Map([['x', noiseOf(shape, key)]])),
          TE.flatMap((x) => walk(new Map([...params, ...x]), 0)),
          TE.flatMap((state) => {
            const x = state.get('x') as Buffer
            return pipe(
              onDevice(device.read(x)),
              TE.map(({ data: pixels }) => {
                device.release([x])
                return Float32Array.from(pixels)
              })
            )
          })
        )
      })
    })
  )

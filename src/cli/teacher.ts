/** The teacher: a text-to-video flow model. Its network, its parameters, and how clips are drawn from it. */
import { fold, normal, type Key } from '../core/Key.ts'
import { size, type Shape } from '../core/Shape.ts'
import { floats, stored, type Tensor } from '../core/Tensor.ts'
import { pipe, TE } from '../core/fp.ts'
import { words } from '../data/vocabulary.ts'
import type { Label } from '../data/movingDigits.ts'
import { guide } from '../flow/path.ts'
import { descent, grid, type GridStep } from '../flow/schedule.ts'
import type { Tensors } from '../io/safetensors.ts'
import { dit, ditDefaults, ditParameters, type DitConfig, type DitParams } from '../nn/dit.ts'
import { embedding, embeddingInit, type Embedding } from '../nn/embed.ts'
import { drawn, inputsOf, type Parameter, type Real } from '../nn/params.ts'
import { timeInputs, times, type Time } from '../nn/time.ts'
import { concat, input, mul, split, sub, type Expr } from '../ops/api.ts'
import type { Device } from '../runtime/device.ts'
import { joined } from './clips.ts'
import type { DataConfig, ModelConfig } from './configs.ts'
import type { Task } from './Failure.ts'
import { clipShape, clipSize, tokensInput, tokensOf } from './inputs.ts'
import { advance, compileStep, take, upload, without, type Outputs, type State } from './programs.ts'

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
export const eulerStep = (model: ModelConfig, data: DataConfig, { omega, batch }: SamplerOptions): Outputs => {
  const params = teacherInputs(model, 'params')
  const x: Real = input('x', 'f32', clipShape(data, batch))
  const time = timeInputs('t', batch, model.frequencies)
  const twice = omega !== 1
  const context = contextOf(params, tokensInput('tokens', twice ? 2 * batch : batch))
  const v = dit(ditConfigOf(model))(params, twice ? concat(0)([x, x]) : x, twice ? doubled(time) : time, context)
  const [positive = v, negative = v] = twice ? split(2, 0)(v) : [v]
  return { x: sub(x, mul(guide(omega, positive, negative), input('dt', 'f32', []))) }
}

/** Told how much is done. */
type Tell = (done: number) => void

/** Makes clips of captions, `[clips, frames · height · width]` in a row, from a key; `made` is told how many are done. */
export type Generate = (labels: ReadonlyArray<Label>, key: Key, made?: Tell) => Task<Float32Array>

/** The same of one batch; `part` may be told which fraction of it is done. */
type GenerateBatch = (labels: ReadonlyArray<Label>, key: Key, part: Tell) => Task<Float32Array>

/** Noise for a batch, drawn on the host so that it is the same on every device. */
export const noiseOf = (shape: Shape, key: Key): Tensor => stored(floats(shape, normal(key, size(shape))))

/** Batches of `n` labels; the last is filled up by its own last label. */
export const batches = (labels: ReadonlyArray<Label>, n: number): ReadonlyArray<ReadonlyArray<Label>> =>
  Array.from({ length: Math.ceil(labels.length / n) }, (_, i) => {
    const some = labels.slice(i * n, (i + 1) * n)
    return [...some, ...some.slice(-1).flatMap((last) => Array.from({ length: n - some.length }, () => last))]
  })

/** A pixel as it can be shown: models overshoot the range of real ones, from dark (-1) to ink (1), a little. */
const shown = (value: number): number => Math.min(1, Math.max(-1, value))

/** All clips of some labels, made in batches of `n`; a clip has `pixels` numbers. */
export const inBatches =
  (n: number, pixels: number, make: GenerateBatch): Generate =>
  (labels, key, made = () => undefined) =>
    pipe(
      batches(labels, n),
      TE.traverseSeqArrayWithIndex((i, some: ReadonlyArray<Label>) => {
        const part = (done: number): void => made(Math.min(Math.floor((i + done) * n), labels.length))
        return pipe(
          make(some, fold(key, i), part),
          TE.tapIO(() => () => part(1))
        )
      }),
      TE.map((parts) => joined(parts, new Float32Array(labels.length * pixels)).map(shown))
    )

/** What a step from one time to the next reads beside `x`. */
const stepInputs = (tokens: Tensor, { from, to }: GridStep, batch: number, frequencies: number): Tensors => {
  const { value, features } = times(new Float64Array(batch).fill(from), frequencies)
  return new Map([
    ['tokens', tokens],
    ['t.value', value],
    ['t.features', features],
    ['dt', floats([], [from - to])]
  ])
}

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
      const intervals = descent(grid({ steps, gamma, rule: 'plain' }))
      const walk = (tokens: Tensor, start: State, part: Tell): Task<State> =>
        intervals.reduce<Task<State>>(
          (walked, interval, i) =>
            pipe(
              walked,
              TE.flatMap((state) =>
                advance(device, step)(state, stepInputs(tokens, interval, batch, model.frequencies))
              ),
              TE.tapIO(() => () => part((i + 1) / steps)),
              TE.map(({ state }) => state)
            ),
          TE.right(start)
        )
      return inBatches(batch, clipSize(data), (labels, key, part) =>
        pipe(
          upload(device, new Map([['x', noiseOf(clipShape(data, batch), key)]])),
          TE.flatMap((x) =>
            walk(
              omega === 1 ? tokensOf(labels) : tokensOf([...labels, ...labels.map(() => undefined)]),
              new Map([...params, ...x]),
              part
            )
          ),
          TE.flatMap((state) => take(device, without(state, params))),
          TE.map((made) => Float32Array.from(made.get('x')?.data ?? []))
        )
      )
    })
  )

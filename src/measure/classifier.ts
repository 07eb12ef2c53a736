/**
 * Reads the digit and the direction of a clip: what captions are checked with, and whose features the Fréchet distance
 * compares. Frames are channels of three convolutions; two heads read one vector. See Note [Features of all depths].
 */
import { linear, linearInit, type Linear } from '../nn/linear.ts'
import { normals, zeros, type Parameter, type Real } from '../nn/params.ts'
import {
  add,
  concat,
  convolve,
  logSoftmax,
  mean,
  mul,
  neg,
  oneHot,
  plainly,
  relu,
  reshape,
  sum,
  type Expr
} from '../ops/api.ts'

// model ----------------------------------------------------------------------------------

export interface Convolved<A = Real> {
  /** `[out, in, 3, 3]`. */
  readonly weight: A
  /** `[out]`. */
  readonly bias: A
}

export interface ClassifierParams<A = Real> {
  readonly convolutions: ReadonlyArray<Convolved<A>>
  readonly features: Linear<A>
  readonly digit: Linear<A>
  readonly direction: Linear<A>
}

export interface ClassifierConfig {
  readonly frames: number
  readonly height: number
  readonly width: number
  /** Channels after each convolution; every one but the first halves the space. */
  readonly channels: ReadonlyArray<number>
  /** Width of the vector that both heads read. */
  readonly features: number
  readonly digits: number
  readonly directions: number
}

export const classifierDefaults: Omit<ClassifierConfig, 'frames' | 'height' | 'width'> = {
  channels: [32, 48, 64],
  features: 64,
  digits: 10,
  directions: 8
}

export interface Reading {
  /** The means of all maps of every convolution, `[batch, sum of channels]`. */
  readonly features: Real
  /** `[batch, 10]` and `[batch, 8]`, before any softmax. */
  readonly digit: Real
  readonly direction: Real
}

// parameters -----------------------------------------------------------------------------

const halvings = ({ channels }: ClassifierConfig): number => 2 ** (channels.length - 1)

const convolvedInit = (input: number, output: number): Convolved<Parameter> => ({
  weight: normals(Math.sqrt(2 / (9 * input)))([output, input, 3, 3]),
  bias: zeros([output])
})

export const classifierParameters = (config: ClassifierConfig): ClassifierParams<Parameter> => {
  const { frames, height, width, channels, features, digits, directions } = config
  const last = channels.at(-1) ?? frames
  const places = (height / halvings(config)) * (width / halvings(config))
  return {
    convolutions: channels.map((output, i) => convolvedInit(channels[i - 1] ?? frames, output)),
    features: linearInit(last * places, features),
    digit: linearInit(features, digits),
    direction: linearInit(features, directions)
  }
}

// the network ----------------------------------------------------------------------------

const layer = ({ weight, bias }: Convolved, x: Real, stride: number): Real => {
  const padding = [
    [1, 1],
    [1, 1]
  ] as const
  const y = convolve({ ...plainly(2), stride: [stride, stride], padding })(x, weight)
  return relu(add(y, reshape([bias.shape[0] ?? 1, 1, 1])(bias)))
}

/** - `clips` `[batch, 1, frames, height, width]`, -1 is dark and 1 is ink */
export const classify = (params: ClassifierParams, clips: Real): Reading => {
  const [batch = 1, , ...frames] = clips.shape
  const plane = reshape([batch, ...frames])(clips)
  const maps = params.convolutions.reduce<ReadonlyArray<Real>>(
    (seen, convolution, i) => [...seen, layer(convolution, seen.at(-1) ?? plane, i === 0 ? 1 : 2)],
    []
  )
  const read = relu(linear(params.features, reshape([batch, -1])(maps.at(-1) ?? plane)))
  return {
    features: concat(1)(maps.map(mean([2, 3]))),
    digit: linear(params.digit, read),
    direction: linear(params.direction, read)
  }
}

/** The mean over the batch of `−log p(label)`; `labels` `[batch]` of `i32`. */
export const crossEntropy = (logits: Real, labels: Expr<'i32'>): Real => {
  const hot = oneHot(logits.shape[1] ?? 1)(labels)
  return mean('all')(neg(sum([1])(mul(logSoftmax(1)(logits), hot))))
}

/*
Note [Features of all depths]
The last layer's features serve digits and directions, and are blind to what does not matter for these: a blurred clip of
two Euler steps lies hardly farther from real ones in them than a sharp clip of fifty. Means of the maps of every
convolution see strokes, edges and contrast too. `score` divides each by its deviation over real clips, since the maps
of the first convolution would otherwise be drowned by those of the last.
*/

/**
 * The discriminator: small convolutional heads that tell samples from data by a teacher's features of them, each at
 * several scales, and the losses of the game between it and the student.
 *
 * Laws: identity 38.   Source: arXiv 2601.09881 App. A.3 ("Conv3D"); FastGen's multi-scale heads; spec 2.9.
 */
import type { Key } from '../core/Key.ts'
import type { Tensor } from '../core/Tensor.ts'
import { linear, linearInit, type Linear } from '../nn/linear.ts'
import { affineInit, type Affine } from '../nn/norm.ts'
import { drawn, zeros, xavier, type Parameter, type Real } from '../nn/params.ts'
import {
  add,
  averagePool,
  concat,
  convolve,
  groupNorm,
  leakyRelu,
  mean,
  mul,
  neg,
  plainly,
  reshape,
  softplus,
  square,
  sub,
  tiles
} from '../ops/api.ts'

// parameters -------------------------------------------------------------------------------

export interface DiscriminatorConfig {
  /** The channels of every feature map. */
  readonly channels: ReadonlyArray<number>
  /** Sizes of the boxes that are pooled; 1 does not pool. */
  readonly scales: ReadonlyArray<number>
  readonly hidden: number
  readonly groups: number
  /** Width of the last perceptron. */
  readonly mlp: number
}

/** A convolution's weight `[features, channels, frames, height, width]` and bias `[features]`. */
type Kernel<A> = Linear<A>

export interface ScaleParams<A = Real> {
  readonly conv1: Kernel<A>
  readonly norm1: Affine<A>
  readonly conv2: Kernel<A>
  readonly norm2: Affine<A>
}

export interface DiscriminatorHead<A = Real> {
  readonly scales: ReadonlyArray<ScaleParams<A>>
  readonly fc1: Linear<A>
  readonly fc2: Linear<A>
}

export interface DiscriminatorParams<A = Real> {
  readonly heads: ReadonlyArray<DiscriminatorHead<A>>
}

const kernelInit = (channels: number, features: number, box: number): Kernel<Parameter> => ({
  weight: xavier([features, channels, box, box, box]),
  bias: zeros([features])
})

const scaleInit = (channels: number, hidden: number): ScaleParams<Parameter> => ({
  conv1: kernelInit(channels, hidden, 1),
  norm1: affineInit(hidden),
  conv2: kernelInit(hidden, hidden, 3),
  norm2: affineInit(hidden)
})

/** The parameters of a discriminator without numbers. */
export const discriminatorParameters = ({
  channels,
  scales,
  hidden,
  mlp
}: DiscriminatorConfig): DiscriminatorParams<Parameter> => ({
  heads: channels.map((width) => ({
    scales: scales.map(() => scaleInit(width, hidden)),
    fc1: linearInit(hidden * scales.length, mlp),
    fc2: linearInit(mlp, 1)
  }))
})

export const discriminatorInit =
  (config: DiscriminatorConfig) =>
  (key: Key): DiscriminatorParams<Tensor> =>
    drawn(discriminatorParameters(config))(key)

// network --------------------------------------------------------------------------------

const act: (x: Real) => Real = leakyRelu(0.2)
const epsilon = 1e-5

/** One number per channel, against `[batch, channels, frames, height, width]`. */
const perChannel = (k: Real): Real => reshape([1, k.shape[0] ?? 0, 1, 1, 1])(k)

const convolved = ({ weight, bias }: Kernel<Real>, x: Real): Real => {
  const margin = ((weight.shape[2] ?? 1) - 1) / 2
  const settings = { ...plainly(3), padding: [0, 1, 2].map(() => [margin, margin] as const) }
  return add(convolve(settings)(x, weight), perChannel(bias))
}

const normed = (groups: number, { weight, bias }: Affine, x: Real): Real =>
  add(mul(groupNorm(groups, epsilon)(x), perChannel(weight)), perChannel(bias))

const pool = (size: number, x: Real): Real => (size === 1 ? x : averagePool(tiles([size, size, size]))(x))

/** `[batch, hidden]`: a feature map at one scale. */
const seenAt = (groups: number, size: number, params: ScaleParams, x: Real): Real => {
  const first = pool(size, act(normed(groups, params.norm1, convolved(params.conv1, x))))
  return mean([2, 3, 4])(act(normed(groups, params.norm2, convolved(params.conv2, first))))
}

/** Logits `[batch, heads]`, one for each feature map `[batch, channels, frames, height, width]`; large is real. */
export const discriminator =
  ({ scales, groups }: DiscriminatorConfig) =>
  ({ heads }: DiscriminatorParams, features: ReadonlyArray<Real>): Real => {
    const logit = (head: DiscriminatorHead, x: Real): Real => {
      const seen = head.scales.map((params, i) => seenAt(groups, scales[i] ?? 1, params, x))
      return linear(head.fc2, act(linear(head.fc1, concat(1)(seen))))
    }
    return concat(1)(features.flatMap((x, i) => (heads[i] === undefined ? [] : [logit(heads[i], x)])))
  }

// losses ---------------------------------------------------------------------------------

/** `mean softplus(−l)`: samples should look real. */
export const generatorLoss = (fake: Real): Real => mean('all')(softplus(neg(fake)))

/** `mean softplus(l_fake) + mean softplus(−l_real)`; `2 ln 2` where nothing is told apart. */
export const discriminatorLoss = (real: Real, fake: Real): Real =>
  add(mean('all')(softplus(fake)), mean('all')(softplus(neg(real))))

/**
 * The squared change of logits under a small change of what is judged: a penalty on the discriminator's slope that needs
 * no second derivative. Source: APT (arXiv 2501.08316); spec 2.9 and T16 for what is changed.
 */
export const approximateR1 = (real: Real, perturbed: Real): Real => mean('all')(square(sub(real, perturbed)))

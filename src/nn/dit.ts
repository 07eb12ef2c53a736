/**
 * The video diffusion transformer of Wan2.1, at any size: clips become tokens, blocks of self-attention, attention to
 * text and a perceptron rewrite them under the modulation of the time, and a modulated head makes clips of them again.
 * It is a function of parameters; those carry the names of the official `state_dict`.
 *
 * Laws: `test/nn/dit.test.ts`, `test/goldens/wan.ts` (activations, gradients and pushforward of the official code).
 * Source: Wan Team 2025 (arXiv 2503.20314); github.com/Wan-Video/Wan2.1, `wan/modules/model.py`.
 */
import { add, geluTanh, normalise, reshape, silu } from '../ops/api.ts'
import type { Key } from '../core/Key.ts'
import { range, size } from '../core/Shape.ts'
import type { Tensor } from '../core/Tensor.ts'
import { blockInit, rows, states, table, type Block, type BlockConfig, type Site } from './block.ts'
import { demand, unlike } from './check.ts'
import { linear, linearInit, perceptron, perceptronInit, small, type Linear, type Perceptron } from './linear.ts'
import { modulate } from './norm.ts'
import { drawn, zeros, type Parameter, type Real } from './params.ts'
import { gridOf, patchEmbedding, patchInit, unpatchify, type Patch } from './patch.ts'
import { rotationOf, type Grid, type Rotation } from './rope.ts'
import type { Time } from './time.ts'

// model ----------------------------------------------------------------------------------

export interface DitConfig extends BlockConfig {
  /** Features of a time. */
  readonly frequencies: number
  readonly textDim: number
  readonly layers: number
  readonly channels: number
  readonly outChannels: number
  readonly patch: Patch
}

/** What all sizes of Wan2.1 share. */
export const ditDefaults: Pick<DitConfig, 'patch' | 'epsilon' | 'qkNorm' | 'crossAttentionNorm'> = {
  patch: [1, 2, 2],
  epsilon: 1e-6,
  qkNorm: true,
  crossAttentionNorm: true
}

export interface Head<A = Real> {
  /** `[1, 2, dim]`: shift, scale; added to the time's. */
  readonly modulation: A
  readonly head: Linear<A>
}

export interface DitParams<A = Real> {
  readonly patch_embedding: Linear<A>
  readonly text_embedding: Perceptron<A>
  readonly time_embedding: Perceptron<A>
  readonly time_projection: { readonly 1: Linear<A> }
  readonly blocks: ReadonlyArray<Block<A>>
  readonly head: Head<A>
}

// parameters -----------------------------------------------------------------------------

/** The parameters of a network, without numbers: their names, shapes, and the laws they are drawn from. */
export const ditParameters = (config: DitConfig): DitParams<Parameter> => {
  const { dim, channels, outChannels, patch, textDim, frequencies, layers } = config
  return {
    patch_embedding: patchInit(channels, dim, patch),
    text_embedding: perceptronInit(textDim, dim, dim, small),
    time_embedding: perceptronInit(frequencies, dim, dim, small),
    time_projection: { 1: linearInit(dim, 6 * dim) },
    blocks: range(layers).map(() => blockInit(config)),
    head: { modulation: table(2, dim), head: linearInit(dim, size(patch) * outChannels, zeros) }
  }
}

/** Numbers to begin training with. The head begins at zero, and so does the output. */
export const ditInit =
  (config: DitConfig) =>
  (key: Key): DitParams<Tensor> =>
    drawn(ditParameters(config))(key)

// parts ----------------------------------------------------------------------------------

/** `e`, `[batch, dim]`: what modulates the head. */
export const timeEmbedding = (params: Pick<DitParams, 'time_embedding'>, { features }: Time): Real =>
  perceptron(silu)(params.time_embedding, features)

/** `[batch, 6, dim]`: what modulates the blocks, of `e`. */
export const timeProjection = (params: Pick<DitParams, 'time_projection'>, e: Real): Real => {
  const projected = linear(params.time_projection[1], silu(e))
  return reshape([e.shape[0] ?? 1, 6, e.shape[1] ?? 1])(projected)
}

/** `[batch, text, textDim]` to `[batch, text, dim]`. Rows of zeros are padding, and are attended to like any other. */
export const textEmbedding = (params: Pick<DitParams, 'text_embedding'>, context: Real): Real =>
  perceptron(geluTanh)(params.text_embedding, context)

/** `[batch, tokens, patch · channels]` from the last tokens; `e` is `[batch, dim]`. */
export const headTokens =
  ({ epsilon }: DitConfig) =>
  (params: Head, tokens: Real, e: Real): Real => {
    const time = reshape([e.shape[0] ?? 1, 1, e.shape[1] ?? 1])(e)
    const [shift, scale] = rows(2)(add(params.modulation, time)) as readonly [Real, Real]
    return linear(params.head, modulate(normalise(epsilon)(tokens), shift, scale))
  }

/** Where tokens of one grid are, for a whole batch. */
export const placed = ({ dim, heads }: DitConfig, grid: Grid): Rotation => rotationOf(dim / heads, [grid], size(grid))

// what is asked of operands --------------------------------------------------------------

const divides = (shape: ReadonlyArray<number>, patch: Patch): string | undefined =>
  patch.every((p, i) => (shape[i + 2] ?? NaN) % p === 0)
    ? undefined
    : `frames, height and width of [${shape}] are not multiples of the patch [${patch}]`

/** The clip, if a network of this configuration can read it. */
export const clipFor = ({ channels, patch }: DitConfig, x: Real): Real =>
  demand(
    'dit',
    unlike('x', 'batch,channels,frames,height,width', x.shape, [-1, channels, -1, -1, -1]),
    divides(x.shape, patch)
  )(x)

/** The time, if it has the features and the batch that a network needs. */
export const timeFor = ({ frequencies }: DitConfig, time: Time, batch: number): Time => ({
  ...time,
  features: demand(
    'dit',
    unlike('time.features', 'batch,frequencies', time.features.shape, [batch, frequencies])
  )(time.features)
})

/** The text, if it has the width and the batch that a network needs. */
export const textFor = ({ textDim }: DitConfig, context: Real, batch: number): Real =>
  demand('dit', unlike('context', 'batch,text,textDim', context.shape, [batch, -1, textDim]))(context)

// the network ----------------------------------------------------------------------------

export interface Pass {
  readonly tokens: Real
  readonly e: Real
  readonly grid: Grid
  readonly site: Site
}

/** What the blocks of a network begin with. */
export const enter =
  (config: DitConfig) =>
  (params: Omit<DitParams, 'blocks' | 'head'>, x: Real, time: Time, context: Real): Pass => {
    const batch = x.shape[0] ?? 1
    const clip = clipFor(config, x)
    const grid = gridOf(clip, config.patch)
    const e = timeEmbedding(params, timeFor(config, time, batch))
    return {
      tokens: patchEmbedding(config.patch)(params.patch_embedding, clip),
      e,
      grid,
      site: {
        modulation: timeProjection(params, e),
        text: textEmbedding(params, textFor(config, context, batch)),
        rotation: placed(config, grid)
      }
    }
  }

/** The clip that a head makes of the last tokens. */
export const leave =
  (config: DitConfig) =>
  (params: Head, tokens: Real, e: Real, grid: Grid): Real =>
    unpatchify(config.patch)(headTokens(config)(params, tokens, e), grid)

export interface Features {
  readonly output: Real
  /** The tokens after each of the chosen blocks, `[batch, tokens, dim]`. */
  readonly hidden: ReadonlyArray<Real>
}

/** The output of a network together with the tokens after some of its blocks, counted from 0. */
export const ditFeatures =
  (config: DitConfig) =>
  (params: DitParams, x: Real, time: Time, context: Real, layers: ReadonlyArray<number>): Features => {
    const { tokens, e, grid, site } = enter(config)(params, x, time, context)
    const all = states(config)(params.blocks, tokens, site)
    const output = leave(config)(params.head, all.at(-1) ?? tokens, e, grid)
    return { output, hidden: layers.map((layer) => all[layer] ?? tokens) }
  }

/**
 * The network.
 *
 * - `x` `[batch, channels, frames, height, width]`; the result as `x`, with the channels of the output
 * - `time` of every sample
 * - `context` `[batch, text, textDim]`, filled up with rows of zeros
 *
 * Faults: `Invalid` where an operand has another shape. Source: Wan2.1, `WanModel.forward`.
 */
export const dit =
  (config: DitConfig) =>
  (params: DitParams, x: Real, time: Time, context: Real): Real =>
    ditFeatures(config)(params, x, time, context, []).output

/** The tokens of chosen blocks as maps that a convolution reads, `[batch, dim / patch, frames, height, width]`. */
export const featureMap = ({ patch }: DitConfig, hidden: Real, x: Real): Real =>
  unpatchify(patch)(hidden, gridOf(x, patch))

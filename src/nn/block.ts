/**
 * One block of the transformer of Wan2.1: self-attention, attention to text, a perceptron, each added to the tokens. The
 * time modulates the first and the last: shift and scale before, gate after.
 *
 * Source: `WanAttentionBlock` of github.com/Wan-Video/Wan2.1, `wan/modules/model.py`.
 */
import { add, geluTanh, mul, narrow, normalise } from '../ops/api.ts'
import { range } from '../core/Shape.ts'
import {
  attentionInit,
  attentionParts,
  type Attention,
  type AttentionConfig,
  type AttentionParts
} from './attention.ts'
import { perceptron, perceptronInit, type Perceptron } from './linear.ts'
import { affineInit, layerNorm, modulate, type Affine } from './norm.ts'
import { normals, type Parameter, type Real } from './params.ts'
import type { Rotation } from './rope.ts'

// model ----------------------------------------------------------------------------------

export interface BlockConfig extends AttentionConfig {
  /** Width of the perceptron. */
  readonly ffn: number
  /** Whether tokens are normalised before they attend to text. */
  readonly crossAttentionNorm: boolean
}

export interface Block<A = Real> {
  /** `[1, 6, dim]`: shift, scale, gate of self-attention, then of the perceptron; added to the time's. */
  readonly modulation: A
  readonly self_attn: Attention<A>
  readonly norm3?: Affine<A>
  readonly cross_attn: Attention<A>
  readonly ffn: Perceptron<A>
}

/** What a block reads beside its tokens; the same for all blocks of a pass. */
export interface Site {
  /** `[batch, 6, dim]`, of the time. */
  readonly modulation: Real
  /** `[batch, text, dim]`, embedded. */
  readonly text: Real
  readonly rotation: Rotation
  /** Added to the logits of self-attention, `[batch, 1, 1, tokens]`. */
  readonly bias?: Real
}

// parameters -----------------------------------------------------------------------------

/** Vectors that a time's are added to, `[1, rows, dim]`. */
export const table = (rows: number, dim: number): Parameter => normals(1 / Math.sqrt(dim))([1, rows, dim])

export const blockInit = (config: BlockConfig): Block<Parameter> => ({
  modulation: table(6, config.dim),
  self_attn: attentionInit(config),
  ...(config.crossAttentionNorm ? { norm3: affineInit(config.dim) } : {}),
  cross_attn: attentionInit(config),
  ffn: perceptronInit(config.dim, config.ffn, config.dim)
})

// the block ------------------------------------------------------------------------------

/** `n` vectors side by side, `[batch, n, dim]`, each as `[batch, 1, dim]`. */
export const rows =
  (n: number) =>
  (x: Real): ReadonlyArray<Real> =>
    range(n).map((i) => narrow(1, i, i + 1)(x))

/** What there is on the way through a block, for those who look inside. */
export interface BlockParts {
  readonly norm1: Real
  readonly selfAttention: AttentionParts
  readonly norm3: Real
  readonly crossAttention: AttentionParts
  readonly norm2: Real
  readonly ffn: Real
  readonly output: Real
}

export const blockParts =
  (config: BlockConfig) =>
  (params: Block, x: Real, { modulation, text, rotation, bias }: Site): BlockParts => {
    const attend = attentionParts(config)
    const [shift, scale, gate, ffnShift, ffnScale, ffnGate] = rows(6)(add(modulation, params.modulation)) as Six
    const norm1 = normalise(config.epsilon)(x)
    const normed = modulate(norm1, shift, scale)
    const selfAttention = attend(params.self_attn, normed, normed, rotation, bias)
    const mixed = add(x, mul(selfAttention.output, gate))
    const norm3 = params.norm3 === undefined ? mixed : layerNorm(config.epsilon)(params.norm3, mixed)
    const crossAttention = attend(params.cross_attn, norm3, text)
    const told = add(mixed, crossAttention.output)
    const norm2 = normalise(config.epsilon)(told)
    const ffn = perceptron(geluTanh)(params.ffn, modulate(norm2, ffnShift, ffnScale))
    return { norm1, selfAttention, norm3, crossAttention, norm2, ffn, output: add(told, mul(ffn, ffnGate)) }
  }

type Six = readonly [Real, Real, Real, Real, Real, Real]

/** The tokens after each of some blocks, in turn. */
export const states =
  (config: BlockConfig) =>
  (blocks: ReadonlyArray<Block>, tokens: Real, site: Site): ReadonlyArray<Real> => {
    const after: Array<Real> = [] // local
    for (const block of blocks) after.push(blockParts(config)(block, after.at(-1) ?? tokens, site).output)
    return after
  }

/** The tokens after some blocks. */
export const through =
  (config: BlockConfig) =>
  (blocks: ReadonlyArray<Block>, tokens: Real, site: Site): Real =>
    states(config)(blocks, tokens, site).at(-1) ?? tokens

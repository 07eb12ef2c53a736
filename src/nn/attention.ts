/** Attention with its projections, and Wan's normalisation of queries and keys over all heads together. */
import { attention, reshape } from '../ops/api.ts'
import { linear, linearInit, type Linear } from './linear.ts'
import { gainInit, rmsNorm, type Gain } from './norm.ts'
import type { Parameter, Real } from './params.ts'
import { rotate, type Rotation } from './rope.ts'

export interface Attention<A = Real> {
  readonly q: Linear<A>
  readonly k: Linear<A>
  readonly v: Linear<A>
  readonly o: Linear<A>
  /** Over the whole width, before it is split into heads; absent where queries and keys are not normalised. */
  readonly norm_q?: Gain<A>
  readonly norm_k?: Gain<A>
}

export interface AttentionConfig {
  readonly dim: number
  readonly heads: number
  readonly epsilon: number
  readonly qkNorm: boolean
}

export const attentionInit = ({ dim, qkNorm }: AttentionConfig): Attention<Parameter> => ({
  q: linearInit(dim, dim),
  k: linearInit(dim, dim),
  v: linearInit(dim, dim),
  o: linearInit(dim, dim),
  ...(qkNorm ? { norm_q: gainInit(dim), norm_k: gainInit(dim) } : {})
})

/** What there is on the way, for those who look inside. */
export interface AttentionParts {
  /** `[batch, tokens, dim]`, after the norms. */
  readonly query: Real
  readonly key: Real
  /** `[batch, tokens, heads, head width]`, after the turns. */
  readonly turnedQuery: Real
  readonly turnedKey: Real
  /** `[batch, tokens, dim]`. */
  readonly output: Real
}

/**
 * Attention of `x` to `memory`, which is `x` itself in self-attention.
 *
 * - `x` `[batch, tokens, dim]`, `memory` `[batch, keys, dim]`; result as `x`
 * - `rotation` turns queries and keys, where they have places
 * - `bias` is added to the logits, broadcast to `[batch, heads, tokens, keys]`
 */
export const attentionParts =
  ({ dim, heads, epsilon }: AttentionConfig) =>
  (params: Attention, x: Real, memory: Real, rotation?: Rotation, bias?: Real): AttentionParts => {
    const split = (y: Real): Real => reshape([y.shape[0] ?? 1, y.shape[1] ?? 1, heads, dim / heads])(y)
    const normed = (gain: Gain | undefined, y: Real): Real => (gain === undefined ? y : rmsNorm(epsilon)(gain, y))
    const turned = (y: Real): Real => (rotation === undefined ? split(y) : rotate(rotation)(split(y)))
    const query = normed(params.norm_q, linear(params.q, x))
    const key = normed(params.norm_k, linear(params.k, memory))
    const turnedQuery = turned(query)
    const turnedKey = turned(key)
    const mixed = attention(turnedQuery, turnedKey, split(linear(params.v, memory)), bias)
    return { query, key, turnedQuery, turnedKey, output: linear(params.o, reshape(x.shape)(mixed)) }
  }

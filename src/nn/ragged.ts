/**
 * Batches of clips of different grids: each is filled up to one number of tokens after the patches were embedded. Keys
 * that are not there are masked; queries that are not there are computed and thrown away.
 *
 * Source: `WanModel.forward` of github.com/Wan-Video/Wan2.1, `seq_len` and `seq_lens`.
 */
import { concat, constant, narrow, pad, reshape } from '../ops/api.ts'
import { range, size } from '../core/Shape.ts'
import { through } from './block.ts'
import {
  clipFor,
  headTokens,
  textEmbedding,
  textFor,
  timeEmbedding,
  timeFor,
  timeProjection,
  type DitConfig,
  type DitParams
} from './dit.ts'
import type { Real } from './params.ts'
import { gridOf, patchEmbedding, unpatchify } from './patch.ts'
import { rotationOf, type Grid, type Rotation } from './rope.ts'
import type { Time } from './time.ts'

/** What is added to the logits of keys that are not there: exp of it is 0, and no difference of two overflows. */
const absent = -1e30

/** Clips of different grids in one batch, filled up to one number of tokens. */
export interface Ragged {
  readonly tokens: Real
  readonly rotation: Rotation
  readonly bias: Real
  readonly grids: ReadonlyArray<Grid>
}

/** Clips `[channels, frames, height, width]` as one batch of `length` tokens each; keys beyond a clip's own are masked. */
export const assemble =
  (config: DitConfig) =>
  (params: Pick<DitParams, 'patch_embedding'>, clips: ReadonlyArray<Real>, length: number): Ragged => {
    const batched = clips.map((x) => clipFor(config, reshape([1, ...x.shape])(x)))
    const grids = batched.map((x) => gridOf(x, config.patch))
    const rowsOf = batched.map((x) => {
      const tokens = patchEmbedding(config.patch)(params.patch_embedding, x)
      return pad([
        [0, 0],
        [0, length - (tokens.shape[1] ?? 0)],
        [0, 0]
      ])(tokens)
    })
    const mask = grids.flatMap((grid) => range(length).map((i) => (i < size(grid) ? 0 : absent)))
    return {
      tokens: concat(0)(rowsOf),
      rotation: rotationOf(config.dim / config.heads, grids, length),
      bias: constant([clips.length, 1, 1, length], mask),
      grids
    }
  }

/** The network on clips of different grids: one batch, each clip filled up with tokens that nothing attends to. */
export const raggedDit =
  (config: DitConfig) =>
  (params: DitParams, clips: ReadonlyArray<Real>, time: Time, context: Real, length: number): ReadonlyArray<Real> => {
    const { tokens, rotation, bias, grids } = assemble(config)(params, clips, length)
    const e = timeEmbedding(params, timeFor(config, time, clips.length))
    const text = textEmbedding(params, textFor(config, context, clips.length))
    const site = { modulation: timeProjection(params, e), text, rotation, bias }
    const out = headTokens(config)(params.head, through(config)(params.blocks, tokens, site), e)
    return grids.map((grid, i) => {
      const own = narrow(1, 0, size(grid))(narrow(0, i, i + 1)(out))
      const clip = unpatchify(config.patch)(own, grid)
      return reshape(clip.shape.slice(1))(clip)
    })
  }

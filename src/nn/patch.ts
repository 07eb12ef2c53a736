/**
 * Clips as tokens and back. Going in, a patch is read channel first, as a convolution does; coming out, it is written
 * channel last: the two are not inverses of each other.
 *
 * Source: `patch_embedding` (a `Conv3d` whose stride is its kernel) and `unpatchify` of Wan2.1.
 */
import { size } from '../core/Shape.ts'
import { add, reshape, transpose } from '../ops/api.ts'
import { project, type Linear } from './linear.ts'
import { xavier, zeros, type Parameter, type Real } from './params.ts'
import type { Grid } from './rope.ts'

/** Frames, rows and columns of one token. */
export type Patch = readonly [frames: number, height: number, width: number]

/** `weight` is `[dim, channels, frames, height, width]`, the weight of a `Conv3d`. */
export const patchInit = (channels: number, dim: number, patch: Patch): Linear<Parameter> => ({
  weight: xavier([dim, channels, ...patch]),
  bias: zeros([dim])
})

/** The tokens of `[batch, channels, frames, height, width]` along each axis. */
export const gridOf = (x: Real, [t, h, w]: Patch): Grid => [
  (x.shape[2] ?? t) / t,
  (x.shape[3] ?? h) / h,
  (x.shape[4] ?? w) / w
]

/** `[batch, channels, frames, height, width]` to `[batch, tokens, dim]`. */
export const patchEmbedding =
  (patch: Patch) =>
  ({ weight, bias }: Linear, x: Real): Real => {
    const [batch = 1, channels = 1] = x.shape
    const [f, h, w] = gridOf(x, patch)
    const [pt, ph, pw] = patch
    const inside = size(weight.shape.slice(1))
    const split = reshape([batch, channels, f, pt, h, ph, w, pw])(x)
    const tokens = reshape([batch, f * h * w, inside])(transpose([0, 2, 4, 6, 1, 3, 5, 7])(split))
    return add(project(reshape([weight.shape[0] ?? 1, inside])(weight), tokens), bias)
  }

/** `[batch, tokens, patch · channels]`, channels last, to `[batch, channels, frames, height, width]`. */
export const unpatchify =
  (patch: Patch) =>
  (tokens: Real, [f, h, w]: Grid): Real => {
    const [batch = 1, , width = 1] = tokens.shape
    const [pt, ph, pw] = patch
    const channels = width / size(patch)
    const split = reshape([batch, f, h, w, pt, ph, pw, channels])(tokens)
    return reshape([batch, channels, f * pt, h * ph, w * pw])(transpose([0, 7, 1, 4, 2, 5, 3, 6])(split))
  }

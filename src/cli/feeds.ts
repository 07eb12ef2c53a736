/**
 * What a step of a flow model reads beside its learners, as inputs of a program and as tensors: a batch of clips with
 * their captions, the caption of nothing, everything that was drawn on the host, a key.
 */
import { split, type Key } from '../core/Key.ts'
import type { Tensor } from '../core/Tensor.ts'
import type { Mapped } from '../core/Tree.ts'
import type { Images } from '../data/digits.ts'
import { inputsFor, tensors, type Real } from '../nn/params.ts'
import { input } from '../ops/api.ts'
import type { Batch } from '../tmd/stage1.ts'
import { batchOf } from './clips.ts'
import type { DataConfig } from './configs.ts'
import { clipShape, keyTensor, nothing, tokensInput } from './inputs.ts'
import { contextOf, type TeacherParams } from './teacher.ts'
import type { Feed } from './training.ts'

/** Numbers drawn for a batch of `n`. */
export type Draws<D> = (key: Key, n: number) => D

/** A batch of `n`, its captions read by some words. */
export const batchInputs = (
  data: DataConfig,
  words: Pick<TeacherParams, 'token_embedding'>,
  n: number
): Batch<Real> => {
  const read = (name: string): Real => contextOf(words, tokensInput(name, n))
  return { x: input('clips', 'f32', clipShape(data, n)), context: read('tokens'), negative: read('nothing') }
}

/** Any draws: only their form counts. */
export const drawInputs = <D>(draws: Draws<D>, n: number): Mapped<D, Tensor, Real> =>
  inputsFor(draws([0, 0], n), 'draws')

/** The numbers for all of these, and for `keyInput`. */
export const feedOf = (images: Images, data: DataConfig, n: number, draws: Draws<unknown>): Feed => {
  const draw = batchOf(images, data)
  const empty = nothing(n)
  return (_, key) => {
    const [batchKey = key, drawKey = key, noiseKey = key] = split(key, 3)
    const { clips, tokens } = draw(batchKey, n)
    return new Map<string, Tensor>([
      ['clips', clips],
      ['tokens', tokens],
      ['nothing', empty],
      ...tensors.flatten(draws(drawKey, n), 'draws'),
      ['key', keyTensor(noiseKey)]
    ])
  }
}

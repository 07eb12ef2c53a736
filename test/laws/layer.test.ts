import { describe } from 'vitest'
import { layer, type Layer } from '../../laws/layer.ts'
import { layerMutants, linearLayer } from '../../laws/mutants/layer.ts'
import { f64 } from '../../src/measure/Close.ts'
import { key, normal } from '../../src/core/Key.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { attentionInit, attentionParts, type Attention } from '../../src/nn/attention.ts'
import { dit, ditDefaults, ditInit, ditParameters, type DitConfig, type DitParams } from '../../src/nn/dit.ts'
import { perceptron, perceptronInit, type Perceptron } from '../../src/nn/linear.ts'
import { affineInit, layerNorm, type Affine } from '../../src/nn/norm.ts'
import { drawn, parameters, type Real } from '../../src/nn/params.ts'
import { constantTime } from '../../src/nn/time.ts'
import { broadcastTo, constant, silu } from '../../src/ops/api.ts'
import { covered, hold, reject } from './hold.ts'

const perceptronLayer: Layer<Perceptron<Tensor>> = {
  init: drawn(perceptronInit(3, 5, 2)),
  apply: perceptron(silu),
  sample: [4, 3],
  result: [4, 2],
  names: ['0.weight', '0.bias', '2.weight', '2.bias']
}

const normLayer: Layer<Affine<Tensor>> = {
  init: drawn(affineInit(4)),
  apply: layerNorm(1e-5),
  sample: [3, 4],
  result: [3, 4],
  names: ['weight', 'bias']
}

const attention = { dim: 4, heads: 2, epsilon: 1e-5, qkNorm: true }

const attentionLayer: Layer<Attention<Tensor>> = {
  init: drawn(attentionInit(attention)),
  apply: (params, x) => attentionParts(attention)(params, x, x).output,
  sample: [3, 4],
  result: [3, 4],
  names: ['q', 'k', 'v', 'o']
    .flatMap((part) => [`${part}.weight`, `${part}.bias`])
    .concat('norm_q.weight', 'norm_k.weight')
}

const config: DitConfig = {
  ...ditDefaults,
  dim: 12,
  heads: 2,
  ffn: 8,
  frequencies: 4,
  textDim: 3,
  layers: 1,
  channels: 1,
  outChannels: 1
}

const words: Real = constant([1, 2, 3], Array.from(normal(key(3), 6)))

/** At one time, under one sentence. */
const transformer: Layer<DitParams<Tensor>> = {
  init: ditInit(config),
  apply: (params, x) => {
    const batch = x.shape[0] ?? 1
    return dit(config)(params, x, constantTime(batch, config.frequencies)(0.3), broadcastTo([batch, 2, 3])(words))
  },
  sample: [1, 2, 2, 2],
  result: [1, 2, 2, 2],
  names: parameters.flatten(ditParameters(config)).map(([name]) => name)
}

const held = <T>(name: string, subject: Layer<T>, runs: number): void => {
  describe(name, () => hold(layer(subject, f64), runs))
}

describe('layers', () => {
  held('linear', linearLayer, 50)
  held('perceptron', perceptronLayer, 50)
  held('norm', normLayer, 50)
  held('attention', attentionLayer, 20)
  held('transformer', transformer, 3)

  reject(layerMutants)
  covered(layer(linearLayer, f64), layerMutants)
})

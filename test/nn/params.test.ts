import { describe, expect, it } from 'vitest'
import { key } from '../../src/core/Key.ts'
import { ditDefaults, ditInit, ditParameters, type DitConfig } from '../../src/nn/dit.ts'
import { count, drawn, inputsFor, inputsOf, named, normals, parameters, tensors, xavier } from '../../src/nn/params.ts'

const config: DitConfig = {
  ...ditDefaults,
  dim: 12,
  heads: 2,
  ffn: 16,
  frequencies: 8,
  textDim: 6,
  layers: 2,
  channels: 3,
  outChannels: 4
}

const block = (i: number): ReadonlyArray<readonly [string, string]> => {
  const linear = (name: string, out: number, width: number) =>
    [
      [`blocks.${i}.${name}.weight`, `${out},${width}`],
      [`blocks.${i}.${name}.bias`, `${out}`]
    ] as const
  const attention = (name: string) => [
    ...['q', 'k', 'v', 'o'].flatMap((part) => linear(`${name}.${part}`, 12, 12)),
    [`blocks.${i}.${name}.norm_q.weight`, '12'] as const,
    [`blocks.${i}.${name}.norm_k.weight`, '12'] as const
  ]
  return [
    [`blocks.${i}.modulation`, '1,6,12'],
    ...attention('self_attn'),
    [`blocks.${i}.norm3.weight`, '12'],
    [`blocks.${i}.norm3.bias`, '12'],
    ...attention('cross_attn'),
    ...linear('ffn.0', 16, 12),
    ...linear('ffn.2', 12, 16)
  ]
}

describe('the parameters of a transformer', () => {
  it('have the names and shapes of the official state_dict', () => {
    const got = parameters.flatten(ditParameters(config)).map(([name, { shape }]) => [name, String(shape)] as const)

    expect(new Map(got)).toEqual(
      new Map([
        ['patch_embedding.weight', '12,3,1,2,2'],
        ['patch_embedding.bias', '12'],
        ['text_embedding.0.weight', '12,6'],
        ['text_embedding.0.bias', '12'],
        ['text_embedding.2.weight', '12,12'],
        ['text_embedding.2.bias', '12'],
        ['time_embedding.0.weight', '12,8'],
        ['time_embedding.0.bias', '12'],
        ['time_embedding.2.weight', '12,12'],
        ['time_embedding.2.bias', '12'],
        ['time_projection.1.weight', '72,12'],
        ['time_projection.1.bias', '72'],
        ['head.modulation', '1,2,12'],
        ['head.head.weight', '16,12'],
        ['head.head.bias', '16'],
        ...block(0),
        ...block(1)
      ])
    )
  })

  it('lack the norms that the configuration leaves out', () => {
    const bare = ditParameters({ ...config, qkNorm: false, crossAttentionNorm: false })

    expect(parameters.flatten(bare).filter(([name]) => name.includes('norm'))).toEqual([])
  })

  it('are the same numbers from the same key, and others from another', () => {
    const numbers = (seed: number) => tensors.flatten(ditInit(config)(key(seed))).map(([, { data }]) => [...data])

    expect(numbers(7)).toEqual(numbers(7))
    expect(numbers(8)).not.toEqual(numbers(7))
  })

  it('are drawn independently: no two weights of one shape are equal', () => {
    const weights = tensors.flatten(ditInit(config)(key(1))).filter(([, { shape }]) => String(shape) === '12,12')

    expect(new Set(weights.map(([, { data }]) => data[0])).size).toBe(weights.length)
  })

  it('are counted without drawing them', () => {
    const drawnCount = tensors.flatten(ditInit(config)(key(1))).reduce((n, [, { data }]) => n + data.length, 0)

    expect(count(ditParameters(config))).toBe(drawnCount)
  })

  it('become inputs of the same names, from their shapes or from their numbers', () => {
    const fromShapes = inputsOf(ditParameters(config), 'params')
    const numbers = ditInit(config)(key(1))

    expect(inputsFor(numbers, 'params')).toEqual(fromShapes)
    expect(fromShapes.blocks[1]?.self_attn.q.weight.term).toEqual({
      _tag: 'Input',
      name: 'params.blocks.1.self_attn.q.weight'
    })
    expect([...named(numbers, 'params').keys()]).toEqual(
      parameters.flatten(ditParameters(config), 'params').map(([name]) => name)
    )
  })
})

describe('laws that parameters are drawn from', () => {
  it('keep to the bound of Glorot and Bengio, and fill it', () => {
    const { data } = drawn({ w: xavier([30, 20, 1, 2, 2]) })(key(3)).w
    const bound = Math.sqrt(6 / (30 + 80))
    const largest = Math.max(...Array.from(data, Math.abs))

    expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-7))
    expect(largest).toBeGreaterThan(0.98 * bound)
  })

  it('have the deviation that was asked for', () => {
    const { data } = drawn({ w: normals(0.02)([100, 100]) })(key(3)).w
    const deviation = Math.sqrt(Array.from(data).reduce((sum, v) => sum + v * v, 0) / data.length)

    expect(deviation).toBeCloseTo(0.02, 3)
  })
})

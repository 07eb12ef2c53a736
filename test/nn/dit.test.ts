import { describe, expect, it } from 'vitest'
import { key } from '../../src/core/Key.ts'
import { floats, type Tensor } from '../../src/core/Tensor.ts'
import {
  dit,
  ditDefaults,
  ditFeatures,
  ditInit,
  featureMap,
  leave,
  timeEmbedding,
  type DitConfig
} from '../../src/nn/dit.ts'
import { inputsFor, named, type Real } from '../../src/nn/params.ts'
import { gridOf } from '../../src/nn/patch.ts'
import { raggedDit } from '../../src/nn/ragged.ts'
import { timeInputs, times } from '../../src/nn/time.ts'
import { expandDims, input } from '../../src/ops/api.ts'
import { furthest, randoms, sentences, shaken, valueOf, valuesOf, type Named } from './values.ts'

const config: DitConfig = {
  ...ditDefaults,
  dim: 12,
  heads: 2,
  ffn: 16,
  frequencies: 8,
  textDim: 6,
  layers: 3,
  channels: 2,
  outChannels: 2
}

const fresh = ditInit(config)(key(1))
const numbers = shaken(fresh, 2)
const params = inputsFor(numbers, 'params')
const given = named(numbers, 'params')

const clip = [2, 2, 4, 4] as const
const x = (batch: number): Real => input('x', 'f32', [batch, ...clip])
const context = (batch: number): Real => input('context', 'f32', [batch, 5, 6])
const network = (batch: number): Real => dit(config)(params, x(batch), timeInputs('t', batch, 8), context(batch))

const one = (i: number): Named =>
  new Map([
    ...named(times(Float64Array.of([0.3, 0.8][i] ?? 0), 8), 't'),
    ['x', randoms(10 + i, [1, ...clip])],
    ['context', randoms(20 + i, [1, 5, 6])]
  ])

const both = (name: string): Tensor => {
  const parts = [one(0), one(1)].flatMap((named) => named.get(name) ?? [])
  return floats(
    [2, ...(parts[0]?.shape.slice(1) ?? [])],
    parts.flatMap(({ data }) => [...data])
  )
}

describe('the transformer', () => {
  it('treats samples of a batch independently', () => {
    const together = valueOf(network(2), given, new Map([...one(0).keys()].map((name) => [name, both(name)])))
    const apart = [0, 1].flatMap((i) => [...valueOf(network(1), given, one(i)).data])

    expect(furthest(together, floats([2, ...clip], apart))).toBeLessThan(1e-12)
  })

  it('begins as zero', () => {
    const value = valueOf(network(1), named(fresh, 'params'), one(0))

    expect(value.data.every((v) => v === 0)).toBe(true)
  })

  it('depends on the time, on the text, and on the clip', () => {
    const value = (inputs: Named): Tensor => valueOf(network(1), given, inputs)
    const other = one(1)

    for (const names of [['t.features'], ['context'], ['x']])
      expect(
        furthest(
          value(one(0)),
          value(new Map([...one(0)].map(([n, v]) => [n, names.includes(n) ? (other.get(n) ?? v) : v])))
        )
      ).toBeGreaterThan(1e-3)
  })

  it('shows the tokens after chosen blocks; the head makes its output of the last', () => {
    const time = timeInputs('t', 1, 8)
    const { output, hidden } = ditFeatures(config)(params, x(1), time, context(1), [0, 2])
    const again = leave(config)(params.head, hidden[1] as Real, timeEmbedding(params, time), gridOf(x(1), config.patch))

    expect(hidden.map(({ shape }) => shape)).toEqual([
      [1, 8, 12],
      [1, 8, 12]
    ])
    expect(again).toBe(output)
    expect(output).toBe(network(1))
    expect(featureMap(config, hidden[0] as Real, x(1)).shape).toEqual([1, 3, 2, 4, 4])
  })

  it('says what is wrong with its operands, all at once', () => {
    const wrong = dit(config)(
      params,
      input('x', 'f32', [1, 2, 2, 5, 4]),
      timeInputs('t', 2, 8),
      input('context', 'f32', [1, 5, 7])
    )

    expect(new Set(sentences(wrong))).toEqual(
      new Set([
        'dit: frames, height and width of [1,2,2,5,4] are not multiples of the patch [1,2,2]',
        'dit: time.features must be [batch,frequencies] = [1,8], got [2,8]',
        'dit: context must be [batch,text,textDim] = [1,any,6], got [1,5,7]'
      ])
    )
  })

  it('says that the channels of a clip are wrong', () => {
    const wrong = dit(config)(params, input('x', 'f32', [1, 3, 2, 4, 4]), timeInputs('t', 1, 8), context(1))

    expect(sentences(wrong)).toEqual([
      'dit: x must be [batch,channels,frames,height,width] = [any,2,any,any,any], got [1,3,2,4,4]'
    ])
  })
})

describe('a batch of clips of different grids', () => {
  const small = [2, 1, 2, 4] as const
  const clips = [input('large', 'f32', clip), input('small', 'f32', small)]
  const inputs: Named = new Map([
    ...named(times(Float64Array.of(0.3, 0.8), 8), 't'),
    ['context', both('context')],
    ['large', floats(clip, [...(one(0).get('x')?.data ?? [])])],
    ['small', randoms(5, small)]
  ])
  const ragged = (length: number): ReadonlyArray<Real> =>
    raggedDit(config)(params, clips, timeInputs('t', 2, 8), context(2), length)

  it('gives every clip what it gets alone, whatever the others are filled up to', () => {
    const [large, little] = valuesOf(ragged(11), given, inputs)
    const alone = dit(config)(
      params,
      expandDims(0)(clips[1] as Real),
      timeInputs('u', 1, 8),
      input('d', 'f32', [1, 5, 6])
    )
    const aloneInputs: Named = new Map([
      ...named(times(Float64Array.of(0.8), 8), 'u'),
      ['d', one(1).get('context') as Tensor],
      ['small', inputs.get('small') as Tensor]
    ])

    expect(large && furthest(large, { ...valueOf(network(1), given, one(0)), shape: clip })).toBeLessThan(1e-12)
    expect(little && furthest(little, { ...valueOf(alone, given, aloneInputs), shape: small })).toBeLessThan(1e-12)
  })
})

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { modelGraph } from '../../src/cli/graphs.ts'
import { loadModel, classifierKind, under } from '../../src/cli/models.ts'
import { assets } from '../../src/cli/packaged.ts'
import { difference, type Close } from '../../src/measure/Close.ts'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { floats, generate, tensor, type Tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { iterate } from '../../src/autodiff/scan.ts'
import { toOnnx, toSafetensors } from '../../src/io/export.ts'
import { read, write } from '../../src/io/safetensors.ts'
import { add, gelu, input, matmul, sin, softmax, type Expr } from '../../src/ops/api.ts'
import { done, right, type Outputs, type Values } from '../runtime/running.ts'

const close: Close = { absolute: 1e-5, relative: 1e-5 }

const x = input('x', 'f32', [2, 3])
const w = input('layer.weight', 'f32', [3, 4])
const b = input('layer.bias', 'f32', [4])
const params = {
  layer: { weight: generate('f32', [3, 4], (i) => Math.sin(i)), bias: floats([4], [0.1, -0.2, 0.3, 0]) }
}
const layer = gelu(add(matmul(x, w), b)) as Expr<'f32'>

/** What onnxruntime makes of a file, with nothing of this project between. */
const inOnnxruntime = async (bytes: Uint8Array, given: Values): Promise<Values> => {
  const session = await InferenceSession.create(bytes)
  const feeds = Object.fromEntries(
    [...given].map(([name, { shape, data }]) => [name, new OrtTensor('float32', Float32Array.from(data), shape)])
  )
  const results = await session.run(feeds)
  return new Map(
    Object.entries(results).map(([name, y]) => [name, tensor('f32', y.dims, Float32Array.from(y.data as Float32Array))])
  )
}

const meant = (outputs: Outputs, given: Values): Values => {
  const values = right(evaluate(given)(Object.values(outputs)))
  return new Map(Object.keys(outputs).map((name, i) => [name, values[i]!]))
}

const differences = (a: Values, b: Values): ReadonlyArray<string | undefined> =>
  [...b].map(([name, value]) => difference(close, a.get(name)!, value))

const faults = (file: ReturnType<typeof toOnnx>): ReadonlyArray<string> => (E.isLeft(file) ? file.left.map(show) : [])

describe('a graph as an ONNX file', () => {
  const given = new Map([['x', floats([2, 3], [1, -2, 3, 0.5, 0, -1])]])
  const all = new Map([...given, ['layer.weight', params.layer.weight], ['layer.bias', params.layer.bias]])

  it('gives in onnxruntime what it means, by the names of its inputs and outputs', async () => {
    const outputs = { hidden: layer, 'class scores': softmax(-1)(layer) }
    const file = right(toOnnx(outputs, params))

    expect(file.inputs.map(({ label }) => label)).toEqual(['x'])
    expect(file.outputs.map(({ label }) => label)).toEqual(['hidden', 'class scores'])
    expect(differences(await inOnnxruntime(file.bytes, given), meant(outputs, all))).toEqual([undefined, undefined])
  })

  it('may hold a loop', async () => {
    const outputs = { y: iterate(5, (y: Expr<'f32'>) => sin(add(y, b)))(layer) }
    const file = right(toOnnx(outputs, params))

    expect(differences(await inOnnxruntime(file.bytes, given), meant(outputs, all))).toEqual([undefined])
  })

  it('is a whole model', async () => {
    const outputs = await done(modelGraph(assets.classifier))
    const { tensors } = await done(loadModel(classifierKind, assets.classifier))
    const weights = under('params', tensors)
    const { shape } = right(toOnnx(outputs, Object.fromEntries(weights))).inputs[0]!
    const clips = new Map([['clips', generate('f32', shape, (i) => Math.sin(i * i))]])

    const found = await inOnnxruntime(right(toOnnx(outputs, Object.fromEntries(weights))).bytes, clips)

    expect(new Set(differences(found, meant(outputs, new Map([...weights, ...clips]))))).toEqual(new Set([undefined]))
  })

  it('keeps as inputs what it has no values for', () => {
    const file = right(toOnnx({ y: layer }, { layer: { bias: params.layer.bias } }))

    expect(file.inputs.map(({ name }) => name)).toEqual(['layer.weight', 'x'])
  })

  it('takes narrow weights', async () => {
    const narrow = { layer: { ...params.layer, bias: tensor('bf16', [4], params.layer.bias.data) } }
    const found = await inOnnxruntime(right(toOnnx({ y: layer }, narrow)).bytes, given)

    expect(differences(found, meant({ y: layer }, all))).toEqual([undefined])
  })

  it('is refused where parameters do not fit', () => {
    const wrong = {
      layer: { weight: floats([4, 3], new Float64Array(12)), bias: tensor('i32', [4], new Int32Array(4)) },
      head: floats([], [1])
    }

    expect(faults(toOnnx({ y: layer }, wrong))).toEqual([
      "input 'layer.weight' has shape [4,3], not [3,4]",
      "input 'layer.bias': needs f32, got i32",
      "toOnnx: no input is named 'head', after a parameter; rename it, or leave it out"
    ])
  })

  it('is refused with the faults of the graph', () => {
    expect(faults(toOnnx({ y: add(x as Expr, b as Expr) as Expr }, {}))).toEqual(['add: shapes differ, [2,3] and [4]'])
  })
})

describe('parameters as safetensors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fluxion-export-'))
  const flat: ReadonlyMap<string, Tensor> = new Map([
    ['layer.weight', params.layer.weight],
    ['layer.bias', params.layer.bias]
  ])

  it('are the bytes that are written', async () => {
    const [mine, written] = [join(folder, 'mine'), join(folder, 'written')]
    writeFileSync(mine, right(toSafetensors(params, { kind: 'example' })))
    await done(write(written, flat, { kind: 'example' }))

    expect(readFileSync(mine)).toEqual(readFileSync(written))
    const { tensors } = await done(read(mine))
    expect([...tensors.keys()].sort()).toEqual(['layer.bias', 'layer.weight'])
    expect(Array.from(tensors.get('layer.bias')!.data)).toEqual(Array.from(Float32Array.of(0.1, -0.2, 0.3, 0)))
  })

  it('are refused where a shape has other elements than there are', () => {
    expect(toSafetensors({ w: floats([3], [1]) })).toMatchObject({ left: { _tag: 'WrongLength', name: 'w' } })
  })
})

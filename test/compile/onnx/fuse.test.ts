import { describe, expect, it } from 'vitest'
import { fuse } from '../../../src/compile/onnx/fuse.ts'
import { rawData, type OnnxConstant, type OnnxNode } from '../../../src/compile/onnx/model.ts'

const node = (op: string, inputs: ReadonlyArray<string>, output: string, attributes = {}): OnnxNode => ({
  op,
  name: output,
  inputs,
  outputs: [output],
  attributes,
  domain: ''
})
const number = (name: string, value: number): OnnxConstant => ({
  name,
  type: 'f32',
  shape: [],
  data: rawData('f32', [value])
})
const whole: OnnxConstant = { name: 'whole', type: 'i64', shape: [1], data: rawData('i64', [3]) }

const fused = (...nodes: ReadonlyArray<OnnxNode>): ReadonlyArray<string> =>
  fuse(nodes, [number('three', 3), whole], ['y']).map(
    ({ op, inputs, outputs, attributes }) => `${outputs} = ${op} ${inputs} ${JSON.stringify(attributes)}`
  )

describe('a product that is multiplied by a number', () => {
  const product = node('MatMul', ['a', 'b'], 'p')

  it('multiplies by it itself', () => {
    expect(fused(product, node('Mul', ['p', 'three'], 'y'))).toEqual(['y = FusedMatMul a,b {"alpha":{"float":3}}'])
  })

  it('multiplies by it besides by what it had', () => {
    const scaled = node('Gemm', ['a', 'b'], 'p', { alpha: { float: 2 }, transB: 1 })

    expect(fused(scaled, node('Mul', ['p', 'three'], 'y'))).toEqual(['y = Gemm a,b {"alpha":{"float":6},"transB":1}'])
  })

  it('does so before it is reshaped', () => {
    expect(fused(product, node('Reshape', ['p', 'whole'], 'r'), node('Mul', ['r', 'three'], 'y'))).toEqual([
      'p = FusedMatMul a,b {"alpha":{"float":3}}',
      'y = Reshape p,whole {}'
    ])
  })

  it('stays as it is where something is added to it, where it is used again, and where it is no product', () => {
    const alone = [
      [node('Gemm', ['a', 'b', 'c'], 'p'), node('Mul', ['p', 'three'], 'y')],
      [product, node('Mul', ['p', 'three'], 'q'), node('Add', ['p', 'q'], 'y')],
      [node('Exp', ['a'], 'p'), node('Mul', ['p', 'three'], 'y')],
      [product, node('Mul', ['p', 'whole'], 'y')],
      [node('Mul', ['a', 'three'], 'y')]
    ]
    for (const nodes of alone) expect(fused(...nodes)).toHaveLength(nodes.length)
  })
})

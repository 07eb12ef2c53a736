import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { jvp } from '../../src/autodiff/jvp.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { difference, exact, type Close } from '../../src/core/Close.ts'
import { isFloat } from '../../src/core/DType.ts'
import { apply } from '../../src/core/Expr.ts'
import type { Op } from '../../src/core/Op.ts'
import { ops } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { directions, drawn } from './drawn.ts'
import { done, runOn, type Outputs, type Values } from './running.ts'

/** Single precision through an operation and its derivatives. */
const close: Close = { absolute: 2e-6, relative: 2e-5 }

/** The value of an example and both its derivatives, each along a direction. */
const graphOf = (op: Op, index: number): { readonly outputs: Outputs; readonly values: Values } => {
  const example = op.examples[index]!
  const { inputs, values } = drawn(op, example, `x${index}`)
  const value = apply(op, inputs, example.params)
  const floating = inputs.filter((x) => isFloat(x.dtype))
  if (!isFloat(value.dtype) || floating.length === 0) return { outputs: { [`value${index}`]: value }, values }
  const cotangent = directions([value], `g${index}`)
  const tangent = directions(floating, `v${index}`)
  const pulled = vjp([value], floating)(cotangent.inputs)
  return {
    outputs: {
      [`value${index}`]: value,
      [`pushed${index}`]: jvp([value], floating)(tangent.inputs)[0]!,
      ...Object.fromEntries(pulled.map((g, i) => [`pulled${index}.${i}`, g]))
    },
    values: new Map([...values, ...cotangent.values, ...tangent.values])
  }
}

describe('the ONNX target', () => {
  let device: Device
  beforeAll(async () => {
    device = await done(onnx({ optimization: 'disabled', threads: 1 }))
  })
  afterAll(() => done(device.dispose()))

  for (const op of Object.values(ops).filter(({ examples }) => examples.length > 0))
    it(`computes ${op.name} and its derivatives as the reference does`, async () => {
      const graphs = op.examples.map((_, i) => graphOf(op, i))
      const outputs = Object.assign({}, ...graphs.map((graph) => graph.outputs)) as Outputs
      const values = new Map(graphs.flatMap((graph) => [...graph.values]))
      const expected = await runOn(reference(), outputs, values)
      const got = await runOn(device, outputs, values)
      for (const [name, value] of expected) {
        const near = isFloat(value.dtype) ? close : exact
        expect(difference(near, got.get(name)!, value), `${op.name} ${name}`).toBeUndefined()
      }
    })
})

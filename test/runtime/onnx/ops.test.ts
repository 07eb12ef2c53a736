import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { difference, exact, type Close } from '../../../src/measure/Close.ts'
import { isFloat } from '../../../src/core/DType.ts'
import { $, ops } from '../../../src/ops/registry.ts'
import { placesOf } from '../../../src/ops/windows.ts'
import type { Device } from '../../../src/runtime/device.ts'
import { onnx } from '../../../src/runtime/onnx/device.ts'
import { reference } from '../../../src/runtime/reference/device.ts'
import { varied } from '../../ops/evaluated.ts'
import { graphOf } from '../examples.ts'
import { done, runOn, type Outputs } from '../running.ts'

/** Single precision through an operation and its derivatives. */
const close: Close = { absolute: 2e-6, relative: 2e-5 }

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

  // Boxes whose sizes, steps and spaces differ from axis to axis, so that no two axes can be confused.
  const axes = { box: [5, 2, 3], stride: [2, 1, 3], space: [11, 5, 9] }
  const dilations = [[2], [2, 2], [2, 2, 2], [1, 2, 1], [2, 1, 2], [1, 1, 1]]
  for (const dilation of dilations)
    it(`adds up boxes dilated by [${dilation}] over ${dilation.length} axes as the reference does`, async () => {
      const rank = dilation.length
      const [box, stride, space] = [axes.box.slice(0, rank), axes.stride.slice(0, rank), axes.space.slice(0, rank)]
      const places = placesOf(space, { box, stride, dilation })
      const added = $.overlap(varied([2, 3, ...box, ...places]), { box, stride, dilation, space })
      const [expected, got] = [
        await runOn(reference(), { added }, new Map()),
        await runOn(device, { added }, new Map())
      ]
      expect(difference(close, got.get('added')!, expected.get('added')!)).toBeUndefined()
    })
})

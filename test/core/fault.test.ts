import { describe, expect, it } from 'vitest'
import { show, type Fault } from '../../src/core/Fault.ts'

const a = [2, 3]
const b = [4, 5]

/** Each kind of fault, and what it says. */
const sentences: Readonly<Record<Fault['_tag'], readonly [Fault, string]>> = {
  ShapesDiffer: [{ _tag: 'ShapesDiffer', op: 'add', left: a, right: b }, 'add: shapes differ, [2,3] and [4,5]'],
  InnerSizesDiffer: [
    { _tag: 'InnerSizesDiffer', op: 'matmul', left: a, right: b },
    'matmul: inner sizes differ, [2,3] x [4,5]'
  ],
  LeadingAxesDiffer: [
    { _tag: 'LeadingAxesDiffer', op: 'matmul', left: a, right: b },
    'matmul: leading axes differ, [2,3] x [4,5]'
  ],
  DTypesDiffer: [
    { _tag: 'DTypesDiffer', op: 'mul', left: 'f32', right: 'i32' },
    'mul: element types differ, f32 and i32; convert one with cast'
  ],
  WrongDType: [
    { _tag: 'WrongDType', op: 'take', expected: 'i32 indices', got: 'f32' },
    'take: needs i32 indices, got f32'
  ],
  AxisOutOfRange: [{ _tag: 'AxisOutOfRange', op: 'sum', axis: 2, shape: a }, 'sum: axis 2 is out of range for [2,3]'],
  TooFewAxes: [
    { _tag: 'TooFewAxes', op: 'matmul', operand: 'left', least: 2, shape: [3] },
    'matmul: left operand needs at least 2 axes, got [3]'
  ],
  SizesDiffer: [
    { _tag: 'SizesDiffer', op: 'reshape', from: a, to: b },
    'reshape: [2,3] does not have as many elements as [4,5]'
  ],
  WrongInputs: [{ _tag: 'WrongInputs', op: 'add', expected: 2, got: 1 }, 'add: takes 2 operands, got 1'],
  Unexpected: [{ _tag: 'Unexpected', expected: a, got: b }, 'expect: shape is [4,5], not [2,3]'],
  Invalid: [{ _tag: 'Invalid', op: 'pad', why: 'nothing to pad' }, 'pad: nothing to pad'],
  UnboundInput: [{ _tag: 'UnboundInput', name: 'x' }, "input 'x' has no value"],
  InputDiffers: [{ _tag: 'InputDiffers', name: 'x', expected: a, got: b }, "input 'x' has shape [4,5], not [2,3]"],
  NameTaken: [{ _tag: 'NameTaken', name: 'x' }, "input 'x' is declared twice with different types"],
  TooLarge: [
    { _tag: 'TooLarge', what: 'a buffer', bytes: 200, limit: 100, remedy: 'use a smaller batch' },
    'a buffer needs 200 bytes, the limit is 100; use a smaller batch'
  ],
  NotLowered: [
    { _tag: 'NotLowered', op: 'scan', target: 'WGSL', why: 'it has no lowering' },
    'scan: not available on WGSL; it has no lowering'
  ],
  Device: [{ _tag: 'Device', device: 'onnx', why: 'it is gone' }, 'onnx: it is gone']
}

describe('a fault', () => {
  for (const [tag, [fault, sentence]] of Object.entries(sentences))
    it(`says what is wrong: ${tag}`, () => {
      expect(show(fault)).toBe(sentence)
    })
})

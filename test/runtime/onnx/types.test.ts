import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { difference, exact } from '../../../src/measure/Close.ts'
import type { DType } from '../../../src/core/DType.ts'
import { input, literal, type Expr } from '../../../src/core/Expr.ts'
import { size, type Shape } from '../../../src/core/Shape.ts'
import { tensor, type Tensor } from '../../../src/core/Tensor.ts'
import { $ } from '../../../src/ops/registry.ts'
import type { Device } from '../../../src/runtime/device.ts'
import { onnx } from '../../../src/runtime/onnx/device.ts'
import { reference } from '../../../src/runtime/reference/device.ts'
import { done, runOn } from '../running.ts'

const samples: Readonly<Record<'i32' | 'u32' | 'bool', ReadonlyArray<number>>> = {
  i32: [3, -7, 0, 2147483647, -2147483648, 5],
  u32: [3, 7, 0, 4294967295, 2147483648, 5],
  bool: [0, 1, 1, 0, 1, 0]
}

const given = (dtype: keyof typeof samples, shape: Shape, from = 0): Tensor =>
  tensor(
    dtype,
    shape,
    Float64Array.from({ length: size(shape) }, (_, i) => samples[dtype][(i + from) % 6]!)
  )

const shape = [2, 3]
const x = (dtype: DType): Expr => input(`x.${dtype}`, dtype, shape)
const y = (dtype: DType): Expr => input(`y.${dtype}`, dtype, shape)
const types = ['i32', 'u32', 'bool'] as const
const values = new Map(
  types.flatMap((dtype) => [
    [`x.${dtype}`, given(dtype, shape)],
    [`y.${dtype}`, given(dtype, shape, 2)]
  ])
)
const small = (dtype: 'i32' | 'u32'): Expr => literal(tensor(dtype, [2, 3], Float64Array.of(1, 2, 3, 4, 5, 6)))

/** Every use of exact types, by a sentence. */
const cases: Readonly<Record<string, ReadonlyArray<Expr>>> = {
  'sums and differences, which wrap': (['i32', 'u32'] as const).flatMap((t) => [$.add(x(t), y(t)), $.sub(x(t), y(t))]),
  'products, which wrap': (['i32', 'u32'] as const).map((t) => $.mul(x(t), y(t))),
  'quotients toward zero': (['i32', 'u32'] as const).map((t) => $.div(x(t), small(t))),
  'signs of integers': [$.neg(small('i32')), $.abs(small('i32')), $.sign(x('i32'))],
  extrema: (['i32', 'u32'] as const).flatMap((t) => [$.maximum(x(t), y(t)), $.minimum(x(t), y(t))]),
  comparisons: (['i32', 'u32'] as const).flatMap((t) => [
    $.less(x(t), y(t)),
    $.lessEqual(x(t), y(t)),
    $.equal(x(t), y(t))
  ]),
  logic: [$.and(x('bool'), y('bool')), $.or(x('bool'), y('bool')), $.not(x('bool')), $.equal(x('bool'), y('bool'))],
  selection: types.map((t) => $.where(x('bool'), x(t), y(t))),
  'sums over an axis': (['i32', 'u32'] as const).map((t) => $.sum(small(t), { axes: [0] })),
  'extrema over an axis': (['i32', 'u32'] as const).flatMap((t) => [
    $.max(x(t), { axes: [1] }),
    $.min(x(t), { axes: [0] }),
    $.prod(small(t), { axes: [0, 1] })
  ]),
  'folds over repeated elements': (['i32', 'u32', 'f32'] as const).flatMap((dtype) => {
    const row = $.iota({ shape: [3, 2], axis: 1, dtype })
    return [
      $.sum(row, { axes: [0] }),
      $.sum($.mul(row, row), { axes: [0, 1] }),
      $.sum($.fill(2, { dtype, shape: [2, 3] }), { axes: [1] }),
      $.max(row, { axes: [0] }),
      $.prod($.add(row, $.fill(1, row)), { axes: [0] })
    ]
  }),
  'integer contractions': (['i32', 'u32'] as const).map((t) =>
    $.contract(small(t), small(t), { left: { batch: [], over: [1] }, right: { batch: [], over: [1] } })
  ),
  views: types.flatMap((t) => [
    $.reshape(x(t), { shape: [3, 2] }),
    $.transpose(x(t), { order: [1, 0] }),
    $.broadcast(x(t), { shape: [2, 2, 3], axes: [0, 2] }),
    $.slice(x(t), { start: [0, 1], stop: [2, 3], step: [1, 2] }),
    $.pad(x(t), { low: [1, 0], high: [0, 1], interior: [0, 0], value: 1 }),
    $.pad(x(t), { low: [0, 0], high: [0, 0], interior: [1, 0], value: 0 }),
    $.concat([x(t), y(t)], { axis: 0 }),
    $.flip(x(t), { axes: [1] })
  ]),
  counting: (['i32', 'u32', 'f32'] as const).map((dtype) => $.iota({ shape: [2, 3], axis: 1, dtype })),
  conversions: [
    ...types.flatMap((from) => (['i32', 'u32', 'bool'] as const).map((to) => $.cast(x(from), { to }))),
    $.cast(small('i32'), { to: 'f32' }),
    $.cast(x('bool'), { to: 'f32' }),
    $.cast(literal(tensor('f32', [3], Float64Array.of(2.7, -2.7, 0))), { to: 'i32' })
  ]
}

describe('the ONNX target on exact types', () => {
  let device: Device
  beforeAll(async () => {
    device = await done(onnx({ optimization: 'disabled', threads: 1 }))
  })
  afterAll(() => done(device.dispose()))

  for (const [name, roots] of Object.entries(cases))
    it(`agrees with the reference on ${name}`, async () => {
      const outputs = Object.fromEntries(roots.map((root, i) => [`y${i}`, root]))
      const expected = await runOn(reference(), outputs, values)
      const got = await runOn(device, outputs, values)
      for (const [output, value] of expected)
        expect(difference(exact, got.get(output)!, value), `${output} ${value.dtype}`).toBeUndefined()
    })
})

import { afterAll, describe, expect, it } from 'vitest'
import { difference, exact } from '../../src/measure/Close.ts'
import type { Int } from '../../src/core/DType.ts'
import { input, literal, type Expr } from '../../src/core/Expr.ts'
import { tensor, type Tensor } from '../../src/core/Tensor.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { sort } from '../../src/ops/api.ts'
import { $ } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { done, runOn } from '../runtime/running.ts'
import { software } from './software.ts'

/** Numbers that wrap around when they are added or multiplied. */
const samples: Readonly<Record<Int, ReadonlyArray<number>>> = {
  i32: [3, -7, 2147483647, -2147483648, 5, 46341, -46341, 0],
  u32: [3, 7, 4294967295, 2147483648, 5, 65536, 65537, 0]
}

const types = ['i32', 'u32'] as const
const given = (dtype: Int, from: number): Tensor =>
  tensor(
    dtype,
    [2, 4],
    Float64Array.from({ length: 8 }, (_, i) => samples[dtype][(i + from) % 8] ?? 0)
  )
const values = new Map(types.flatMap((t) => [0, 2].map((from) => [`${t}${from}`, given(t, from)] as const)))
const x = (t: Int): Expr => input(`${t}0`, t, [2, 4])
const y = (t: Int): Expr => input(`${t}2`, t, [2, 4])
const places = (shape: ReadonlyArray<number>, ...at: ReadonlyArray<number>): Expr =>
  literal(tensor('i32', shape, Float64Array.from(at)))
/** The least number that there is, and what is before it, the largest. */
const least = (t: Int): Expr => literal(tensor(t, [3], new Float64Array(3).fill(t === 'i32' ? -(2 ** 31) : 0)))
const each = (f: (t: Int) => ReadonlyArray<Expr>): ReadonlyArray<Expr> => types.flatMap(f)

/** Every use of integers, by a sentence. */
const cases: Readonly<Record<string, ReadonlyArray<Expr>>> = {
  'sums, differences and products, which wrap': each((t) => [$.add(x(t), y(t)), $.sub(x(t), y(t)), $.mul(x(t), y(t))]),
  'extrema and comparisons': each((t) => [
    ...[$.maximum(x(t), y(t)), $.minimum(x(t), y(t))],
    ...[$.less(x(t), y(t)), $.lessEqual(x(t), y(t)), $.equal(x(t), y(t)), $.where($.less(x(t), y(t)), x(t), y(t))]
  ]),
  signs: [$.neg(x('i32')), $.abs(y('i32')), $.sign(x('i32'))],
  'sums and products over axes, which wrap': each((t) => [
    ...[$.sum(x(t), { axes: [0] }), $.sum(x(t), { axes: [1] }), $.sum(x(t), { axes: [0, 1] })],
    ...[$.max(least(t), { axes: [0] }), $.min($.sub(least(t), $.fill(1, least(t))), { axes: [0] })],
    ...[$.prod(x(t), { axes: [0] }), $.max(x(t), { axes: [0] }), $.min(x(t), { axes: [1] })]
  ]),
  'long products, which wrap however large they become': each((t) => {
    const long = $.add(
      $.iota({ shape: [3, 13], axis: 1, dtype: t }),
      $.fill(t === 'i32' ? -2147483647 : 2147483647, { dtype: t, shape: [3, 13] })
    )
    const odd = $.add($.mul(long, $.fill(2, long)), $.fill(1, long))
    return [
      ...[
        $.prod(odd, { axes: [1] }),
        $.prod(odd, { axes: [0, 1] }),
        $.prod($.slice(odd, { start: [0, 0], stop: [3, 0], step: [1, 1] }), { axes: [1] })
      ],
      $.cumulativeProduct(odd, { axis: 1, reverse: false })
    ]
  }),
  'contractions, which wrap': each((t) => [
    $.contract(x(t), y(t), { left: { batch: [], over: [1] }, right: { batch: [], over: [1] } }),
    $.contract(x(t), y(t), { left: { batch: [0], over: [1] }, right: { batch: [0], over: [1] } })
  ]),
  'cumulative sums, which wrap': each((t) => [
    $.cumulativeSum(x(t), { axis: 1, reverse: false }),
    $.cumulativeSum(x(t), { axis: 0, reverse: true })
  ]),
  order: each((t) => [
    sort(1)(x(t)),
    $.ranks(x(t), { axis: 1, descending: true }),
    $.argsort(y(t), { axis: 1, descending: false })
  ]),
  indexing: each((t) => [
    $.take(x(t), places([3], 1, 0, 1), { axis: 0 }),
    $.takeAlong(x(t), places([2, 2], 3, 0, 2, 2), { axis: 1 }),
    $.scatterAdd(x(t), places([2], 1, 1), { axis: 0, size: 3 }),
    $.addAlong(x(t), places([2, 4], 1, 1, 1, 0, 2, 2, 2, 2), { axis: 1, size: 3 })
  ]),
  views: each((t) => [
    ...[$.transpose(x(t), { order: [1, 0] }), $.flip(x(t), { axes: [1] }), $.concat([x(t), y(t)], { axis: 0 })],
    $.slice(x(t), { start: [0, 1], stop: [2, 4], step: [1, 2] }),
    $.pad(x(t), { low: [1, 0], high: [0, 1], interior: [0, 0], value: 1 })
  ]),
  conversions: [
    ...each((t) => types.map((to) => $.cast(x(t), { to }))),
    ...each((t) => [$.cast(x(t), { to: 'bool' }), $.cast(x(t), { to: 'f32' })])
  ]
}

const devices: Readonly<Record<string, Device | undefined>> = {
  'WGSL for CPU drivers': await software({ fewest: { rows: 1, columns: 2 } }),
  'WGSL for GPUs': await software({ ...portable, fewest: { rows: 1, columns: 2 } }),
  ONNX: await done(onnx({ optimization: 'disabled', threads: 1 }))
}

for (const [name, device] of Object.entries(devices))
  describe.skipIf(device === undefined)(`integers in ${name}`, () => {
    afterAll(() => done(device!.dispose()))

    for (const [what, roots] of Object.entries(cases))
      it(`agree with the reference on ${what}`, async () => {
        const outputs = Object.fromEntries(roots.map((root, i) => [`y${i}`, root]))

        const expected = await runOn(reference(), outputs, values)
        const got = await runOn(device!, outputs, values)

        for (const [output, value] of expected)
          expect(difference(exact, got.get(output)!, value), `${output} ${value.dtype}`).toBeUndefined()
      })
  })

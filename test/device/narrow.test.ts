import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { difference, exact, type Close } from '../../src/measure/Close.ts'
import { isNarrow, roundoff, type DType } from '../../src/core/DType.ts'
import { input, type Expr } from '../../src/core/Expr.ts'
import { formats, narrow, rounding, widen } from '../../src/core/narrow.ts'
import type { Shape } from '../../src/core/Shape.ts'
import { floats, generate, stored, tensor, type Tensor } from '../../src/core/Tensor.ts'
import { scan } from '../../src/autodiff/scan.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { prelude } from '../../src/compile/wgsl/prelude.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { $, ops } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { environment, graphs } from '../compile/graphs.ts'
import { narrowed, narrowExamples, retyped } from '../runtime/narrow.ts'
import { done, runOn, type Outputs, type Values } from '../runtime/running.ts'
import { software } from './software.ts'

/** One number to the next, where a result lies so near the middle that single precision decides; and that precision. */
const neighbours = (dtype: DType): Close =>
  isNarrow(dtype) ? { absolute: 4e-6, relative: 2.1 * roundoff[dtype] } : exact

const fewest = { rows: 1, columns: 2 }

const devices: Readonly<Record<string, Device | undefined>> = {
  'WGSL for CPU drivers': await software({ fewest }),
  'WGSL for GPUs': await software({ ...portable, fewest }),
  ONNX: await done(onnx())
}

/** Each operation once for each way in which kernels read and write narrow floats: compiling them all takes long. */
const everyOperation = ['WGSL for CPU drivers, bf16', 'WGSL for GPUs, f16', 'ONNX, f16', 'ONNX, bf16']

/** Graphs with sums that cancel: neighbours among the operands of a sum are further apart in it. */
const drawn = fc.sample(graphs, { numRuns: 24, seed: 3 })

const agree = async (device: Device, outputs: Outputs, values: Values, close: (dtype: DType) => Close) => {
  const expected = await runOn(reference(), outputs, values)
  const got = await runOn(device, outputs, values)
  for (const [name, value] of expected)
    expect(difference(close(value.dtype), got.get(name)!, value), name).toBeUndefined()
}

for (const [name, device] of Object.entries(devices))
  describe.skipIf(device === undefined)(name, () => {
    afterAll(() => done(device!.dispose()))

    describe.each(['f16', 'bf16'] as const)('on values stored as %s', (to) => {
      it.skipIf(!everyOperation.includes(`${name}, ${to}`))(
        'computes every operation as the reference does',
        async () => {
          const cases = Object.values(ops).map((op) => narrowExamples(op, to))
          for (const [i, { outputs, values }] of cases.entries()) {
            if (Object.keys(outputs).length === 0) continue
            const label = Object.values(ops)[i]?.name
            const renamed = Object.fromEntries(Object.entries(outputs).map(([key, y]) => [`${label} ${key}`, y]))
            await agree(device!, renamed, values, neighbours)
          }
        },
        240_000
      )

      it('computes graphs as the reference does', async () => {
        const roots = retyped(drawn, to)
        const outputs: Outputs = Object.fromEntries(roots.map((root, i) => [`graph${i}`, root]))
        const values = new Map([...environment].map(([name, value]) => [name, narrowed(value, to)]))

        await agree(device!, outputs, values, () => ({ absolute: 8 * roundoff[to], relative: 16 * roundoff[to] }))
      })

      it('keeps every number that there is, and an odd count of them', async () => {
        const every = Uint16Array.from({ length: 65535 }, (_, i) => i)
        const words = new Float32Array(every.length)
        widen(formats[to])(every, words)
        const numbers = words.map((v) => (Number.isNaN(v) ? 1 : v))
        const x = input('x', to, [65535])

        const got = await runOn(
          device!,
          { same: x, wide: $.cast(x, { to: 'f32' }) },
          new Map([['x', tensor(to, [65535], numbers)]])
        )

        expect(narrow(formats[to])(got.get('same')!.data)).toEqual(narrow(formats[to])(numbers))
        expect(narrow(formats[to])(got.get('wide')!.data)).toEqual(narrow(formats[to])(numbers))
      })

      it('carries a loop, and its gradient, as the reference does', async () => {
        const [start, rows] = [input('start', to, [3]), input('rows', to, [4, 3])]
        const { carry, outputs } = scan((c: Expr, row: Expr) => {
          const next = $.tanh($.add($.mul(c, c), row))
          return { carry: next, output: $.mul(next, row) }
        })(start, rows)
        const cotangent = $.add($.sum(outputs, { axes: [0] }), carry)
        const [slope, slopes] = vjp([carry], [start, rows])([cotangent])
        const values = new Map([
          ['start', narrowed(floats([3], [0.25, -0.5, 1.25]), to)],
          [
            'rows',
            narrowed(
              generate('f32', [4, 3], (i) => Math.sin(i)),
              to
            )
          ]
        ])

        await agree(device!, { carry, outputs, slope: slope!, slopes: slopes! }, values, () => ({
          absolute: 8 * roundoff[to],
          relative: 16 * roundoff[to]
        }))
      })

      it('stores what contractions, rows and odd counts of elements give', async () => {
        const [a, b, c] = [input('a', to, [20, 24]), input('b', 'f32', [24, 36]), input('c', to, [7, 3])]
        const over = { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } }
        const product = $.contract($.cast(a, { to: 'f32' }), b, over)
        const shifted = $.add($.exp($.cast(c, { to: 'f32' })), $.sin($.cast(c, { to: 'f32' })))
        const outputs = {
          product: $.cast($.tanh(product), { to }),
          soft: $.cast($.softmax(product, { axis: 1 }), { to }),
          odd: $.cast(shifted, { to }),
          totals: $.cast($.sum(product, { axes: [1] }), { to }),
          most: $.cast($.mul($.max(shifted, { axes: [1] }), $.sum(shifted, { axes: [1] })), { to }),
          all: $.cast($.sum(product, { axes: [0, 1] }), { to }),
          wide: $.mul($.sqrt($.abs(shifted)), shifted)
        }
        const drawn = (dtype: DType, shape: Shape): Tensor =>
          narrowed(
            generate(dtype, shape, (i) => Math.sin(1.7 * i)),
            to
          )
        const values = new Map([
          ['a', drawn(to, [20, 24])],
          ['b', { ...drawn('f32', [24, 36]), dtype: 'f32' as const }],
          ['c', drawn(to, [7, 3])]
        ])

        await agree(device!, outputs, values, (dtype) =>
          dtype === to ? neighbours(to) : { absolute: 1e-5, relative: 1e-5 }
        )
      })

      it('rounds to the nearest, ties to even', async () => {
        const nearest = rounding(formats[to])
        const step = 2 * roundoff[to]
        const ties = Array.from({ length: 101 }, (_, i) => (1 + (i - 50) * step) * 2 ** ((i % 7) - 3) * (1 + step / 2))
        const near = ties.flatMap((v) => [v, v * (1 + 2 ** -20), v * (1 - 2 ** -20), -v])
        const x = stored(tensor('f32', [near.length], Float64Array.from([...near.slice(0, -2), 1e-6, 7e4])))

        const got = await runOn(device!, { y: $.cast(input('x', 'f32', x.shape), { to }) }, new Map([['x', x]]))

        expect([...got.get('y')!.data]).toEqual(Array.from(x.data, nearest))
      })
    })
  })

describe.skipIf(devices['WGSL for GPUs'] === undefined)('a kernel that cuts digits off', () => {
  it('is noticed', async () => {
    const device = (await software())!
    const held = { ...prelude }
    const outputs = { y: $.cast(input('x', 'f32', [4]), { to: 'bf16' }) }
    const values = new Map([['x', tensor('f32', [4], Float64Array.of(1.0078, 2.03, -3.17, 0.1))]])

    Object.assign(prelude, { to_bf16: 'fn to_bf16(x: f32) -> u32 { return bitcast<u32>(x) >> 16u; }' })
    const cut = await runOn(device, outputs, values)
    Object.assign(prelude, held)
    const [expected, got] = [await runOn(reference(), outputs, values), await runOn(device, outputs, values)]

    expect(difference(neighbours('bf16'), got.get('y')!, expected.get('y')!)).toBeUndefined()
    expect([...got.get('y')!.data]).toEqual([...expected.get('y')!.data])
    expect([...cut.get('y')!.data]).not.toEqual([...expected.get('y')!.data])
    await done(device.dispose())
  })
})

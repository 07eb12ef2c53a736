import { afterAll, describe, expect, it } from 'vitest'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { input, type Expr } from '../../src/core/Expr.ts'
import { floats } from '../../src/core/Tensor.ts'
import { $ } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { done, runOn, type Outputs } from '../runtime/running.ts'
import { software } from './software.ts'

const at = [-100, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 100]
const pairs = at.flatMap((x) => [-2, -1, -0.5, 0, 0.5, 1, 2, 3].map((y) => [x, y] as const))

const x: Expr = input('x', 'f32', [pairs.length])
const y: Expr = input('y', 'f32', [pairs.length])
const values = new Map([
  [
    'x',
    floats(
      [pairs.length],
      pairs.map(([a]) => a)
    )
  ],
  [
    'y',
    floats(
      [pairs.length],
      pairs.map(([, b]) => b)
    )
  ]
])

/** Functions that are not defined everywhere. */
const outputs: Outputs = {
  sqrt: $.sqrt(x),
  rsqrt: $.rsqrt(x),
  reciprocal: $.reciprocal(x),
  log: $.log(x),
  log1p: $.log1p(x),
  erfinv: $.erfinv(x),
  div: $.div(y, x),
  pow: $.pow(x, y)
}

/** What a number is, where it is not one. */
const kindOf = (value: number): string =>
  Number.isNaN(value) ? 'NaN' : Number.isFinite(value) ? 'finite' : value > 0 ? 'infinity' : '-infinity'

const devices: Readonly<Record<string, Device | undefined>> = {
  'WGSL for CPU drivers': await software(),
  'WGSL for GPUs': await software(portable),
  ONNX: await done(onnx({ optimization: 'disabled', threads: 1 }))
}

for (const [name, device] of Object.entries(devices))
  describe.skipIf(device === undefined)(`beyond its domain, in ${name},`, () => {
    afterAll(() => done(device!.dispose()))

    it.each(Object.keys(outputs))('%s gives a number where the reference does, and nowhere else', async (op) => {
      const one = { [op]: outputs[op]! }
      const [expected, got] = [await runOn(reference(), one, values), await runOn(device!, one, values)]
      const kinds = (from: typeof got): ReadonlyArray<string> =>
        pairs.map(([a, b], i) => `${a}, ${b}: ${kindOf(from.get(op)?.data[i] ?? NaN)}`)

      expect(new Set(kinds(expected).map((text) => text.replace(/.*: /, ''))).size).toBeGreaterThan(1)
      expect(kinds(got)).toEqual(kinds(expected))
    })
  })

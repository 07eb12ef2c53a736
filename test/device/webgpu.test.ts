import { afterAll, describe, expect, it } from 'vitest'
import { difference, exact, type Close } from '../../src/measure/Close.ts'
import { isFloat } from '../../src/core/DType.ts'
import { key, bits } from '../../src/core/Key.ts'
import { input } from '../../src/core/Expr.ts'
import { tensor } from '../../src/core/Tensor.ts'
import { portable, type Target } from '../../src/compile/wgsl/Target.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { graphOf } from '../runtime/examples.ts'
import { done, runOn, type Outputs } from '../runtime/running.ts'
import { software } from './software.ts'

/** Single precision through an operation and its derivatives. */
const close: Close = { absolute: 2e-6, relative: 2e-5 }

/** Rows are taken together however few they are, so that the examples try that too. */
const fewest = { rows: 1, columns: 2 }
const cpu: Partial<Target> = { fewest }
const gpu: Target = { ...portable, fewest }

const schedules = {
  'with the schedule for CPU drivers': await software(cpu),
  'with the schedule for GPUs': await software(gpu)
}

for (const [name, device] of Object.entries(schedules))
  describe.skipIf(device === undefined)(`the WGSL target ${name}`, () => {
    afterAll(() => done(device!.dispose()))

    for (const op of Object.values(ops).filter(({ examples }) => examples.length > 0))
      it(`computes ${op.name} and its derivatives as the reference does`, async () => {
        const graphs = op.examples.map((_, i) => graphOf(op, i))
        const outputs = Object.assign({}, ...graphs.map((graph) => graph.outputs)) as Outputs
        const values = new Map(graphs.flatMap((graph) => [...graph.values]))

        const expected = await runOn(reference(), outputs, values)
        const got = await runOn(device!, outputs, values)

        for (const [output, value] of expected) {
          const near = isFloat(value.dtype) ? close : exact
          expect(difference(near, got.get(output)!, value), `${op.name} ${output}`).toBeUndefined()
        }
      })

    it('draws the bits of the key, every one', async () => {
      const words = input('key', 'u32', [2])
      const values = new Map([['key', tensor('u32', [2], Uint32Array.from(key(2 ** 40 + 7)))]])

      const got = await runOn(device!, { bits: $.randomBits(words, { shape: [1001] }) }, values)

      expect([...got.get('bits')!.data]).toEqual([...bits(key(2 ** 40 + 7), 1001)])
    })
  })

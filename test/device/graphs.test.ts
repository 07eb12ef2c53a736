import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { difference, type Close } from '../../src/measure/Close.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { environment, graphs } from '../compile/graphs.ts'
import { done, runOn, type Outputs } from '../runtime/running.ts'
import { software } from './software.ts'

/** Single precision through a dozen operations. */
const close: Close = { absolute: 1e-5, relative: 1e-4 }

const fewest = { rows: 1, columns: 2 }

const schedules = {
  'for CPU drivers': await software({ fewest }),
  'for GPUs': await software({ ...portable, fewest })
}

/** The same graphs on every run; several in one program, so that they share and overlap. */
const drawn = fc.sample(graphs, { numRuns: 60, seed: 5 })

for (const [name, device] of Object.entries(schedules))
  describe.skipIf(device === undefined)(`random graphs, compiled ${name}`, () => {
    afterAll(() => done(device!.dispose()))

    for (let start = 0; start < drawn.length; start += 12)
      it(`mean what the reference says: ${start} to ${start + 11}`, async () => {
        const outputs: Outputs = Object.fromEntries(drawn.slice(start, start + 12).map((x, i) => [`graph${i}`, x]))

        const expected = await runOn(reference(), outputs, environment)
        const got = await runOn(device!, outputs, environment)

        for (const [output, value] of expected)
          expect(difference(close, got.get(output)!, value), `${output} of ${start}`).toBeUndefined()
      })
  })

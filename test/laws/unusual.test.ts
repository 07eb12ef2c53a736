/** Every operation gives on every device what it means where operands are infinite, or no numbers. */
import { describe, it } from 'vitest'
import { operation } from '../../laws/operation.ts'
import type { Laws } from '../../laws/Laws.ts'
import { E } from '../../src/core/fp.ts'
import { show } from '../../src/core/Fault.ts'
import { ops } from '../../src/ops/registry.ts'
import { targets } from '../goldens/targets.ts'
import { onDevice } from './device.ts'
import { hold } from './hold.ts'

/** As the goldens have it: some functions of WGSL are right to a few units more. */
const close = { absolute: 1e-5, relative: 1e-4 }

const ofDevices = (laws: Laws): Laws => Object.fromEntries(Object.entries(laws).filter(([, law]) => law.isAsync()))

for (const target of targets.filter(({ name }) => name !== 'reference')) {
  const device = await target.open()
  if (E.isLeft(device)) describe.skip(`${target.name} (${show(device.left)})`, () => it('runs', () => {}))
  else
    describe(target.name, () => {
      const run = onDevice(device.right)
      for (const op of Object.values(ops)) hold(ofDevices(operation(op, { run, close })), 15)
    })
}

import { describe, expect, it } from 'vitest'
import { operationMutants } from '../../laws/mutants/operation.ts'
import { operation } from '../../laws/operation.ts'
import { ops } from '../../src/ops/registry.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { onDevice } from './device.ts'
import { covered, hold, reject } from './hold.ts'

const run = onDevice(reference())

/** One of each kind; every operation is held to these laws by the suites that this one is made of. */
const chosen = ['mul', 'silu', 'contract', 'gather', 'sort', 'randomBits'].flatMap((name) => ops[name] ?? [])

describe('operations', () => {
  const suites = chosen.map((op) => operation(op, { run }))

  for (const suite of suites) hold(suite, 10)
  reject(operationMutants)
  covered(Object.assign({}, ...suites), operationMutants)

  it('are held to a device only where one is given', () => {
    const names = (suite: object): ReadonlyArray<string> =>
      Object.keys(suite).filter((name) => name.includes('agrees with the meaning'))

    expect(chosen.flatMap((op) => names(operation(op)))).toEqual([])
    expect(suites.flatMap(names)).toHaveLength(chosen.length)
  })
})

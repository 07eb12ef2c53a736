import { describe, expect, it } from 'vitest'
import { operationMutants } from '../../laws/mutants/operation.ts'
import { broken, brokenLater } from '../../laws/Laws.ts'
import { operation } from '../../laws/operation.ts'
import type { Target } from '../../laws/pass.ts'
import { E } from '../../src/core/fp.ts'
import { generate } from '../../src/core/Tensor.ts'
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
    expect(suites.flatMap(names)).toHaveLength(2 * chosen.length)
  })

  describe('on a device that always gives 7', () => {
    const sevens: Target = async (roots) => E.right(roots.map(({ dtype, shape }) => generate(dtype, shape, () => 7)))
    const onSevens = chosen.slice(0, 1).flatMap((op) => Object.entries(operation(op, { run: sevens })))
    const names = (found: ReadonlyArray<{ readonly law: string }>): ReadonlyArray<string> => found.map(({ law }) => law)
    const ofDevices = [
      'mul: agrees with the meaning',
      'mul: agrees with the meaning where operands are infinite, or no numbers'
    ]

    it('are broken, for those who wait', async () => {
      const found = await brokenLater(Object.fromEntries(onSevens), { numRuns: 5 })

      expect(names(found)).toEqual(ofDevices)
      expect(found[0]?.report).toContain('differ')
    })

    it('do not pass for holding without having been asked', () => {
      const found = broken(Object.fromEntries(onSevens), { numRuns: 5 })

      expect(names(found)).toEqual(ofDevices)
      expect(found[0]?.report).toContain('brokenLater')
    })
  })
})

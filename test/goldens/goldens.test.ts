import { afterAll, describe, expect, it } from 'vitest'
import { show, type Faults } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import type { Device } from '../../src/runtime/device.ts'
import { isSkip, type Graph, type Procedure } from './case.ts'
import { compare, type Verdict } from './compare.ts'
import { load, sets } from './load.ts'
import { execute, targets } from './targets.ts'

/** Steps of training take a while on the reference. */
const patience = 120_000

const sentences = (faults: Faults): string => faults.map(show).join('; ')

const verdictOf = async (device: Device, given: Graph | Procedure): Promise<Verdict> => {
  const verdict = await compare(execute(device))(given)()
  if (E.isLeft(verdict)) throw new Error(sentences(verdict.left))
  return verdict.right
}

for (const set of sets) {
  const groups = await load(set)
  const complete = groups.filter(({ outputs }) => outputs.length > 0)

  describe.runIf(complete.length > 0)(`the stored numbers of ${set}`, () => {
    it.each(complete)('$name are each expected of some case', ({ cases, outputs }) => {
      const seen = new Set(
        cases.flatMap((given) => (isSkip(given) ? [] : [...given.expected.keys(), ...(given.at ?? [])]))
      )

      expect(outputs.filter((name) => !seen.has(name))).toEqual([])
    })
  })

  for (const target of targets) {
    const device = await target.open()
    const reason = E.isLeft(device) ? show(device.left) : undefined

    describe(`${set} goldens on ${target.name}`, () => {
      afterAll(async () => {
        if (E.isRight(device)) await device.right.dispose()()
      })

      for (const group of groups)
        for (const given of group.cases)
          if (isSkip(given)) it.skip(`${group.name}: ${given.name} (${given.skip})`)
          else if (E.isLeft(device)) it.skip(`${group.name}: ${given.name} (${reason})`)
          else
            it(
              `${group.name}: ${given.name} is met`,
              async () => {
                const verdict = await verdictOf(device.right, given)

                expect(verdict.failures).toEqual([])
              },
              patience
            )
    })
  }
}

/** The same test on every target that can be opened here: values of graphs whose inputs are part of them. */
import { afterAll, describe, expect, it } from 'vitest'
import { show } from '../../src/core/Fault.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { execute, targets } from '../goldens/targets.ts'

/** The numbers of a graph, on one target. */
export type Numbers = (x: Expr, inputs?: ReadonlyMap<string, Tensor>) => Promise<ReadonlyArray<number>>

export const onEveryTarget = async (what: string, tests: (numbers: Numbers) => void): Promise<void> => {
  for (const target of targets) {
    const device = await target.open()
    if (E.isLeft(device)) describe.skip(`${what} on ${target.name} (${show(device.left)})`, () => it('runs', () => {}))
    else
      describe(`${what} on ${target.name}`, () => {
        afterAll(() => device.right.dispose()())

        tests(async (value, inputs = new Map()) => {
          const values = await execute(device.right)({ value }, inputs)()
          expect(E.isLeft(values) ? values.left.map(show) : []).toEqual([])
          return E.isRight(values) ? Array.from(values.right.get('value')?.data ?? []) : []
        })
      })
  }
}

import { afterAll, describe, expect, it } from 'vitest'
import { difference, type Close } from '../../src/measure/Close.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { key, uniform } from '../../src/core/Key.ts'
import { size, type Shape } from '../../src/core/Shape.ts'
import { stored, tensor, type Tensor } from '../../src/core/Tensor.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { runOn, done, type Outputs } from '../runtime/running.ts'
import { cases } from './contractions.ts'
import { software } from './software.ts'

/** Sums of at most 200 products of numbers below 1. */
const close: Close = { absolute: 2e-6, relative: 1e-5 }

const drawn = (outputs: Outputs): ReadonlyMap<string, Tensor> => {
  const shapes = new Map<string, Shape>() // local
  const visit = (node: Expr): void => {
    if (node.term._tag === 'Input') shapes.set(node.term.name, node.shape)
    if (node.term._tag === 'Apply') node.term.inputs.forEach(visit)
  }
  Object.values(outputs).forEach(visit)
  return new Map(
    [...shapes].map(([name, shape], i) => {
      const values = uniform(key(i + 1), size(shape)).map((u) => 2 * u - 1)
      return [name, stored(tensor('f32', shape, values))]
    })
  )
}

/** Shared memory is slow on CPU drivers: the schedule for GPUs is tried on what differs there. */
const telling: ReadonlyArray<string> = [
  'rows that do not divide',
  'columns that are no vectors',
  'a depth that does not divide',
  'a transposed left operand',
  'a transposed right operand',
  'heads of attention',
  'a computed right operand',
  'a bias and an activation'
]

const schedules = [
  { name: 'for CPU drivers', device: await software(), names: Object.keys(cases) },
  { name: 'for GPUs', device: await software(portable), names: telling }
]

for (const { name, device, names } of schedules)
  describe.skipIf(device === undefined)(`contraction ${name}`, () => {
    afterAll(() => done(device!.dispose()))

    for (const what of names)
      it(`computes ${what}`, async () => {
        const outputs: Outputs = { value: cases[what]! }
        const values = drawn(outputs)

        const expected = await runOn(reference(), outputs, values)
        const got = await runOn(device!, outputs, values)

        expect(difference(close, got.get('value')!, expected.get('value')!)).toBeUndefined()
      })
  })

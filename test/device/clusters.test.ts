import { afterAll, describe, expect, it } from 'vitest'
import { difference, type Close } from '../../src/measure/Close.ts'
import { input, type Expr } from '../../src/core/Expr.ts'
import { key, uniform } from '../../src/core/Key.ts'
import { program } from '../../src/compile/Program.ts'
import { compileWgsl } from '../../src/compile/wgsl/emit.ts'
import { portable, type Target } from '../../src/compile/wgsl/Target.ts'
import { tensor } from '../../src/core/Tensor.ts'
import { $ } from '../../src/ops/registry.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { done, right, runOn, type Outputs } from '../runtime/running.ts'
import { software } from './software.ts'

/** Single precision through a few operations. */
const close: Close = { absolute: 1e-5, relative: 1e-5 }

const x = input('x', 'f32', [8, 16])
const row = input('row', 'f32', [8])
const along = (of: Expr): Expr => $.broadcast(of, { shape: [8, 16], axes: [0] })

const weight = $.tanh(row)
/** A value of each row before any loop along it: it is at hand in the loop. */
const before: Outputs = { weight, weighted: $.sum($.mul(x, along(weight)), { axes: [1] }) }
const softmax: Outputs = { value: $.softmax(x, { axis: 1 }) }

const small: Partial<Target> = { fewest: { rows: 1, columns: 2 } }
const crowded: Partial<Target> = { ...small, staticLoads: 2 }

const launches = (outputs: Outputs, target: Partial<Target>): number =>
  right(compileWgsl(kernelSources(), { ...portable, ...target })(right(program(outputs)))).launches.length

const schedules = [
  ['for CPU drivers', small],
  ['for GPUs', { ...portable, ...small }],
  ['for GPUs that compile slowly', { ...portable, ...crowded }]
] as const

describe('a cluster', () => {
  it('takes in what is computed of a row before its first loop', () => {
    expect(launches(before, small)).toBe(1)
  })

  it('comes apart where its kernel would be too long', () => {
    expect(launches(softmax, small)).toBe(1)
    expect(launches(softmax, crowded)).toBeGreaterThan(1)
  })
})

for (const [name, target] of schedules) {
  const device = await software(target)
  describe.skipIf(device === undefined)(`clusters, compiled ${name}`, () => {
    afterAll(() => done(device!.dispose()))

    it('mean what the reference says', async () => {
      const outputs: Outputs = { ...before, ...softmax }
      const values = new Map([
        ['x', tensor('f32', [8, 16], uniform(key(1), 128))],
        ['row', tensor('f32', [8], uniform(key(2), 8))]
      ])

      const expected = await runOn(reference(), outputs, values)
      const got = await runOn(device!, outputs, values)

      for (const [output, value] of expected) expect(difference(close, got.get(output)!, value), output).toBeUndefined()
    })
  })
}

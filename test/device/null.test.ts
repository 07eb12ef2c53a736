import { afterAll, describe, expect, it } from 'vitest'
import { program } from '../../src/compile/Program.ts'
import { compileWgsl } from '../../src/compile/wgsl/emit.ts'
import { holes, type KernelName } from '../../src/compile/wgsl/kernels.ts'
import { portable, type Target } from '../../src/compile/wgsl/Target.ts'
import { E } from '../../src/core/fp.ts'
import { ops } from '../../src/ops/registry.ts'
import { open } from '../../src/runtime/webgpu/node.ts'
import { pipelineOf, pipelines } from '../../src/runtime/webgpu/pipelines.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { graphOf } from '../runtime/examples.ts'
import { right, type Outputs } from '../runtime/running.ts'
import { cases } from './contractions.ts'

const opened = await open('null')()

const onCpu = (lanes: number): Target => ({ ...portable, schedule: 'subgroup', lanes })

describe.skipIf(E.isLeft(opened))('every emitted module compiles, without a driver', () => {
  const { gpu } = E.isRight(opened) ? opened.right : ({} as { gpu: GPUDevice })
  const all = E.isRight(opened) ? pipelines(gpu) : undefined
  afterAll(() => gpu.destroy())

  const compiles = async (outputs: Outputs, target: Target): Promise<void> => {
    const { kernels } = right(compileWgsl(kernelSources(), target)(right(program(outputs))))
    await Promise.all(kernels.map((kernel) => pipelineOf(all!, kernel)))
  }

  for (const op of Object.values(ops).filter(({ examples }) => examples.length > 0))
    it(`of ${op.name}`, async () => {
      const outputs = Object.assign({}, ...op.examples.map((_, i) => graphOf(op, i).outputs)) as Outputs

      for (const target of [portable, onCpu(8)]) await compiles(outputs, target)
    })

  for (const [what, value] of Object.entries(cases))
    it(`of a contraction: ${what}`, async () => {
      for (const target of [portable, onCpu(4), onCpu(8), onCpu(16)]) await compiles({ value }, target)
    })

  for (const name of Object.keys(holes) as ReadonlyArray<KernelName>)
    it(`of ${name}, as it stands in its file`, async () => {
      const kernel = { wgsl: kernelSources()[name], reads: 2, writes: 1, uniform: true }

      expect(await pipelineOf(all!, kernel)).toBeDefined()
    })

  it('and one that does not is told with its place', async () => {
    const kernel = { wgsl: 'fn main() {\n  let x: f32 = 1u;\n}', reads: 0, writes: 0, uniform: false }

    await expect(pipelineOf(all!, kernel)).rejects.toThrow(/2:\d+ .*f32/)
  })
})

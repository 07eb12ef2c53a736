import { afterAll, describe, expect, it } from 'vitest'
import { input, scalar, type Expr } from '../../src/core/Expr.ts'
import { show, type Fault } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { floats, tensor } from '../../src/core/Tensor.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { program } from '../../src/compile/Program.ts'
import { $ } from '../../src/ops/registry.ts'
import type { Buffer } from '../../src/runtime/device.ts'
import { webgpu } from '../../src/runtime/webgpu/device.ts'
import { open } from '../../src/runtime/webgpu/node.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { done, right, runOn, type Outputs } from './running.ts'

const first = await open('swiftshader')()
const driver = E.isRight(first) ? 'swiftshader' : 'lavapipe'
const opened = E.isRight(first) ? first : await open('lavapipe')()

describe.skipIf(E.isLeft(opened))('the WebGPU device', () => {
  const adapter = E.isRight(opened) ? opened.right : undefined
  const device = webgpu({ ...adapter!, sources: kernelSources() })
  const made = { buffers: 0, groups: 0 }
  const { gpu } = adapter!
  const { createBuffer, createBindGroup } = gpu
  gpu.createBuffer = (descriptor) => {
    made.buffers++
    return createBuffer.call(gpu, descriptor)
  }
  gpu.createBindGroup = (descriptor) => {
    made.groups++
    return createBindGroup.call(gpu, descriptor)
  }
  afterAll(() => done(device.dispose()))

  const compile = (outputs: Outputs) => done(device.compile(right(program(outputs))))
  const upload = (...values: ReadonlyArray<number>): Promise<Buffer> =>
    done(device.upload(floats([values.length], values)))
  const numbers = async (buffer: Buffer): Promise<ReadonlyArray<number>> => [...(await done(device.read(buffer))).data]
  const wrong = (outcome: E.Either<Fault, unknown>): string => (E.isLeft(outcome) ? show(outcome.left) : 'all is well')

  const x = input('x', 'f32', [3])
  const y = input('y', 'f32', [3])

  it('runs a program again and again', async () => {
    const sum = await compile({ sum: $.add(x, y) })
    const inputs = new Map([
      ['x', await upload(1, 2, 3)],
      ['y', await upload(10, 20, 30)]
    ])

    for (let i = 0; i < 3; i++) expect(await numbers((await done(sum.run(inputs))).get('sum')!)).toEqual([11, 22, 33])
  })

  it('allocates nothing in a loop that donates its state', async () => {
    const step = await compile({ x: $.add($.tanh(x), $.mul(x, $.fill(0.5, x))), y: $.sub(y, x) })
    const state = {
      now: new Map([
        ['x', await upload(1, 2, 3)],
        ['y', await upload(0, 0, 0)]
      ]) as ReadonlyMap<string, Buffer>
    }
    const advance = async (): Promise<void> => {
      state.now = await done(step.run(state.now, new Set(['x', 'y'])))
    }
    for (let i = 0; i < 4; i++) await advance()
    const before = { ...made }

    for (let i = 0; i < 20; i++) await advance()

    expect(made).toEqual(before)
  })

  it('does not take a buffer that was donated', async () => {
    const step = await compile({ x: $.neg(x) })
    const inputs = new Map([['x', await upload(1, 2, 3)]])
    await done(step.run(inputs, new Set(['x'])))

    expect(wrong(await step.run(inputs)())).toMatch(/released, donated/)
  })

  it('gives outputs that are inputs, constants or other outputs buffers of their own', async () => {
    const same = $.neg(x)
    const values = new Map([['x', floats([3], [1, 2, 3])]])

    const got = await runOn(device, { a: same, b: same, c: x, d: scalar(7, 'f32') as Expr }, values)

    expect([...got].map(([name, value]) => [name, [...value.data]])).toEqual([
      ['a', [-1, -2, -3]],
      ['b', [-1, -2, -3]],
      ['c', [1, 2, 3]],
      ['d', [7]]
    ])
  })

  it('carries every element type there and back', async () => {
    const there = async (dtype: 'i32' | 'u32' | 'bool' | 'f32', values: ReadonlyArray<number>) =>
      done(device.read(await done(device.upload(tensor(dtype, [values.length], Float64Array.from(values))))))

    expect((await there('i32', [-1, 2 ** 31 - 1])).data).toEqual(Int32Array.from([-1, 2 ** 31 - 1]))
    expect((await there('u32', [2 ** 32 - 1, 5])).data).toEqual(Uint32Array.from([2 ** 32 - 1, 5]))
    expect((await there('bool', [1, 0, 1])).data).toEqual(Uint8Array.from([1, 0, 1]))
    expect((await there('f32', [0.1, -2])).data).toEqual(Float32Array.from([0.1, -2]))
  })

  it('tells of an input that does not fit', async () => {
    const step = await compile({ x: $.neg(x) })

    expect(wrong(await step.run(new Map([['x', await upload(1, 2)]]))())).toBe("input 'x' has shape [2], not [3]")
    expect(wrong(await step.run(new Map())())).toBe("input 'x' has no value")
  })

  it('gives what the adapter refuses as a fault', async () => {
    const generous = webgpu({ ...adapter!, sources: kernelSources(), target: { ...portable, storageBuffers: 100 } })
    const many = Array.from({ length: 20 }, (_, i) => input(`many${i}`, 'f32', [3]))
    const outcome = await generous.compile(right(program({ sum: many.reduce((a, b) => $.add(a, b)) })))()

    expect(E.isLeft(outcome) && outcome.left.map(show).join()).toMatch(/storage buffers/i)
  })
})

describe.skipIf(E.isLeft(opened))('a WebGPU device that is lost', { timeout: 30_000 }, () => {
  const sentences = (outcome: E.Either<Fault | ReadonlyArray<Fault>, unknown>): string =>
    E.isLeft(outcome) ? [outcome.left].flat().map(show).join('; ') : 'all is well'

  const lose = async () => {
    const { gpu, info } = right(await open(driver)())
    const device = webgpu({ gpu, info, sources: kernelSources() })
    const x = input('x', 'f32', [3])
    const negated = right(program({ x: $.neg(x) }))
    const step = await done(device.compile(negated))
    const buffer = await done(device.upload(floats([3], [1, 2, 3])))
    return { gpu, device, negated, other: right(program({ x: $.exp($.neg(x)) })), step, buffer }
  }

  it('ends what was under way, and all that comes after, with what to do about it', async () => {
    const { gpu, device, other, step, buffer } = await lose()
    const under = [device.read(buffer)(), step.run(new Map([['x', buffer]]))(), device.compile(other)()]

    gpu.destroy()
    const ended = await Promise.all(under)
    await gpu.lost
    const after = [
      await device.upload(floats([3], [1, 2, 3]))(),
      await device.read(buffer)(),
      await step.run(new Map([['x', buffer]]))(),
      await device.compile(other)()
    ]

    expect(sentences(ended[0]!)).toMatch(/the device was lost \(.+\); its buffers are gone: open a device again/)
    for (const outcome of after) expect(sentences(outcome)).toMatch(/the device was lost .* open a device again/)
    expect(await device.dispose()()).toEqual(E.right(undefined))
  })

  it('is told apart from one that was disposed', async () => {
    const { device, buffer } = await lose()
    const under = device.read(buffer)()

    await done(device.dispose())

    for (const outcome of [await under, await device.read(buffer)()])
      expect(sentences(outcome)).toBe('webgpu: the device was disposed')
  })
})

import { describe, expect, it } from 'vitest'
import type { Fault } from '../../../src/core/Fault.ts'
import { E, pipe, TE } from '../../../src/core/fp.ts'
import { fault } from '../../../src/runtime/webgpu/gpu.ts'
import { either, mesaOf, recent } from '../../../src/runtime/webgpu/software.ts'
import { webgpu } from '../../../src/runtime/webgpu/device.ts'
import { open } from '../../../src/runtime/webgpu/node.ts'
import { kernelSources } from '../../../src/runtime/webgpu/sources.ts'
import { done, right } from '../running.ts'

const adapter = (description: string) => ({ info: { description } })
const lavapipe = (version: string) => adapter(`llvmpipe: Mesa ${version} (LLVM 15.0.6) 0.0.1`)
const swiftshader = adapter('SwiftShader driver 5.0.0')

const chosen = (first: E.Either<Fault, ReturnType<typeof adapter>>, installed = true) =>
  done(either(pipe(TE.fromEither(first), TE.flatMapEither(recent)), TE.right(swiftshader), () => installed))

describe('the version of Mesa', () => {
  it.each([
    ['llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1', '25.0.7'],
    ['llvmpipe: Mesa 22.3.6 (LLVM 15.0.6)', '22.3.6'],
    ['SwiftShader driver 5.0.0', undefined]
  ])('is read from what the driver says of itself: %s', (description, version) => {
    expect(mesaOf({ description })).toBe(version)
  })
})

describe('the driver in software', () => {
  it.each(['25.0.0', '25.0.7-2~bpo12+1', '26.1.6'])('is lavapipe of Mesa %s, without a word', async (version) => {
    expect(await chosen(E.right(lavapipe(version)))).toEqual({ adapter: lavapipe(version) })
  })

  it.each([
    [lavapipe('22.3.6'), 'not lavapipe (webgpu: lavapipe is of Mesa 22.3.6; install Mesa 25 or later)'],
    [adapter('llvmpipe'), 'not lavapipe (webgpu: lavapipe is of an unknown version; install Mesa 25 or later)']
  ])('is SwiftShader where lavapipe is older, and says why: $info.description', async (old, note) => {
    expect(await chosen(E.right(old))).toEqual({ adapter: swiftshader, note })
  })

  it('is SwiftShader without a word where there is no lavapipe', async () => {
    expect(await chosen(E.left(fault('no adapter answers')), false)).toEqual({ adapter: swiftshader })
  })
})

const opened = await open('lavapipe')()

describe.skipIf(E.isLeft(opened))('lavapipe on this machine', () => {
  it('is of a version that is recent enough', () => {
    const { gpu, info } = right(opened)
    gpu.destroy()

    expect(recent({ info })).toEqual(E.right({ info }))
  })
})

const empty = await open('null')()

describe.skipIf(E.isLeft(empty))('a WebGPU device', () => {
  it('says of itself why it is of this driver', async () => {
    const device = webgpu({ ...right(empty), sources: kernelSources(), note: 'not lavapipe (too old)' })

    expect(device.description).toMatch(/; not lavapipe \(too old\)$/)
    await done(device.dispose())
  })
})

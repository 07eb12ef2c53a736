import { describe as group, expect, it } from 'vitest'
import type { Fault } from '../../src/core/Fault.ts'
import { TE } from '../../src/core/fp.ts'
import { choose, describe, type Adapter, type Sources } from '../../src/runtime/choose.ts'
import type { Device } from '../../src/runtime/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { done } from './running.ts'

const fault = (device: string): Fault => ({ _tag: 'Device', device, why: 'not here' })

const device = (name: Device['name'], onDispose = (): void => undefined): Device => ({
  ...reference(),
  name,
  dispose: () => TE.fromIO(onDispose)
})
const adapter = (software: boolean, onDispose?: () => void): TE.TaskEither<Fault, Adapter> =>
  TE.right({ device: device('webgpu', onDispose), software })

const nothing: Sources = { webgpu: TE.left(fault('webgpu')), onnx: TE.left(fault('onnx')), reference }
const onnx = TE.right(device('onnx'))

group('the choice of a device', () => {
  it.each([
    ['a hardware adapter first', { ...nothing, webgpu: adapter(false), onnx }, 'webgpu', 'hardware'],
    ['onnxruntime before software', { ...nothing, webgpu: adapter(true), onnx }, 'onnx', 'software'],
    ['onnxruntime without an adapter', { ...nothing, onnx }, 'onnx', 'webgpu: not here'],
    ['software before the reference', { ...nothing, webgpu: adapter(true) }, 'webgpu', 'onnx: not here'],
    ['the reference where there is nothing else', nothing, 'reference', 'onnx: not here']
  ] as const)('takes %s', async (_, sources, name, reason) => {
    const choice = await done(choose(sources)('auto'))
    expect(choice.device.name).toBe(name)
    expect(describe(choice)).toContain(reason)
  })

  it('disposes of the software adapter that it passes over', async () => {
    const disposed: Array<string> = []
    await done(choose({ ...nothing, webgpu: adapter(true, () => disposed.push('webgpu')), onnx })('auto'))
    expect(disposed).toEqual(['webgpu'])
  })

  it('gives what is asked for, or its fault', async () => {
    const choice = await done(choose({ ...nothing, webgpu: adapter(false), onnx })('onnx'))
    expect(choice.device.name).toBe('onnx')
    expect(await choose(nothing)('webgpu')()).toEqual({ _tag: 'Left', left: fault('webgpu') })
  })
})

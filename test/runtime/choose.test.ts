import { describe as group, expect, it } from 'vitest'
import type { Fault } from '../../src/core/Fault.ts'
import { TE } from '../../src/core/fp.ts'
import { choose, describe, type Sources } from '../../src/runtime/choose.ts'
import type { Device } from '../../src/runtime/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { done } from './running.ts'

const fault = (device: string): Fault => ({ _tag: 'Device', device, why: 'not here' })

const device = (name: Device['name']): Device => ({ ...reference(), name })
const gpu = TE.right(device('webgpu'))
const onnx = TE.right(device('onnx'))
const nothing: Sources = {
  hardware: TE.left(fault('card')),
  software: TE.left(fault('driver')),
  onnx: TE.left(fault('onnx')),
  reference
}

group('the choice of a device', () => {
  it.each([
    ['a graphics card first', { ...nothing, hardware: gpu, onnx }, 'webgpu', 'graphics card'],
    ['onnxruntime before a driver in software', { ...nothing, software: gpu, onnx }, 'onnx', 'card: not here'],
    ['a driver in software before the reference', { ...nothing, software: gpu }, 'webgpu', 'onnx: not here'],
    ['the reference where there is nothing else', nothing, 'reference', 'driver: not here']
  ] as const)('takes %s', async (_, sources, name, reason) => {
    const choice = await done(choose(sources)('auto'))
    expect(choice.device.name).toBe(name)
    expect(describe(choice)).toContain(reason)
  })

  it('opens nothing beyond what it takes', async () => {
    const opened: Array<string> = []
    const telling = (name: string, source: TE.TaskEither<Fault, Device>) =>
      TE.flatten(TE.fromIO(() => (opened.push(name), source)))

    await done(choose({ ...nothing, onnx: telling('onnx', onnx), software: telling('software', gpu) })('auto'))

    expect(opened).toEqual(['onnx'])
  })

  it('gives what is asked for, or its fault', async () => {
    const choice = await done(choose({ ...nothing, hardware: gpu, onnx })('onnx'))
    const software = await done(choose({ ...nothing, software: gpu, onnx })('webgpu'))

    expect(choice.device.name).toBe('onnx')
    expect(software.device.name).toBe('webgpu')
    expect(await choose(nothing)('webgpu')()).toEqual({ _tag: 'Left', left: fault('driver') })
  })
})

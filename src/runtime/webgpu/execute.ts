/**
 * One program on the device: its buffers, its pipelines, and a run as one command buffer. In a loop whose buffers come
 * back nothing is allocated and no bind group is made.
 */
import type { Launch, WgslProgram } from '../../compile/wgsl/WgslProgram.ts'
import { usage } from './gpu.ts'
import { take, giveBack, type Memory, type Storage } from './memory.ts'
import { pipelineOf, type Pipeline, type Pipelines } from './pipelines.ts'

export interface Loaded {
  readonly program: WgslProgram
  readonly pipelines: ReadonlyArray<Pipeline>
  /** Constants and scratch, by buffer number; inputs and outputs come with a run. */
  readonly own: ReadonlyMap<number, Storage>
  readonly uniforms: ReadonlyArray<GPUBuffer | undefined>
  /** Bind groups of every launch, by the buffers that come with a run. */
  readonly groups: ReadonlyArray<Map<string, GPUBindGroup>>
}

const isOwn = (role: WgslProgram['buffers'][number]['role']): boolean =>
  role._tag === 'Constant' || role._tag === 'Scratch'

const ownBuffers = (memory: Memory, { buffers }: WgslProgram): ReadonlyMap<number, Storage> =>
  new Map(
    buffers.flatMap(({ role, bytes }, i) => {
      if (!isOwn(role)) return []
      const storage = take(memory, bytes)
      if (role._tag === 'Constant') memory.gpu.queue.writeBuffer(storage.gpu, 0, Uint32Array.from(role.words))
      return [[i, storage] as const]
    })
  )

/** Equal uniforms share one buffer. */
const uniformBuffers = (gpu: GPUDevice, launches: ReadonlyArray<Launch>): ReadonlyArray<GPUBuffer | undefined> => {
  const made = new Map<string, GPUBuffer>() // local
  return launches.map(({ uniform }) => {
    if (uniform === undefined) return undefined
    const key = uniform.join(' ')
    const known = made.get(key)
    if (known !== undefined) return known
    const buffer = gpu.createBuffer({ size: 4 * uniform.length, usage: usage.uniform | usage.copyTarget })
    gpu.queue.writeBuffer(buffer, 0, Uint32Array.from(uniform))
    made.set(key, buffer)
    return buffer
  })
}

export const load = async (memory: Memory, all: Pipelines, program: WgslProgram): Promise<Loaded> => {
  const compiled = await Promise.all(program.kernels.map((kernel) => pipelineOf(all, kernel)))
  return {
    program,
    pipelines: program.launches.map(({ kernel }) => compiled[kernel] as Pipeline),
    own: ownBuffers(memory, program),
    uniforms: uniformBuffers(memory.gpu, program.launches),
    groups: program.launches.map(() => new Map())
  }
}

export const unload = (memory: Memory, { own, uniforms }: Loaded): void => {
  for (const storage of own.values()) giveBack(memory, storage)
  for (const buffer of new Set(uniforms)) buffer?.destroy()
}

// running --------------------------------------------------------------------------------

/** Bind groups that a launch keeps: states of two steps, with some to spare. */
const kept = 8

const bindGroup = (gpu: GPUDevice, loaded: Loaded, i: number, storageOf: (buffer: number) => Storage): GPUBindGroup => {
  const launch = loaded.program.launches[i] as Launch
  const groups = loaded.groups[i] as Map<string, GPUBindGroup>
  const key = launch.bindings.map(({ buffer }) => (loaded.own.has(buffer) ? '' : storageOf(buffer).id)).join(' ')
  const known = groups.get(key)
  if (known !== undefined) return known
  const uniform = loaded.uniforms[i]
  const resources = [
    ...launch.bindings.map(({ buffer, bytes }) => ({ buffer: storageOf(buffer).gpu, size: bytes })),
    ...(uniform === undefined ? [] : [{ buffer: uniform }])
  ]
  const made = gpu.createBindGroup({
    layout: (loaded.pipelines[i] as Pipeline).layout,
    entries: resources.map((resource, binding) => ({ binding, resource }))
  })
  if (groups.size >= kept) groups.clear()
  groups.set(key, made)
  return made
}

/** Encodes and submits everything. `external` gives the storage of inputs and outputs by buffer number. */
export const execute = (gpu: GPUDevice, loaded: Loaded, external: ReadonlyMap<number, Storage>): void => {
  const { program, own, pipelines } = loaded
  const storageOf = (buffer: number): Storage => (own.get(buffer) ?? external.get(buffer)) as Storage
  const encoder = gpu.createCommandEncoder()
  const pass = encoder.beginComputePass()
  for (const [i, { workgroups }] of program.launches.entries()) {
    pass.setPipeline((pipelines[i] as Pipeline).gpu)
    pass.setBindGroup(0, bindGroup(gpu, loaded, i, storageOf))
    pass.dispatchWorkgroups(...workgroups)
  }
  pass.end()
  for (const { from, to, bytes } of program.copies)
    encoder.copyBufferToBuffer(storageOf(from).gpu, 0, storageOf(to).gpu, 0, bytes)
  gpu.queue.submit([encoder.finish()])
}

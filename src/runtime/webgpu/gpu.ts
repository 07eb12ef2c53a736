/** A WebGPU device and what every part of the runtime asks of it. Nothing here knows Node: it runs in a browser too. */
import type { Fault } from '../../core/Fault.ts'
import { TE } from '../../core/fp.ts'
import type { Target } from '../../compile/wgsl/Target.ts'

/** `GPUBufferUsage`, which Node does not have as a global. */
export const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const

export const fault = (why: string): Fault => ({ _tag: 'Device', device: 'webgpu', why })

/** What was thrown, as a fault. */
export const because = (error: unknown): Fault => fault(error instanceof Error ? error.message : String(error))

export const attempt = <A>(f: () => Promise<A>): TE.TaskEither<Fault, A> => TE.tryCatch(f, because)

// adapters -------------------------------------------------------------------------------

/** Whether the adapter's driver runs on the CPU. */
export const isSoftware = (info: GPUAdapterInfo): boolean =>
  info.isFallbackAdapter ||
  /llvmpipe|swiftshader|lavapipe/i.test(`${info.architecture} ${info.device} ${info.description}`)

export const describeAdapter = (info: GPUAdapterInfo): string =>
  [info.vendor, info.architecture, info.description].filter((word) => word !== '').join(', ') ||
  'an adapter without a name'

/** Features that kernels use where they are offered. */
const wanted: ReadonlyArray<GPUFeatureName> = ['subgroups', 'timestamp-query']

/** Limits that are worth having more of than every adapter gives. */
const raised = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupStorageSize'
] as const

export const requestDevice = (adapter: GPUAdapter): TE.TaskEither<Fault, GPUDevice> =>
  attempt(() =>
    adapter.requestDevice({
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(raised.map((name) => [name, adapter.limits[name]]))
    })
  )

/** What the compiler must know of the device. */
export const targetOf = (gpu: GPUDevice, info: GPUAdapterInfo): Target => {
  const subgroups = gpu.features.has('subgroups')
  const software = isSoftware(info)
  return {
    schedule: software && subgroups ? 'subgroup' : 'tile',
    lanes: info.subgroupMinSize === info.subgroupMaxSize ? (info.subgroupMinSize ?? 0) : 0,
    storageBuffers: gpu.limits.maxStorageBuffersPerShaderStage,
    bindingBytes: gpu.limits.maxStorageBufferBindingSize,
    staticLoads: software ? 30 : 60,
    fewest: { rows: 64, columns: software ? 2 : 64 }
  }
}

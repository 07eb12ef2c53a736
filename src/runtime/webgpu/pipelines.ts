/** Pipelines by the text of their kernels: equal kernels are compiled once, whatever programs they are of. */
import type { KernelText } from '../../compile/wgsl/WgslProgram.ts'

export interface Pipeline {
  readonly gpu: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

export interface Pipelines {
  readonly gpu: GPUDevice
  readonly known: Map<string, Promise<Pipeline>>
  readonly layouts: Map<string, GPUBindGroupLayout>
}

export const pipelines = (gpu: GPUDevice): Pipelines => ({ gpu, known: new Map(), layouts: new Map() })

const compute = 4

/** The layout of so many bindings: read, then written, then the uniform. */
const layoutOf = ({ gpu, layouts }: Pipelines, { reads, writes, uniform }: KernelText): GPUBindGroupLayout => {
  const key = `${reads} ${writes} ${uniform}`
  const known = layouts.get(key)
  if (known !== undefined) return known
  const types: ReadonlyArray<GPUBufferBindingType> = [
    ...Array.from({ length: reads }, () => 'read-only-storage' as const),
    ...Array.from({ length: writes }, () => 'storage' as const),
    ...(uniform ? (['uniform'] as const) : [])
  ]
  const made = gpu.createBindGroupLayout({
    entries: types.map((type, binding) => ({ binding, visibility: compute, buffer: { type } }))
  })
  layouts.set(key, made)
  return made
}

/** The compiler's complaints, each with its place in the text. */
const complaints = async (module: GPUShaderModule): Promise<string> => {
  const { messages } = await module.getCompilationInfo()
  return messages
    .filter(({ type }) => type === 'error')
    .map(({ lineNum, linePos, message }) => `${lineNum}:${linePos} ${message}`)
    .join('; ')
}

const build = async (all: Pipelines, kernel: KernelText): Promise<Pipeline> => {
  const { gpu } = all
  // The scope is closed before anything else can run: errors of kernels that are built at once do not mix.
  gpu.pushErrorScope('validation')
  const module = gpu.createShaderModule({ code: kernel.wgsl })
  const layout = layoutOf(all, kernel)
  const pipelineLayout = gpu.createPipelineLayout({ bindGroupLayouts: [layout] })
  const invalid = gpu.popErrorScope()
  const wrong = (await complaints(module)) || (await invalid)?.message
  if (wrong !== undefined) return Promise.reject(new Error(`a kernel does not compile: ${wrong}\n${kernel.wgsl}`))
  const pipeline = await gpu.createComputePipelineAsync({
    layout: pipelineLayout,
    compute: { module, entryPoint: 'main' }
  })
  return { gpu: pipeline, layout }
}

export const pipelineOf = (all: Pipelines, kernel: KernelText): Promise<Pipeline> => {
  const known = all.known.get(kernel.wgsl)
  if (known !== undefined) return known
  const made = build(all, kernel)
  all.known.set(kernel.wgsl, made)
  return made
}

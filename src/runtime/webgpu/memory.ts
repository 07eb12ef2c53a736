/**
 * Buffers of a device. A buffer that is released is kept and given to the next that needs one of its size: a loop that
 * donates its state allocates nothing.
 */
import { isFloat, isNarrow, type DType } from '../../core/DType.ts'
import type { Type } from '../../core/Expr.ts'
import { formats, widen } from '../../core/narrow.ts'
import { size } from '../../core/Shape.ts'
import { elements, tensor, type Tensor } from '../../core/Tensor.ts'
import { wordsOf } from '../../compile/wgsl/layout.ts'
import { storedBytes } from '../../compile/wgsl/Wgsl.ts'
import { usage } from './gpu.ts'

/** A buffer on the device, with a number that names it in caches. */
export interface Storage {
  readonly id: number
  readonly bytes: number
  readonly gpu: GPUBuffer
}

export interface Memory {
  readonly gpu: GPUDevice
  readonly free: Map<number, Array<Storage>>
  readonly all: Set<Storage>
  readonly staging: Map<number, Array<GPUBuffer>>
  next: number
}

export const memory = (gpu: GPUDevice): Memory => ({
  gpu,
  free: new Map(),
  all: new Set(),
  staging: new Map(),
  next: 0
})

/** Bytes of the buffer of a value. */
export const allocated = (type: Type): number => Math.max(16, Math.ceil(storedBytes(type) / 16) * 16)

export const take = (all: Memory, bytes: number): Storage => {
  const kept = all.free.get(bytes)?.pop()
  if (kept !== undefined) return kept
  const made: Storage = {
    id: all.next++,
    bytes,
    gpu: all.gpu.createBuffer({ size: bytes, usage: usage.storage | usage.copySource | usage.copyTarget })
  }
  all.all.add(made)
  return made
}

export const giveBack = (all: Memory, storage: Storage): void => {
  const list = all.free.get(storage.bytes) ?? []
  list.push(storage)
  all.free.set(storage.bytes, list)
}

export const destroy = (all: Memory): void => {
  for (const { gpu } of all.all) gpu.destroy()
  for (const list of all.staging.values()) for (const buffer of list) buffer.destroy()
  all.all.clear()
  all.free.clear()
}

// transfers ------------------------------------------------------------------------------

export const write = (all: Memory, storage: Storage, value: Tensor): void => {
  const words = wordsOf(value)
  all.gpu.queue.writeBuffer(storage.gpu, 0, words.buffer as ArrayBuffer, words.byteOffset, words.byteLength)
}

const takeStaging = (all: Memory, bytes: number): GPUBuffer =>
  all.staging.get(bytes)?.pop() ?? all.gpu.createBuffer({ size: bytes, usage: usage.mapRead | usage.copyTarget })

/** The words of a buffer, as elements of the type. */
const decoded = (dtype: DType, words: ArrayBuffer, length: number): Tensor['data'] => {
  if (isNarrow(dtype)) {
    const out = elements(dtype, length)
    widen(formats[dtype])(new Uint16Array(words, 0, length), out)
    return out
  }
  if (isFloat(dtype)) return new Float32Array(words, 0, length)
  if (dtype === 'i32') return new Int32Array(words, 0, length)
  const unsigned = new Uint32Array(words, 0, length)
  if (dtype === 'u32') return unsigned
  const out = elements('bool', length)
  out.set(unsigned.map((x) => Number(x !== 0)))
  return out
}

export const read = async (all: Memory, storage: Storage, type: Type): Promise<Tensor> => {
  const staging = takeStaging(all, storage.bytes)
  const encoder = all.gpu.createCommandEncoder()
  encoder.copyBufferToBuffer(storage.gpu, 0, staging, 0, storage.bytes)
  all.gpu.queue.submit([encoder.finish()])
  await staging.mapAsync(1)
  const words = staging.getMappedRange().slice(0)
  staging.unmap()
  all.staging.set(storage.bytes, [...(all.staging.get(storage.bytes) ?? []), staging])
  return tensor(type.dtype, type.shape, decoded(type.dtype, words, size(type.shape)))
}

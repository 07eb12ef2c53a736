/**
 * Which device to run on: a GPU, else onnxruntime on the CPU, else a GPU driver in software, else the reference. The
 * sources are arguments, so that choosing depends on none of them.
 */
import { show, type Fault } from '../core/Fault.ts'
import { absurd, E, pipe, TE } from '../core/fp.ts'
import type { Device } from './device.ts'

// model ----------------------------------------------------------------------------------

export type Wanted = 'auto' | Device['name']

export const wanted: ReadonlyArray<Wanted> = ['auto', 'webgpu', 'onnx', 'reference']

/** A device of WebGPU, and whether its driver computes on the CPU. */
export interface Adapter {
  readonly device: Device
  readonly software: boolean
}

export interface Sources {
  readonly webgpu: TE.TaskEither<Fault, Adapter>
  readonly onnx: TE.TaskEither<Fault, Device>
  readonly reference: () => Device
}

export interface Choice {
  readonly device: Device
  /** Why this one, for a log. */
  readonly reason: string
}

type Attempt<A> = E.Either<Fault, A>

// combinators ----------------------------------------------------------------------------

const failure = (attempt: Attempt<unknown>): string => (E.isLeft(attempt) ? show(attempt.left) : 'available')

const dropped = async (adapter: Attempt<Adapter>): Promise<void> => {
  if (E.isRight(adapter)) await adapter.right.device.dispose()()
}

const automatic = async (sources: Sources): Promise<Choice> => {
  const adapter = await sources.webgpu()
  if (E.isRight(adapter) && !adapter.right.software)
    return { device: adapter.right.device, reason: 'there is a hardware adapter' }
  const gpu = E.isRight(adapter) ? 'the only adapter is software' : `no adapter (${failure(adapter)})`
  const cpu = await sources.onnx()
  if (E.isRight(cpu)) {
    await dropped(adapter)
    return { device: cpu.right, reason: gpu }
  }
  const without = `no onnxruntime (${failure(cpu)})`
  return E.isRight(adapter)
    ? { device: adapter.right.device, reason: `${gpu}, and ${without}` }
    : { device: sources.reference(), reason: `${gpu}, ${without}` }
}

const asked = (device: Device): Choice => ({ device, reason: 'it was asked for' })

/** Opens the device that is wanted; `auto` always finds one. */
export const choose =
  (sources: Sources) =>
  (name: Wanted): TE.TaskEither<Fault, Choice> => {
    switch (name) {
      case 'auto':
        return async () => E.right(await automatic(sources))
      case 'webgpu':
        return pipe(
          sources.webgpu,
          TE.map(({ device }) => asked(device))
        )
      case 'onnx':
        return pipe(sources.onnx, TE.map(asked))
      case 'reference':
        return TE.fromIO(() => asked(sources.reference()))
      default:
        return absurd(name)
    }
  }

/** One line for the start of a log. */
export const describe = ({ device, reason }: Choice): string => `${device.name}: ${device.description}; ${reason}`

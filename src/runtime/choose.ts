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
  /** WebGPU on a graphics card, and on a driver that computes on the CPU. */
  readonly hardware: TE.TaskEither<Fault, Device>
  readonly software: TE.TaskEither<Fault, Device>
  readonly onnx: TE.TaskEither<Fault, Device>
  readonly reference: () => Device
}

export interface Choice {
  readonly device: Device
  /** Why this one, for a log. */
  readonly reason: string
}

// combinators ----------------------------------------------------------------------------

/** Sources are opened in turn: what is not needed is never touched. */
const automatic = async ({ hardware, software, onnx, reference }: Sources): Promise<Choice> => {
  const gpu = await hardware()
  if (E.isRight(gpu)) return { device: gpu.right, reason: 'there is a graphics card' }
  const cpu = await onnx()
  const noGpu = `no graphics card (${show(gpu.left)})`
  if (E.isRight(cpu)) return { device: cpu.right, reason: noGpu }
  const driver = await software()
  const noCpu = `${noGpu}, and no onnxruntime (${show(cpu.left)})`
  return E.isRight(driver)
    ? { device: driver.right, reason: noCpu }
    : { device: reference(), reason: `${noCpu}, and no driver (${show(driver.left)})` }
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
          sources.hardware,
          TE.orElse(() => sources.software),
          TE.map(asked)
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

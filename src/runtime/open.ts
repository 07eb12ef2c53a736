/** The devices of this machine: one call opens the one that is wanted, or the best that there is. Node only. */
import type { Fault } from '../core/Fault.ts'
import { pipe, TE } from '../core/fp.ts'
import { choose, type Choice, type Wanted } from './choose.ts'
import type { Device } from './device.ts'
import { onnx } from './onnx/device.ts'
import { reference } from './reference/device.ts'
import { openWebgpu, type Driver } from './webgpu/node.ts'

const card = (driver: Driver): TE.TaskEither<Fault, Device> =>
  pipe(
    openWebgpu(driver),
    TE.map(({ device }) => device)
  )

/**
 * Opens a device: `auto` is a graphics card, else onnxruntime on the CPU, else a driver in software, else the reference,
 * and never fails. Neither library is loaded before it is tried. The result says why it is this one: `describe` makes a
 * line of it.
 *
 * Faults: `Device` where what was asked for cannot be had, with what to do about it.
 */
export const openDevice = (wanted: Wanted = 'auto'): TE.TaskEither<Fault, Choice> =>
  choose({ hardware: card('hardware'), software: card('auto'), onnx: onnx(), reference })(wanted)

/** The training step on a device, one after another: the state stays there and is donated from step to step. */
import type { Device, Executable } from '../src/runtime/device.ts'
import { advance, upload, type State } from '../src/runtime/steps.ts'
import type { Step } from './step.ts'
import { done } from './outcome.ts'

/** Takes a step and gives its loss. */
export const stepping = async (
  device: Device,
  executable: Executable,
  values: Step['values']
): Promise<() => Promise<number>> => {
  const held: { state: State } = { state: await done(upload(device, values)) }
  const next = advance(device, executable)
  return async () => {
    const { state, rest } = await done(next(held.state, new Map()))
    held.state = state
    return rest.get('loss')?.data[0] ?? NaN
  }
}

/** Steps on a device, as commands use them: those of the runtime, with their faults as sentences. */
import type { Executable, Device } from '../runtime/device.ts'
import * as steps from '../runtime/steps.ts'
import { graph, type Task } from './Failure.ts'

export { without, type Advanced, type Outputs, type State } from '../runtime/steps.ts'

type State = steps.State
type Tensors = steps.Tensors

export const compileStep = (device: Device, outputs: steps.Outputs): Task<Executable> =>
  graph(steps.compileStep(device, outputs))

export const upload = (device: Device, tensors: Tensors): Task<State> => graph(steps.upload(device, tensors))

export const download = (device: Device, state: State): Task<Tensors> => graph(steps.download(device, state))

export const take = (device: Device, state: State): Task<Tensors> => graph(steps.take(device, state))

export const call = (device: Device, step: Executable, held: State, inputs: Tensors): Task<Tensors> =>
  graph(steps.call(device, step, held, inputs))

export const advance =
  (device: Device, step: Executable) =>
  (state: State, inputs: Tensors): Task<steps.Advanced> =>
    graph(steps.advance(device, step)(state, inputs))

/** The devices of this machine, and which of them a command runs on. */
import type { Fault } from '../core/Fault.ts'
import { pipe, TE } from '../core/fp.ts'
import { choose, describe, type Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { onnx } from '../runtime/onnx/device.ts'
import { reference } from '../runtime/reference/device.ts'
import { openWebgpu, type Driver } from '../runtime/webgpu/node.ts'
import { device as onDevice, type Task } from './Failure.ts'
import { say } from './progress.ts'

/** WebGPU by a driver, without its notes on the adapter. */
const card = (driver: Driver): TE.TaskEither<Fault, Device> =>
  pipe(
    openWebgpu(driver),
    TE.map(({ device }) => device)
  )

/** Opens a device, uses it, and closes it whatever happened; says on stderr which it is and why. */
export const withDevice =
  (wanted: Wanted) =>
  <A>(use: (device: Device) => Task<A>): Task<A> =>
    pipe(
      choose({ hardware: card('hardware'), software: card('auto'), onnx: onnx({}), reference })(wanted),
      onDevice,
      TE.tapIO((choice) => () => say(`device ${describe(choice)}`)),
      TE.flatMap(({ device }) =>
        TE.bracket(TE.right(device), use, () =>
          pipe(
            device.dispose(),
            TE.orElse(() => TE.of<never, void>(undefined))
          )
        )
      )
    )

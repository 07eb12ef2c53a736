/** The devices of this machine, and which of them a command runs on. */
import { pipe, TE } from '../core/fp.ts'
import { describe, type Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { openDevice } from '../runtime/open.ts'
import { device as onDevice, type Task } from './Failure.ts'
import { say } from './progress.ts'

/** Opens a device, uses it, and closes it whatever happened; says on stderr which it is and why. */
export const withDevice =
  (wanted: Wanted) =>
  <A>(use: (device: Device) => Task<A>): Task<A> =>
    pipe(
      openDevice(wanted),
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

/** A program on a device together with its inputs, to be run again and again. */
import type { Expr } from '../src/core/Expr.ts'
import { size } from '../src/core/Shape.ts'
import type { Tensor } from '../src/core/Tensor.ts'
import type { Program } from '../src/compile/Program.ts'
import type { Buffer, Device } from '../src/runtime/device.ts'
import { compileStep, download, upload } from '../src/runtime/steps.ts'
import { done } from './outcome.ts'

export interface Loaded {
  /** Runs until all results are there, and reads the smallest. */
  readonly once: () => Promise<void>
  /** Every result of a run. */
  readonly results: () => Promise<ReadonlyMap<string, Tensor>>
  readonly dispose: () => void
}

const smallest = ({ outputs }: Program): string =>
  outputs.reduce((a, b) => (size(b.shape) < size(a.shape) ? b : a)).name

export const load = async (
  device: Device,
  outputs: Readonly<Record<string, Expr>>,
  values: ReadonlyMap<string, Tensor>
): Promise<Loaded> => {
  const step = await done(compileStep(device, outputs))
  const inputs = await done(upload(device, values))
  const read = smallest(step.program)
  const released = async <A>(use: (made: ReadonlyMap<string, Buffer>) => Promise<A>): Promise<A> => {
    const made = await done(step.run(inputs))
    const used = await use(made)
    device.release(made.values())
    return used
  }
  return {
    once: () => released(async (made) => void (await done(device.read(made.get(read) as Buffer)))),
    results: () => released((made) => done(download(device, made))),
    dispose: () => {
      device.release(inputs.values())
      step.dispose()
    }
  }
}

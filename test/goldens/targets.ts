/** The targets that cases run on. One that cannot be opened here is skipped, with the reason. */
import type { Fault } from '../../src/core/Fault.ts'
import { pipe, RA, TE } from '../../src/core/fp.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { evaluateOn } from '../../src/runtime/steps.ts'
import { openWebgpu, type Driver } from '../../src/runtime/webgpu/node.ts'
import type { Execute } from './case.ts'

export interface Target {
  readonly name: string
  readonly open: TE.TaskEither<Fault, Device>
}

const driver = process.env['FLUXION_DRIVER'] as Driver | undefined

/** A software driver, as every machine can have one; `FLUXION_DRIVER` names another. */
const software: TE.TaskEither<Fault, Device> = pipe(
  openWebgpu(driver ?? 'swiftshader'),
  TE.orElse((fault) => (driver === undefined ? openWebgpu('lavapipe') : TE.left(fault))),
  TE.map(({ device }) => device)
)

/** ONNX by one thread and without rewriting, so that a difference is of the graph as it was written. */
export const targets: ReadonlyArray<Target> = [
  { name: 'reference', open: TE.fromIO(reference) },
  { name: 'onnx', open: onnx({ optimization: 'disabled', threads: 1 }) },
  { name: 'webgpu', open: software }
]

// running --------------------------------------------------------------------------------

/** Compiles, runs once, and leaves nothing behind. */
export const execute =
  (device: Device): Execute =>
  (outputs, inputs) =>
    pipe(
      evaluateOn(device)(inputs)(Object.values(outputs)),
      TE.map((values) => new Map(RA.zip(Object.keys(outputs), values)))
    )

/** A device: where programs run. One interface; WebGPU, ONNX and the reference implement it. */
import type { Fault, Faults } from '../core/Fault.ts'
import type { TE } from '../core/fp.ts'
import type { Tensor } from '../core/Tensor.ts'
import type { Program } from '../compile/Program.ts'
import type { Type } from '../core/Expr.ts'

/** A tensor that lives on a device. Only the device that made it can use it. */
export interface Buffer extends Type {
  readonly device: string
  readonly id: number
}

export interface Executable {
  readonly program: Program
  /**
   * Runs once. Inputs named in `donated` may be overwritten and must not be used again: a training state that is
   * donated from step to step needs no allocation. The result has one buffer per output, by name.
   */
  readonly run: (
    inputs: ReadonlyMap<string, Buffer>,
    donated?: ReadonlySet<string>
  ) => TE.TaskEither<Fault, ReadonlyMap<string, Buffer>>
  readonly dispose: () => void
}

export interface Device {
  readonly name: 'webgpu' | 'onnx' | 'reference'
  /** The adapter or library, as a person would want it in a log. */
  readonly description: string
  readonly compile: (program: Program) => TE.TaskEither<Faults, Executable>
  readonly upload: (value: Tensor) => TE.TaskEither<Fault, Buffer>
  /** Elements as the device stores them: `Float32Array` for floats, and so on. */
  readonly read: (buffer: Buffer) => TE.TaskEither<Fault, Tensor>
  readonly release: (buffers: Iterable<Buffer>) => void
  readonly dispose: () => TE.TaskEither<Fault, void>
}

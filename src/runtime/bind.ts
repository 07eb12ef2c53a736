/** The inputs of a run, checked against the program: what every device does first. */
import type { Fault } from '../core/Fault.ts'
import { E } from '../core/fp.ts'
import { equal } from '../core/Shape.ts'
import type { Port, Program } from '../compile/Program.ts'
import type { Buffer } from './device.ts'

/** What is wrong with a buffer in the place of an input. */
const mismatch = (port: Port, buffer: Buffer | undefined): Fault | undefined =>
  buffer === undefined
    ? { _tag: 'UnboundInput', name: port.name }
    : !equal(buffer.shape, port.shape)
      ? { _tag: 'InputDiffers', name: port.name, expected: port.shape, got: buffer.shape }
      : buffer.dtype !== port.dtype
        ? { _tag: 'WrongDType', op: `input '${port.name}'`, expected: port.dtype, got: buffer.dtype }
        : undefined

/** One buffer for each input of the program, in its order; buffers of other names are left alone. */
export const bind = (program: Program, inputs: ReadonlyMap<string, Buffer>): E.Either<Fault, ReadonlyArray<Buffer>> => {
  const wrong = program.inputs.map((port) => mismatch(port, inputs.get(port.name))).find((fault) => fault !== undefined)
  return wrong === undefined ? E.right(program.inputs.flatMap(({ name }) => inputs.get(name) ?? [])) : E.left(wrong)
}

/** Running graphs on devices, for tests: a fault is a failed test. */
import { program } from '../../src/compile/Program.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { E, type TE } from '../../src/core/fp.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import type { Buffer, Device } from '../../src/runtime/device.ts'

export type Outputs = Readonly<Record<string, Expr>>
export type Values = ReadonlyMap<string, Tensor>

export const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

export const done = async <A>(task: TE.TaskEither<unknown, A>): Promise<A> => right(await task())

export const uploaded = async (device: Device, names: ReadonlyArray<string>, values: Values) => {
  const entries = names.map(async (name) => [name, await done(device.upload(values.get(name) as Tensor))] as const)
  return new Map<string, Buffer>(await Promise.all(entries))
}

/** The values of the outputs, by name. */
export const runOn = async (device: Device, outputs: Outputs, values: Values): Promise<Values> => {
  const executable = await done(device.compile(right(program(outputs))))
  const buffers = await uploaded(
    device,
    executable.program.inputs.map(({ name }) => name),
    values
  )
  const results = await done(executable.run(buffers))
  const read = await Promise.all([...results].map(async ([name, b]) => [name, await done(device.read(b))] as const))
  device.release([...buffers.values(), ...results.values()])
  executable.dispose()
  return new Map(read)
}

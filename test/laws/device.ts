/** Devices as the laws see them: roots and numbers in, numbers out. */
import { program } from '../../src/compile/Program.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { E, RA } from '../../src/core/fp.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import type { Device } from '../../src/runtime/device.ts'
import type { Target } from '../../laws/pass.ts'

type Values = E.Either<ReadonlyArray<string>, ReadonlyArray<Tensor>>

const run = async (device: Device, roots: ReadonlyArray<Expr>, given: ReadonlyMap<string, Tensor>): Promise<Values> => {
  const made = program(Object.fromEntries(roots.map((root, i) => [`root${i}`, root])))
  if (E.isLeft(made)) return E.left(made.left.map(show))
  const compiled = await device.compile(made.right)()
  if (E.isLeft(compiled)) return E.left(compiled.left.map(show))
  const inputs = await Promise.all(
    compiled.right.program.inputs.map(async ({ name }) => {
      const value = given.get(name)
      const buffer = value === undefined ? undefined : await device.upload(value)()
      return buffer !== undefined && E.isRight(buffer) ? ([[name, buffer.right]] as const) : []
    })
  )
  const buffers = new Map(inputs.flat())
  const results = await compiled.right.run(buffers)()
  if (E.isLeft(results)) return E.left([show(results.left)])
  const read = await Promise.all(roots.map((_, i) => device.read(results.right.get(`root${i}`)!)()))
  device.release([...buffers.values(), ...results.right.values()])
  compiled.right.dispose()
  const lost = read.flatMap((value) => (E.isLeft(value) ? [show(value.left)] : []))
  return lost.length > 0 ? E.left(lost) : E.right(RA.rights(read))
}

export const onDevice =
  (device: Device): Target =>
  (roots, environment) =>
    run(device, roots, environment)

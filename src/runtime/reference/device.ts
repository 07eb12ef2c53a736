/**
 * The reference as a device: programs run by their meaning, in double precision. Slow, exact, always there. What a run
 * gives is kept as its type is stored, as on any device, so that a state that goes through a file is the same state.
 */
import type { Program } from '../../compile/Program.ts'
import type { Fault } from '../../core/Fault.ts'
import { E, pipe, TE } from '../../core/fp.ts'
import { stored, type Tensor } from '../../core/Tensor.ts'
import { evaluate } from '../../interpret/evaluate.ts'
import { bind } from '../bind.ts'
import type { Buffer, Device, Executable } from '../device.ts'

type Memory = Map<Buffer, Tensor>

const fault = (why: string): Fault => ({ _tag: 'Device', device: 'reference', why })

const put = (memory: Memory, id: number, value: Tensor): Buffer => {
  const buffer: Buffer = { device: 'reference', id, dtype: value.dtype, shape: value.shape }
  memory.set(buffer, value)
  return buffer
}

const get = (memory: Memory, buffer: Buffer): E.Either<Fault, Tensor> =>
  E.fromNullable(fault('a buffer was released, donated, or belongs to another device'))(memory.get(buffer))

const execute = (
  memory: Memory,
  program: Program,
  bound: ReadonlyArray<Buffer>
): E.Either<Fault, ReadonlyArray<Tensor>> =>
  pipe(
    E.traverseArray((buffer: Buffer) => get(memory, buffer))(bound),
    E.flatMap((values) => {
      const environment = new Map(program.inputs.map(({ name }, i) => [name, values[i] as Tensor]))
      const results = evaluate(environment)(program.outputs.map(({ node }) => node))
      return pipe(
        results,
        E.mapLeft((faults) => faults[0] ?? fault('the program has no meaning'))
      )
    })
  )

const run =
  (memory: Memory, fresh: () => number, program: Program): Executable['run'] =>
  (inputs, donated = new Set()) =>
    TE.fromIOEither(() =>
      pipe(
        bind(program, inputs),
        E.flatMap((bound) => execute(memory, program, bound)),
        E.map((values) => {
          for (const name of donated) {
            const spent = inputs.get(name)
            if (spent !== undefined) memory.delete(spent)
          }
          return new Map(
            program.outputs.map(({ name }, i) => [name, put(memory, fresh(), stored(values[i] as Tensor))])
          )
        })
      )
    )

export const reference = (): Device => {
  const memory: Memory = new Map() // local
  const ids = { next: 0 } // local
  const fresh = (): number => ids.next++
  return {
    name: 'reference',
    description: 'double precision, by definition',
    compile: (program) => TE.right({ program, run: run(memory, fresh, program), dispose: () => undefined }),
    upload: (value) => TE.fromIO(() => put(memory, fresh(), value)),
    read: (buffer) => TE.fromEither(get(memory, buffer)),
    release: (buffers) => {
      for (const buffer of buffers) memory.delete(buffer)
    },
    dispose: () => TE.fromIO(() => memory.clear())
  }
}

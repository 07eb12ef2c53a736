/** The targets that cases run on. One that cannot be opened here is skipped, with the reason. */
import type { Fault, Faults } from '../../src/core/Fault.ts'
import { pipe, TE } from '../../src/core/fp.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { program, type Program } from '../../src/compile/Program.ts'
import type { Buffer, Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { openWebgpu, type Driver } from '../../src/runtime/webgpu/node.ts'
import type { Execute, Tensors } from './case.ts'

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

type Named<A> = ReadonlyArray<readonly [name: string, value: A]>

const each = <A, B>(
  entries: Named<A>,
  f: (value: A, name: string) => TE.TaskEither<Faults, B>
): TE.TaskEither<Faults, Named<B>> =>
  pipe(
    entries.map(([name, value]) =>
      pipe(
        f(value, name),
        TE.map((made) => [name, made] as const)
      )
    ),
    TE.sequenceSeqArray
  )

const upload = (device: Device, { inputs }: Program, given: Tensors): TE.TaskEither<Faults, Named<Buffer>> =>
  each(
    inputs.map(({ name }) => [name, given.get(name)] as const),
    (value, name) =>
      value === undefined
        ? TE.left([{ _tag: 'UnboundInput', name }])
        : pipe(
            device.upload(value),
            TE.mapLeft((fault) => [fault])
          )
  )

const readAll = (device: Device, buffers: Named<Buffer>): TE.TaskEither<Faults, Named<Tensor>> =>
  each(buffers, (buffer) =>
    pipe(
      device.read(buffer),
      TE.mapLeft((fault) => [fault])
    )
  )

/** Compiles, runs once, and leaves nothing behind. */
export const execute =
  (device: Device): Execute =>
  (outputs, inputs) =>
    pipe(
      program(outputs),
      TE.fromEither,
      TE.flatMap(device.compile),
      TE.bindTo('executable'),
      TE.bind('given', ({ executable }) => upload(device, executable.program, inputs)),
      TE.bind('made', ({ executable, given }) =>
        pipe(
          executable.run(new Map(given)),
          TE.bimap(
            (fault): Faults => [fault],
            (made): Named<Buffer> => [...made]
          )
        )
      ),
      TE.flatMap(({ executable, given, made }) =>
        pipe(
          readAll(device, made),
          TE.map((values) => {
            device.release([...given, ...made].map(([, buffer]) => buffer))
            executable.dispose()
            return new Map(values)
          })
        )
      )
    )

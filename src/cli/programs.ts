/** Programs on a device, as commands use them: compiled from named outputs, fed with tensors, read back. */
import type { Expr } from '../core/Expr.ts'
import { pipe, TE } from '../core/fp.ts'
import type { Tensor } from '../core/Tensor.ts'
import { program } from '../compile/Program.ts'
import type { Tensors } from '../io/safetensors.ts'
import type { Buffer, Device, Executable } from '../runtime/device.ts'
import { device as onDevice, graph, type Task } from './Failure.ts'

/** What a program gives, by name. */
export type Outputs = Readonly<Record<string, Expr>>
/** Tensors on a device, by name. */
export type State = ReadonlyMap<string, Buffer>

/** Compiles a step from its outputs by name. */
export const compileStep = (device: Device, outputs: Outputs): Task<Executable> =>
  pipe(TE.fromEither(program(outputs)), TE.flatMap(device.compile), graph)

const each = <A, B>(values: ReadonlyMap<string, A>, f: (value: A) => Task<B>): Task<ReadonlyMap<string, B>> =>
  pipe(
    [...values],
    TE.traverseSeqArray(([name, value]) =>
      pipe(
        f(value),
        TE.map((made) => [name, made] as const)
      )
    ),
    TE.map((entries) => new Map(entries))
  )

export const upload = (device: Device, tensors: ReadonlyMap<string, Tensor>): Task<State> =>
  each(tensors, (value) => onDevice(device.upload(value)))

export const download = (device: Device, state: State): Task<Tensors> =>
  each(state, (buffer) => onDevice(device.read(buffer)))

/** Downloads what is needed no more. */
export const take = (device: Device, state: State): Task<Tensors> =>
  pipe(
    download(device, state),
    TE.tapIO(() => () => device.release(state.values()))
  )

/** Runs a program once on what is on the device and on tensors; nothing of either stays behind. */
export const call = (device: Device, step: Executable, held: State, inputs: Tensors): Task<Tensors> =>
  pipe(
    upload(device, inputs),
    TE.flatMap((given) =>
      pipe(
        onDevice(step.run(new Map([...held, ...given]))),
        TE.flatMap((outputs) => take(device, outputs)),
        TE.tapIO(() => () => device.release(given.values()))
      )
    )
  )

interface Names {
  readonly has: (name: string) => boolean
}

const within = <A>(values: ReadonlyMap<string, A>, names: Names): ReadonlyMap<string, A> =>
  new Map([...values].filter(([name]) => names.has(name)))

export const without = <A>(values: ReadonlyMap<string, A>, names: Names): ReadonlyMap<string, A> =>
  new Map([...values].filter(([name]) => !names.has(name)))

const namesOf = (values: ReadonlyArray<{ readonly name: string }>): ReadonlySet<string> =>
  new Set(values.map(({ name }) => name))

export interface Advanced {
  readonly state: State
  /** What the step gives beside the state. */
  readonly rest: Tensors
}

/** One step: outputs by the name of a state replace it, in its own buffer where the device can. */
export const advance =
  (device: Device, step: Executable) =>
  (state: State, inputs: Tensors): Task<Advanced> => {
    const wanted = namesOf(step.program.inputs)
    const held = within(state, wanted)
    const replaced = new Set([...namesOf(step.program.outputs)].filter((name) => held.has(name)))
    return pipe(
      upload(device, within(inputs, wanted)),
      TE.flatMap((given) =>
        pipe(
          onDevice(step.run(new Map([...held, ...given]), replaced)),
          TE.tapIO(() => () => device.release(given.values()))
        )
      ),
      TE.flatMap((outputs) =>
        pipe(
          take(device, without(outputs, state)),
          TE.map((rest) => ({ state: new Map([...state, ...within(outputs, state)]), rest }))
        )
      )
    )
  }

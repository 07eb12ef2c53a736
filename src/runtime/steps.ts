/**
 * Steps on a device, as loops use them: a program compiled from its outputs by name, a state that stays on the device
 * from step to step, tensors that go in and metrics that come out.
 */
import { program } from '../compile/Program.ts'
import type { Expr } from '../core/Expr.ts'
import type { Fault, Faults } from '../core/Fault.ts'
import { pipe, TE } from '../core/fp.ts'
import { lengthFault, type Tensor } from '../core/Tensor.ts'
import type { Buffer, Device, Executable } from './device.ts'

// model ----------------------------------------------------------------------------------

/** What a program gives, by name. */
export type Outputs = Readonly<Record<string, Expr>>
/** Tensors, by name. */
export type Tensors = ReadonlyMap<string, Tensor>
/** Tensors on a device, by name. */
export type State = ReadonlyMap<string, Buffer>

export interface Advanced {
  readonly state: State
  /** What the step gives beside the state. */
  readonly rest: Tensors
}

// transfers ------------------------------------------------------------------------------

const each = <A, B>(
  values: ReadonlyMap<string, A>,
  f: (value: A, name: string) => TE.TaskEither<Fault, B>
): TE.TaskEither<Faults, ReadonlyMap<string, B>> =>
  pipe(
    [...values],
    TE.traverseSeqArray(([name, value]) =>
      pipe(
        f(value, name),
        TE.bimap(
          (fault): Faults => [fault],
          (made) => [name, made] as const
        )
      )
    ),
    TE.map((entries) => new Map(entries))
  )

/** Faults: a tensor whose elements are not as many as its shape says. */
export const upload = (device: Device, tensors: Tensors): TE.TaskEither<Faults, State> =>
  each(tensors, (value, name) => {
    const fault = lengthFault(`input '${name}'`, value)
    return fault === undefined ? device.upload(value) : TE.left(fault)
  })

export const download = (device: Device, state: State): TE.TaskEither<Faults, Tensors> => each(state, device.read)

/** Downloads what is needed no more. */
export const take = (device: Device, state: State): TE.TaskEither<Faults, Tensors> =>
  pipe(
    download(device, state),
    TE.tapIO(() => () => device.release(state.values()))
  )

// steps ----------------------------------------------------------------------------------

/** Compiles a step from its outputs. Faults: all of the graph's, or the device's. */
export const compileStep = (device: Device, outputs: Outputs): TE.TaskEither<Faults, Executable> =>
  pipe(TE.fromEither(program(outputs)), TE.flatMap(device.compile))

/** One run on what is on the device and on tensors, of which nothing stays there. */
const runOnce = (
  device: Device,
  step: Executable,
  held: State,
  inputs: Tensors,
  donated: ReadonlySet<string>
): TE.TaskEither<Faults, State> =>
  pipe(
    upload(device, inputs),
    TE.flatMap((given) =>
      pipe(
        step.run(new Map([...held, ...given]), donated),
        TE.mapLeft((fault): Faults => [fault]),
        TE.tapIO(() => () => device.release(given.values()))
      )
    )
  )

/** Runs a step once; nothing but what was held stays behind. */
export const call = (device: Device, step: Executable, held: State, inputs: Tensors): TE.TaskEither<Faults, Tensors> =>
  pipe(
    runOnce(device, step, held, inputs, new Set()),
    TE.flatMap((outputs) => take(device, outputs))
  )

interface Names {
  readonly has: (name: string) => boolean
}

const within = <A>(values: ReadonlyMap<string, A>, names: Names): ReadonlyMap<string, A> =>
  new Map([...values].filter(([name]) => names.has(name)))

/** All but what these names are of. */
export const without = <A>(values: ReadonlyMap<string, A>, names: Names): ReadonlyMap<string, A> =>
  new Map([...values].filter(([name]) => !names.has(name)))

const namesOf = (values: ReadonlyArray<{ readonly name: string }>): ReadonlySet<string> =>
  new Set(values.map(({ name }) => name))

/** One step of a loop: outputs by the name of a state replace it, in its own buffer where the device can. */
export const advance =
  (device: Device, step: Executable) =>
  (state: State, inputs: Tensors): TE.TaskEither<Faults, Advanced> => {
    const wanted = namesOf(step.program.inputs)
    const held = within(state, wanted)
    const replaced = new Set([...namesOf(step.program.outputs)].filter((name) => held.has(name)))
    return pipe(
      runOnce(device, step, held, within(inputs, wanted), replaced),
      TE.flatMap((outputs) =>
        pipe(
          take(device, without(outputs, state)),
          TE.map((rest) => ({ state: new Map([...state, ...within(outputs, state)]), rest }))
        )
      )
    )
  }

// numbers at once ------------------------------------------------------------------------

/**
 * The values of `roots` on a device, given those of the inputs by name: `evaluate`, anywhere. It compiles every time;
 * what runs more than once is a step.
 *
 * @example evaluateOn(device)(new Map([['x', floats([2], [1, 2])]]))([loss, ...gradient])
 */
export const evaluateOn =
  (device: Device) =>
  (environment: Tensors) =>
  (roots: ReadonlyArray<Expr>): TE.TaskEither<Faults, ReadonlyArray<Tensor>> =>
    TE.bracket(
      compileStep(device, Object.fromEntries(roots.map((root, i) => [`root${i}`, root]))),
      (step) =>
        pipe(
          call(device, step, new Map(), within(environment, namesOf(step.program.inputs))),
          TE.map((values) => roots.flatMap((_, i) => values.get(`root${i}`) ?? []))
        ),
      (step) => TE.fromIO(step.dispose)
    )

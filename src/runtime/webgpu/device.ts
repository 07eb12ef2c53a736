/** WebGPU as a device. Takes a `GPUDevice`, so that it runs wherever there is one. */
import type { Fault, Faults } from '../../core/Fault.ts'
import { E, pipe, TE } from '../../core/fp.ts'
import type { Tensor } from '../../core/Tensor.ts'
import { compileWgsl } from '../../compile/wgsl/emit.ts'
import type { KernelSources } from '../../compile/wgsl/kernels.ts'
import type { Target } from '../../compile/wgsl/Target.ts'
import type { WgslProgram } from '../../compile/wgsl/WgslProgram.ts'
import { bind } from '../bind.ts'
import type { Buffer, Device, Executable } from '../device.ts'
import { execute, load, unload, type Loaded } from './execute.ts'
import { because, describeAdapter, fault, targetOf } from './gpu.ts'
import { lifeline, type Lifeline } from './lifeline.ts'
import { allocated, destroy, giveBack, memory, read, take, write, type Memory, type Storage } from './memory.ts'
import { pipelines } from './pipelines.ts'

export interface Options {
  readonly gpu: GPUDevice
  readonly info: GPUAdapterInfo
  readonly sources: KernelSources
  /** What to compile for, where it is not what the adapter suggests. */
  readonly target?: Partial<Target>
  /** Why it is this adapter, where there is something to say. */
  readonly note?: string
}

interface State {
  readonly gpu: GPUDevice
  readonly memory: Memory
  readonly storage: Map<Buffer, Storage>
  readonly life: Lifeline
  /** The first thing that went wrong where nobody could be told. */
  wrong: Fault | undefined
  next: number
}

const adopt = (state: State, storage: Storage, { dtype, shape }: Pick<Buffer, 'dtype' | 'shape'>): Buffer => {
  const buffer: Buffer = { device: 'webgpu', id: state.next++, dtype, shape }
  state.storage.set(buffer, storage)
  return buffer
}

const drop = (state: State, buffer: Buffer): void => {
  const storage = state.storage.get(buffer)
  if (storage === undefined) return
  state.storage.delete(buffer)
  giveBack(state.memory, storage)
}

/** What went wrong since it was last asked, as a `Left`: for ever, if the device was lost. */
const sound = (state: State): E.Either<Fault, void> => {
  const { wrong, life } = state
  state.wrong = undefined
  return pipe(
    life.alive(),
    E.flatMap(() => (wrong === undefined ? E.right(undefined) : E.left(wrong)))
  )
}

const storageOf = (state: State, buffer: Buffer): E.Either<Fault, Storage> =>
  E.fromNullable(fault('a buffer was released, donated, or belongs to another device'))(state.storage.get(buffer))

// running --------------------------------------------------------------------------------

const numberOf = ({ buffers }: WgslProgram, tag: 'Input' | 'Output', name: string): number =>
  buffers.findIndex(({ role }) => role._tag === tag && role.name === name)

interface Ready {
  readonly loaded: Loaded
  readonly inputs: ReadonlyArray<number>
  readonly outputs: ReadonlyArray<number>
  /** The first run is watched: what is wrong with a program shows there. */
  watched: boolean
}

const ready = (loaded: Loaded): Ready => ({
  loaded,
  inputs: loaded.program.inputs.map(({ name }) => numberOf(loaded.program, 'Input', name)),
  outputs: loaded.program.outputs.map(({ name }) => numberOf(loaded.program, 'Output', name)),
  watched: false
})

const watch = async (state: State, ready: Ready, submit: () => void): Promise<void> => {
  if (ready.watched) return submit()
  ready.watched = true
  state.gpu.pushErrorScope('validation')
  submit()
  const error = await state.gpu.popErrorScope()
  if (error !== null) return Promise.reject(new Error(error.message))
}

const submitted = async (
  state: State,
  ready: Ready,
  storages: ReadonlyArray<Storage>
): Promise<ReadonlyMap<string, Buffer>> => {
  const { program } = ready.loaded
  const made = program.outputs.map((port) => take(state.memory, allocated(port)))
  const external = new Map<number, Storage>([
    ...ready.inputs.map((n, i) => [n, storages[i] as Storage] as const),
    ...ready.outputs.map((n, i) => [n, made[i] as Storage] as const)
  ])
  await watch(state, ready, () => execute(state.gpu, ready.loaded, external))
  return new Map(program.outputs.map((port, i) => [port.name, adopt(state, made[i] as Storage, port)]))
}

const run =
  (state: State, program: Executable['program'], ready: Ready): Executable['run'] =>
  (inputs, donated = new Set()) =>
    pipe(
      TE.fromIOEither(() =>
        pipe(
          sound(state),
          E.flatMap(() => bind(program, inputs)),
          E.flatMap(E.traverseArray((buffer: Buffer) => storageOf(state, buffer)))
        )
      ),
      TE.flatMap((storages) => state.life.attempt(() => submitted(state, ready, storages))),
      TE.map((outputs) => {
        for (const name of donated) {
          const spent = inputs.get(name)
          if (spent !== undefined) drop(state, spent)
        }
        return outputs
      })
    )

const compile =
  (state: State, all: ReturnType<typeof pipelines>, sources: KernelSources, target: Target): Device['compile'] =>
  (program) =>
    pipe(
      TE.fromEither(compileWgsl(sources, target)(program)),
      TE.flatMap((compiled) =>
        pipe(
          state.life.attempt(() => load(state.memory, all, compiled)),
          TE.mapLeft((fault): Faults => [fault])
        )
      ),
      TE.map((loaded) => ({
        program,
        run: run(state, program, ready(loaded)),
        dispose: () => unload(state.memory, loaded)
      }))
    )

// the device -------------------------------------------------------------------------------

const uploaded = (state: State, value: Tensor): Buffer => {
  const storage = take(state.memory, allocated(value))
  write(state.memory, storage, value)
  return adopt(state, storage, value)
}

const upload =
  (state: State): Device['upload'] =>
  (value) =>
    TE.fromIOEither(() =>
      pipe(
        state.life.alive(),
        E.flatMap(() => E.tryCatch(() => uploaded(state, value), because))
      )
    )

const readBack =
  (state: State): Device['read'] =>
  (buffer) =>
    pipe(
      TE.fromIOEither(() =>
        pipe(
          state.life.alive(),
          E.flatMap(() => storageOf(state, buffer))
        )
      ),
      TE.flatMap((storage) => state.life.attempt(() => read(state.memory, storage, buffer))),
      TE.tap(() => TE.fromIOEither(() => sound(state)))
    )

const close = ({ gpu, life, memory }: State): void => {
  life.end(fault('the device was disposed'))
  destroy(memory)
  gpu.destroy()
}

export const webgpu = ({ gpu, info, sources, target = {}, note }: Options): Device => {
  const life = lifeline(gpu.lost)
  const state: State = { gpu, life, memory: memory(gpu), storage: new Map(), wrong: undefined, next: 0 } // local
  gpu.addEventListener('uncapturederror', (event) => {
    state.wrong ??= fault(event.error.message)
  })
  return {
    name: 'webgpu',
    description: [describeAdapter(info), ...(note === undefined ? [] : [note])].join('; '),
    compile: compile(state, pipelines(gpu), sources, { ...targetOf(gpu, info), ...target }),
    upload: upload(state),
    read: readBack(state),
    release: (buffers) => {
      for (const buffer of buffers) drop(state, buffer)
    },
    dispose: () => TE.fromIO(() => close(state))
  }
}

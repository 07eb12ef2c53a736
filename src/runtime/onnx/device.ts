/**
 * The CPU as a device: a program becomes one ONNX file, run by onnxruntime in a worker thread. Buffers live in the
 * worker; only what is uploaded or read crosses.
 */
import { cpus } from 'node:os'
import { emit, type NamedPort, type OnnxFile } from '../../compile/onnx/emit.ts'
import { pack } from '../../compile/onnx/pack.ts'
import type { Port, Program } from '../../compile/Program.ts'
import { isNarrow, type Narrow } from '../../core/DType.ts'
import type { Fault, Faults } from '../../core/Fault.ts'
import { E, pipe, TE } from '../../core/fp.ts'
import { formats, narrow, widen } from '../../core/narrow.ts'
import { elements, stored, type Tensor } from '../../core/Tensor.ts'
import type { Type } from '../../core/Expr.ts'
import { bind } from '../bind.ts'
import type { Buffer, Device, Executable } from '../device.ts'
import { cores, deviceFault, link, type Link } from './link.ts'
import type { Binding, Optimization } from './protocol.ts'

// model ----------------------------------------------------------------------------------

export interface OnnxOptions {
  /** A number, or `auto`: the cores of the machine or one, whichever the first steps show to be faster. */
  readonly threads: number | 'auto'
  /** `auto` is `all`, but `disabled` for graphs so large that optimising them takes longer than it saves. */
  readonly optimization: Optimization | 'auto'
}

export const defaults: OnnxOptions = { threads: 'auto', optimization: 'auto' }

interface Open {
  readonly link: Link
  readonly options: OnnxOptions
  readonly fresh: () => number
  /** Buffers that can be used. */
  readonly live: Set<Buffer>
}

/** A name in the file, and the ports of the program that it stands for. */
interface Slot {
  readonly label: string
  readonly ports: ReadonlyArray<Port>
}

interface Compiled {
  readonly program: Program
  readonly file: OnnxFile
  readonly inputs: ReadonlyArray<Slot>
  readonly outputs: ReadonlyArray<Slot>
}

/** Beyond this optimising takes superlinear time. */
const largeGraph = 10_000

// constructors ---------------------------------------------------------------------------

const bufferOf = (open: Open, { dtype, shape }: Type): Buffer => {
  const buffer: Buffer = { device: 'onnx', id: open.fresh(), dtype, shape }
  open.live.add(buffer)
  return buffer
}

const threadsOf = ({ threads }: OnnxOptions): ReadonlyArray<number> =>
  threads === 'auto' ? [...new Set([cores(), 1])] : [threads]

const optimizationOf = ({ optimization }: OnnxOptions, file: OnnxFile): Optimization =>
  optimization === 'auto' ? (file.nodes > largeGraph ? 'disabled' : 'all') : optimization

const gone = (open: Open, buffers: ReadonlyArray<Buffer>): Fault | undefined =>
  buffers.every((buffer) => open.live.has(buffer))
    ? undefined
    : deviceFault('a buffer was released, donated, or belongs to another device')

// operations -----------------------------------------------------------------------------

const compiled = (program: Program): Compiled => {
  const { program: packed, packs } = pack(program)
  const file = emit(packed, new Map(), 'patterns')
  const slot = (port: NamedPort): Slot => ({ label: port.label, ports: packs.get(port.name) ?? [port] })
  return { program, file, inputs: file.inputs.map(slot), outputs: file.outputs.map(slot) }
}

const bindings = (slots: ReadonlyArray<Slot>, buffers: ReadonlyMap<string, Buffer>): ReadonlyArray<Binding> =>
  slots.map(({ label, ports }) => [
    label,
    ports.map(({ name, shape }) => ({ buffer: buffers.get(name)?.id ?? -1, shape }))
  ])

const usable = (open: Open, buffers: ReadonlyArray<Buffer>): E.Either<Fault, ReadonlyArray<Buffer>> => {
  const fault = gone(open, buffers)
  return fault === undefined ? E.right(buffers) : E.left(fault)
}

const execute = (
  open: Open,
  id: number,
  { program, inputs, outputs }: Compiled,
  given: ReadonlyMap<string, Buffer>,
  donated: ReadonlySet<string>
): TE.TaskEither<Fault, ReadonlyMap<string, Buffer>> => {
  const spent = program.inputs.flatMap(({ name }) => (donated.has(name) ? (given.get(name) ?? []) : []))
  const results = new Map(program.outputs.map((port) => [port.name, bufferOf(open, port)]))
  return pipe(
    open.link.ask({
      _tag: 'Run',
      program: id,
      inputs: bindings(inputs, given),
      outputs: bindings(outputs, results),
      donated: spent.map((buffer) => buffer.id)
    }),
    TE.bimap(
      (fault) => {
        results.forEach((buffer) => open.live.delete(buffer))
        return fault
      },
      () => {
        spent.forEach((buffer) => open.live.delete(buffer))
        return results
      }
    )
  )
}

const run =
  (open: Open, id: number, whole: Compiled): Executable['run'] =>
  (inputs, donated = new Set()) =>
  () =>
    pipe(
      bind(whole.program, inputs),
      E.flatMap((bound) => usable(open, bound)),
      TE.fromEither,
      TE.flatMap(() => execute(open, id, whole, inputs, donated))
    )()

const compile =
  (open: Open) =>
  (program: Program): TE.TaskEither<Faults, Executable> =>
  () => {
    const whole = compiled(program)
    const id = open.fresh()
    return pipe(
      open.link.ask({
        _tag: 'Compile',
        program: id,
        bytes: whole.file.bytes,
        optimization: optimizationOf(open.options, whole.file),
        threads: threadsOf(open.options)
      }),
      TE.bimap(
        (fault) => [fault],
        () => ({
          program,
          run: run(open, id, whole),
          dispose: () => void open.link.ask({ _tag: 'Dispose', program: id })()
        })
      )
    )()
  }

/** Elements as the worker holds them: narrow floats as their patterns. */
const bytesOf = (value: Tensor): ArrayBuffer =>
  (isNarrow(value.dtype) ? narrow(formats[value.dtype])(value.data) : stored(value).data).buffer as ArrayBuffer

const upload =
  (open: Open) =>
  (value: Tensor): TE.TaskEither<Fault, Buffer> =>
  () => {
    const { dtype, shape } = value
    const data = bytesOf(value)
    const buffer = bufferOf(open, value)
    const asked = open.link.ask({ _tag: 'Upload', buffer: buffer.id, dtype, shape, data }, [data])
    return TE.map(() => buffer)(asked)()
  }

const widened = (dtype: Narrow, patterns: Uint16Array): Tensor['data'] => {
  const out = elements(dtype, patterns.length)
  widen(formats[dtype])(patterns, out)
  return out
}

const typedArray = (dtype: Tensor['dtype'], data: ArrayBuffer): Tensor['data'] => {
  if (isNarrow(dtype)) return widened(dtype, new Uint16Array(data))
  const like = elements(dtype, 0)
  return like instanceof Int32Array
    ? new Int32Array(data)
    : like instanceof Uint32Array
      ? new Uint32Array(data)
      : like instanceof Uint8Array
        ? new Uint8Array(data)
        : new Float32Array(data)
}

const read =
  (open: Open) =>
  (buffer: Buffer): TE.TaskEither<Fault, Tensor> => {
    const fault = gone(open, [buffer])
    if (fault !== undefined) return TE.left(fault)
    return pipe(
      open.link.ask({ _tag: 'Read', buffer: buffer.id }),
      TE.map((answer) => ({
        dtype: buffer.dtype,
        shape: buffer.shape,
        data: typedArray(buffer.dtype, answer._tag === 'Data' ? answer.data : new ArrayBuffer())
      }))
    )
  }

const release =
  (open: Open) =>
  (buffers: Iterable<Buffer>): void => {
    const held = [...buffers].filter((buffer) => open.live.delete(buffer))
    if (held.length > 0) void open.link.ask({ _tag: 'Release', buffers: held.map(({ id }) => id) })()
  }

const dispose =
  (open: Open): Device['dispose'] =>
  () =>
  () =>
    open.link
      .ask({ _tag: 'Close' })()
      .then(async () => {
        open.live.clear()
        await open.link.terminate()
        return E.right(undefined)
      })

// interpretations ------------------------------------------------------------------------

const notInstalled = (why: string): boolean => /Cannot find (package|module) 'onnxruntime-node'/.test(why)

const openFault = (fault: Fault): Fault =>
  fault._tag === 'Device' && notInstalled(fault.why)
    ? deviceFault('onnxruntime-node is not installed; run: npm install --ignore-scripts onnxruntime-node@1.30.0')
    : fault

/** The device, once onnxruntime has loaded; where it is not installed, a fault that says how to install it. */
export const onnx = (options: Partial<OnnxOptions> = {}): TE.TaskEither<Fault, Device> => {
  const ids = { next: 0 } // local
  return pipe(
    TE.fromIO(link),
    TE.flatMap((to) =>
      pipe(
        to.ask({ _tag: 'Open' }),
        TE.bimap(openFault, (answer): Device => {
          const open: Open = {
            link: to,
            options: { ...defaults, ...options },
            fresh: () => ids.next++,
            live: new Set()
          }
          const version = answer._tag === 'Opened' ? answer.version : ''
          return {
            name: 'onnx',
            description: `onnxruntime ${version} on ${cpus()[0]?.model.trim() ?? 'the CPU'}, ${cores()} cores`,
            compile: compile(open),
            upload: upload(open),
            read: read(open),
            release: release(open),
            dispose: dispose(open)
          }
        })
      )
    )
  )
}

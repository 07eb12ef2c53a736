/**
 * The CPU as a device: a program becomes one ONNX file, run by onnxruntime in a worker thread. Buffers live in the
 * worker; only what is uploaded or read crosses.
 */
import { cpus } from 'node:os'
import { emit, type OnnxFile } from '../../compile/onnx/emit.ts'
import type { Program } from '../../compile/Program.ts'
import type { Fault, Faults } from '../../core/Fault.ts'
import { E, pipe, TE } from '../../core/fp.ts'
import { elements, stored, type Tensor } from '../../core/Tensor.ts'
import type { Type } from '../../core/Expr.ts'
import { bind } from '../bind.ts'
import type { Buffer, Device, Executable } from '../device.ts'
import { cores, deviceFault, link, type Link } from './link.ts'
import type { Optimization } from './protocol.ts'

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

/** Beyond this optimising takes superlinear time. */
const largeGraph = 5000

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

const run =
  (open: Open, id: number, program: Program, file: OnnxFile): Executable['run'] =>
  (inputs, donated = new Set()) =>
    pipe(
      bind(program, inputs),
      E.flatMap((bound) => pipe(gone(open, bound), (fault) => (fault === undefined ? E.right(bound) : E.left(fault)))),
      TE.fromEither,
      TE.flatMap((bound) => {
        const spent = file.inputs.flatMap(({ name }, i) => (donated.has(name) ? (bound[i] ?? []) : []))
        const outputs = file.outputs.map((port) => [port, bufferOf(open, port)] as const)
        return pipe(
          open.link.ask({
            _tag: 'Run',
            program: id,
            inputs: file.inputs.map(({ label }, i) => [label, bound[i]?.id ?? -1]),
            outputs: outputs.map(([{ label }, { id: buffer }]) => [label, buffer]),
            donated: spent.map((buffer) => buffer.id)
          }),
          TE.map(() => {
            spent.forEach((buffer) => open.live.delete(buffer))
            return new Map(outputs.map(([{ name }, buffer]) => [name, buffer]))
          })
        )
      })
    )

const compile =
  (open: Open) =>
  (program: Program): TE.TaskEither<Faults, Executable> => {
    const file = emit(program)
    const id = open.fresh()
    return pipe(
      open.link.ask({
        _tag: 'Compile',
        program: id,
        bytes: file.bytes,
        optimization: optimizationOf(open.options, file),
        threads: threadsOf(open.options)
      }),
      TE.bimap(
        (fault) => [fault],
        () => ({
          program,
          run: run(open, id, program, file),
          dispose: () => void open.link.ask({ _tag: 'Dispose', program: id })()
        })
      )
    )
  }

const upload =
  (open: Open) =>
  (value: Tensor): TE.TaskEither<Fault, Buffer> =>
  () => {
    const { dtype, shape } = value
    const data = stored(value).data.buffer as ArrayBuffer
    const buffer = bufferOf(open, value)
    const asked = open.link.ask({ _tag: 'Upload', buffer: buffer.id, dtype, shape, data }, [data])
    return TE.map(() => buffer)(asked)()
  }

const typedArray = (dtype: Tensor['dtype'], data: ArrayBuffer): Tensor['data'] => {
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

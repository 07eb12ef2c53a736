/**
 * The worker that runs onnxruntime: its `run` blocks the thread that calls it. Programs and buffers live here, requests
 * are answered in the order in which they come.
 */
import { parentPort } from 'node:worker_threads'
import type * as Onnx from 'onnxruntime-node'
import { idleCores } from './idle.ts'
import type { Answer, Answered, Asked, Binding, Optimization, Part, Request } from './protocol.ts'
import { asksForIdle, observe, tuning, type Tuning } from './threads.ts'

type Runtime = typeof Onnx
type RequestOf<Tag extends Request['_tag']> = Extract<Request, { readonly _tag: Tag }>

interface Loaded {
  readonly bytes: Uint8Array
  readonly optimization: Optimization
  /** By number of threads. */
  readonly sessions: Map<number, Onnx.InferenceSession>
  tuning: Tuning
}

/** A buffer: a whole tensor, or the part of one that begins at an element. */
interface Held {
  readonly tensor: Onnx.Tensor
  readonly from: number
  readonly size: number
}

interface State {
  runtime: Runtime | undefined
  readonly programs: Map<number, Loaded>
  readonly buffers: Map<number, Held>
  readonly idle: () => number | undefined
}

const done: Answer = { _tag: 'Done' }
const failed = (why: unknown): Answer => ({ _tag: 'Failed', why: why instanceof Error ? why.message : String(why) })
const missing = (what: string): Answer => failed(`${what} is not on this device`)

// sessions -------------------------------------------------------------------------------

const sessionOf = async (runtime: Runtime, program: Loaded, threads: number): Promise<Onnx.InferenceSession> => {
  const known = program.sessions.get(threads)
  if (known !== undefined) return known
  // Not `set_denormal_as_zero`: it would change the arithmetic of this whole process.
  const session = await runtime.InferenceSession.create(program.bytes, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: program.optimization,
    executionMode: 'sequential',
    logSeverityLevel: 4
  })
  program.sessions.set(threads, session)
  return session
}

/** Between trials only the session in use is kept. */
const tidy = async (program: Loaded): Promise<void> => {
  if (program.tuning.trial !== undefined) return
  for (const [threads, session] of program.sessions)
    if (threads !== program.tuning.threads) {
      program.sessions.delete(threads)
      await session.release()
    }
}

// requests -------------------------------------------------------------------------------

const open = async (state: State): Promise<Answer> => {
  const loaded = (await import('onnxruntime-node')) as Runtime & { readonly default?: Runtime }
  const runtime = loaded.default ?? loaded
  state.runtime = runtime
  runtime.env.logLevel = 'error'
  return { _tag: 'Opened', version: runtime.env.versions.node ?? runtime.env.versions.common }
}

const compile = async (state: State, request: RequestOf<'Compile'>): Promise<Answer> => {
  if (state.runtime === undefined) return missing('onnxruntime')
  const { bytes, optimization, threads } = request
  const program: Loaded = { bytes, optimization, sessions: new Map(), tuning: tuning(threads) }
  await sessionOf(state.runtime, program, program.tuning.threads)
  state.programs.set(request.program, program)
  return done
}

const upload = (state: State, { buffer, dtype, shape, data }: RequestOf<'Upload'>): Answer => {
  if (state.runtime === undefined) return missing('onnxruntime')
  const { Tensor } = state.runtime
  const made =
    dtype === 'i32'
      ? new Tensor('int32', new Int32Array(data), shape)
      : dtype === 'u32'
        ? new Tensor('uint32', new Uint32Array(data), shape)
        : dtype === 'bool'
          ? new Tensor('bool', new Uint8Array(data), shape)
          : dtype === 'f16'
            ? new Tensor('float16', new Uint16Array(data), shape)
            : dtype === 'bf16'
              ? new Tensor('uint16', new Uint16Array(data), shape)
              : new Tensor('float32', new Float32Array(data), shape)
  state.buffers.set(buffer, { tensor: made, from: 0, size: made.size })
  return done
}

const elementsOf = ({ tensor, from, size }: Held): Float32Array =>
  (tensor.data as Float32Array).subarray(from, from + size)

/** Whether buffers are all there is of one tensor, in its order: what a run gave comes back to the next as it is. */
const isWhole = (held: ReadonlyArray<Held>): boolean => {
  let end = 0
  for (const { tensor, from, size } of held) {
    if (tensor !== held[0]?.tensor || from !== end) return false
    end += size
  }
  return end === held[0]?.tensor.size
}

const joined = (runtime: Runtime, held: ReadonlyArray<Held>): Onnx.Tensor => {
  const data = new Float32Array(held.reduce((n, { size }) => n + size, 0))
  let at = 0
  for (const one of held) {
    data.set(elementsOf(one), at)
    at += one.size
  }
  return new runtime.Tensor('float32', data, [data.length])
}

const tensorOf = (runtime: Runtime, held: ReadonlyArray<Held>): Onnx.Tensor =>
  held[0] !== undefined && (held.length === 1 ? held[0].size === held[0].tensor.size : isWhole(held))
    ? held[0].tensor
    : joined(runtime, held)

const feedsOf = (
  state: State,
  runtime: Runtime,
  inputs: ReadonlyArray<Binding>
): Record<string, Onnx.Tensor> | undefined => {
  const feeds: Record<string, Onnx.Tensor> = {}
  for (const [label, parts] of inputs) {
    const held = parts.flatMap(({ buffer }) => state.buffers.get(buffer) ?? [])
    if (held.length !== parts.length) return undefined
    const tensor = tensorOf(runtime, held)
    const [only] = parts
    feeds[label] =
      parts.length === 1 && only !== undefined && String(tensor.dims) !== String(only.shape)
        ? tensor.reshape(only.shape)
        : tensor
  }
  return feeds
}

const sizeOf = (shape: Part['shape']): number => shape.reduce((n, d) => n * d, 1)

const hold = (state: State, parts: ReadonlyArray<Part>, tensor: Onnx.Tensor): void => {
  let from = 0
  for (const { buffer, shape } of parts) {
    const size = sizeOf(shape)
    state.buffers.set(buffer, { tensor, from, size })
    from += size
  }
}

/** Outputs are always fresh memory: one that is also an input would be overwritten while it is read. */
const run = async (state: State, { program: id, inputs, outputs, donated }: RequestOf<'Run'>): Promise<Answer> => {
  const program = state.programs.get(id)
  if (state.runtime === undefined || program === undefined) return missing('the program')
  const feeds = feedsOf(state, state.runtime, inputs)
  if (feeds === undefined) return missing('an input')
  const session = await sessionOf(state.runtime, program, program.tuning.threads)
  const start = performance.now()
  const results = await session.run(feeds)
  const elapsed = performance.now() - start
  program.tuning = observe(program.tuning, elapsed, asksForIdle(program.tuning) ? state.idle() : undefined)
  await tidy(program)
  for (const buffer of donated) state.buffers.delete(buffer)
  for (const [label, parts] of outputs) {
    const value = results[label]
    if (value !== undefined) hold(state, parts, value as Onnx.Tensor)
  }
  return done
}

const read = (state: State, buffer: number): Answer => {
  const held = state.buffers.get(buffer)
  if (held === undefined) return missing('the buffer')
  return { _tag: 'Data', data: elementsOf(held).slice().buffer as ArrayBuffer }
}

const dispose = async (state: State, id: number): Promise<Answer> => {
  const program = state.programs.get(id)
  state.programs.delete(id)
  for (const session of program?.sessions.values() ?? []) await session.release()
  return done
}

const close = async (state: State): Promise<Answer> => {
  for (const id of [...state.programs.keys()]) await dispose(state, id)
  state.buffers.clear()
  return done
}

const answer = (state: State, request: Request): Answer | Promise<Answer> => {
  switch (request._tag) {
    case 'Open':
      return open(state)
    case 'Compile':
      return compile(state, request)
    case 'Upload':
      return upload(state, request)
    case 'Run':
      return run(state, request)
    case 'Read':
      return read(state, request.buffer)
    case 'Release':
      request.buffers.forEach((buffer) => state.buffers.delete(buffer))
      return done
    case 'Dispose':
      return dispose(state, request.program)
    case 'Close':
      return close(state)
  }
}

const serve = (port: NonNullable<typeof parentPort>): void => {
  const state: State = { runtime: undefined, programs: new Map(), buffers: new Map(), idle: idleCores() }
  let queue: Promise<void> = Promise.resolve()
  const reply =
    ({ id, request }: Asked) =>
    async (): Promise<void> => {
      const given = await Promise.resolve()
        .then(() => answer(state, request))
        .catch(failed)
      const message: Answered = { id, answer: given }
      port.postMessage(message, given._tag === 'Data' ? [given.data] : [])
      if (request._tag === 'Close') port.close()
    }
  port.on('message', (asked: Asked) => {
    queue = queue.then(reply(asked))
  })
}

if (parentPort !== null) serve(parentPort)

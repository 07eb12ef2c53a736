/**
 * The worker that runs onnxruntime: its `run` blocks the thread that calls it. Programs and buffers live here, requests
 * are answered in the order in which they come.
 */
import { parentPort } from 'node:worker_threads'
import type * as Onnx from 'onnxruntime-node'
import type { Answer, Answered, Asked, Binding, Optimization, Request } from './protocol.ts'
import { observe, tuning, type Tuning } from './threads.ts'

type Runtime = typeof Onnx
type RequestOf<Tag extends Request['_tag']> = Extract<Request, { readonly _tag: Tag }>

interface Loaded {
  readonly bytes: Uint8Array
  readonly optimization: Optimization
  /** By number of threads. */
  readonly sessions: Map<number, Onnx.InferenceSession>
  tuning: Tuning
}

interface State {
  runtime: Runtime | undefined
  readonly programs: Map<number, Loaded>
  readonly buffers: Map<number, Onnx.Tensor>
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
          : new Tensor('float32', new Float32Array(data), shape)
  state.buffers.set(buffer, made)
  return done
}

const feedsOf = (state: State, inputs: ReadonlyArray<Binding>): Record<string, Onnx.Tensor> | undefined => {
  const found = inputs.map(([label, buffer]) => [label, state.buffers.get(buffer)] as const)
  return found.every((entry): entry is readonly [string, Onnx.Tensor] => entry[1] !== undefined)
    ? Object.fromEntries(found)
    : undefined
}

/** Outputs are always fresh memory: one that is also an input would be overwritten while it is read. */
const run = async (state: State, { program: id, inputs, outputs, donated }: RequestOf<'Run'>): Promise<Answer> => {
  const program = state.programs.get(id)
  const feeds = feedsOf(state, inputs)
  if (state.runtime === undefined || program === undefined) return missing('the program')
  if (feeds === undefined) return missing('an input')
  const session = await sessionOf(state.runtime, program, program.tuning.threads)
  const start = performance.now()
  const results = await session.run(feeds)
  program.tuning = observe(program.tuning, performance.now() - start)
  await tidy(program)
  for (const buffer of donated) state.buffers.delete(buffer)
  for (const [label, buffer] of outputs) {
    const value = results[label]
    if (value !== undefined) state.buffers.set(buffer, value as Onnx.Tensor)
  }
  return done
}

const read = (state: State, buffer: number): Answer => {
  const held = state.buffers.get(buffer)
  if (held === undefined) return missing('the buffer')
  const data = (held.data as Float32Array).slice()
  return { _tag: 'Data', data: data.buffer }
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
  const state: State = { runtime: undefined, programs: new Map(), buffers: new Map() }
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

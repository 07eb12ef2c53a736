/**
 * The main thread's end of the worker: a question is a `TaskEither`. While an answer is due the worker keeps the process
 * alive, else it does not.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Fault } from '../../core/Fault.ts'
import { E, type TE } from '../../core/fp.ts'
import type { Answer, Answered, Asked, Request } from './protocol.ts'

export interface Link {
  readonly ask: (request: Request, transfer?: ReadonlyArray<ArrayBuffer>) => TE.TaskEither<Fault, Answer>
  readonly terminate: () => Promise<void>
}

type Settle = (answer: E.Either<Fault, Answer>) => void

export const deviceFault = (why: string): Fault => ({ _tag: 'Device', device: 'onnx', why })

/** Cores this process may use, at most eight: beyond that the steps here are too small to share. */
export const cores = (): number => Math.max(1, Math.min(8, availableParallelism()))

/** The build is run as it is; sources go through tsx, which a worker does not inherit. */
const start = (): Worker => {
  const here = import.meta.url
  if (!here.endsWith('.ts')) return new Worker(new URL('./worker.js', here))
  const tsx = import.meta.resolve('tsx/esm/api')
  const entry = new URL('./worker.ts', here).href
  const boot = `import('${tsx}').then(({ register }) => (register(), import('${entry}')))`
  return new Worker(boot, { eval: true })
}

const settled = (answer: Answer): E.Either<Fault, Answer> =>
  answer._tag === 'Failed' ? E.left(deviceFault(answer.why)) : E.right(answer)

export const link = (): Link => {
  const worker = start()
  const due = new Map<number, Settle>()
  let next = 0
  let ended: Fault | undefined
  worker.unref()
  const settle = (id: number, answer: E.Either<Fault, Answer>): void => {
    const waiting = due.get(id)
    due.delete(id)
    if (due.size === 0) worker.unref()
    waiting?.(answer)
  }
  const end = (why: string): void => {
    ended ??= deviceFault(why)
    for (const id of [...due.keys()]) settle(id, E.left(ended))
  }
  worker.on('message', ({ id, answer }: Answered) => settle(id, settled(answer)))
  worker.on('error', (error) => end(error instanceof Error ? error.message : String(error)))
  worker.on('exit', () => end('the device was disposed'))
  return {
    ask:
      (request, transfer = []) =>
      () =>
        new Promise((resolve) => {
          if (ended !== undefined) return resolve(E.left(ended))
          const asked: Asked = { id: next++, request }
          due.set(asked.id, resolve)
          worker.ref()
          worker.postMessage(asked, transfer)
        }),
    terminate: async () => {
      await worker.terminate()
    }
  }
}

/**
 * A device can be lost at any time: its driver is reset, its card is unplugged, its memory runs out. Calls that are under
 * way then end with that fault instead of waiting for an answer that may never come, and so does every call after it.
 */
import type { Fault } from '../../core/Fault.ts'
import { E, type TE } from '../../core/fp.ts'
import { because, fault } from './gpu.ts'

export interface Lifeline {
  /** A call's own end, or the device's, whichever comes first. */
  readonly attempt: <A>(call: () => Promise<A>) => TE.TaskEither<Fault, A>
  /** `Left` once the device has ended. */
  readonly alive: () => E.Either<Fault, void>
  /** Ends it, for this reason; it keeps the first. */
  readonly end: (why: Fault) => void
}

type Loss = Pick<GPUDeviceLostInfo, 'message'>

const lossOf = ({ message }: Loss): Fault =>
  fault(
    `the device was lost${message === '' ? '' : ` (${message.replace(/[.\s]+$/, '')})`}; its buffers are gone: open a device again and go on from the last checkpoint, with smaller batches if its memory ran out`
  )

/** `lost` is the promise of a `GPUDevice`. */
export const lifeline = (lost: Promise<Loss>): Lifeline => {
  const due = new Set<(ended: E.Either<Fault, never>) => void>()
  let ended: E.Either<Fault, never> | undefined
  const end = (why: Fault): void => {
    ended ??= E.left(why)
    for (const settle of due) settle(ended)
    due.clear()
  }
  void lost.then((loss) => end(lossOf(loss)))
  const attempt =
    <A>(call: () => Promise<A>): TE.TaskEither<Fault, A> =>
    () =>
      new Promise((resolve) => {
        if (ended !== undefined) return resolve(ended)
        due.add(resolve)
        const settle = (result: E.Either<Fault, A>): void => {
          due.delete(resolve)
          resolve(result)
        }
        call().then(
          (value) => settle(E.right(value)),
          (error: unknown) => settle(E.left(because(error)))
        )
      })
  return { attempt, end, alive: () => ended ?? E.right(undefined) }
}

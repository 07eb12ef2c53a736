/**
 * Which driver in software: lavapipe where it is recent enough, which is faster, else SwiftShader. The adapters are
 * arguments, so that choosing depends on none of them.
 */
import { show, type Fault } from '../../core/Fault.ts'
import { E, pipe, TE } from '../../core/fp.ts'
import { fault } from './gpu.ts'

/** Lavapipe of an older Mesa computes wrongly, or is refused by Dawn. */
export const oldestMesa = 25

/** The version of Mesa that a driver says it is of, such as `llvmpipe: Mesa 25.0.7 (LLVM 15.0.6)`. */
export const mesaOf = ({ description }: Pick<GPUAdapterInfo, 'description'>): string | undefined =>
  /\bMesa (\d+(?:\.\d+)*)/.exec(description)?.[1]

/** An adapter of lavapipe, if its Mesa is recent enough. */
export const recent = <A extends { readonly info: Pick<GPUAdapterInfo, 'description'> }>(
  adapter: A
): E.Either<Fault, A> => {
  const version = mesaOf(adapter.info)
  return Number.parseInt(version ?? '', 10) >= oldestMesa
    ? E.right(adapter)
    : E.left(
        fault(
          `lavapipe is of ${version === undefined ? 'an unknown version' : `Mesa ${version}`}; install Mesa ${oldestMesa} or later`
        )
      )
}

/** An adapter, and why it is this one where there is something to say. */
export interface Found<A> {
  readonly adapter: A
  readonly note?: string
}

/** The first driver, else the second, with what was wrong with the first if that is worth telling. */
export const either = <A>(
  lavapipe: TE.TaskEither<Fault, A>,
  swiftshader: TE.TaskEither<Fault, A>,
  worthTelling: () => boolean
): TE.TaskEither<Fault, Found<A>> =>
  pipe(
    lavapipe,
    TE.map((adapter): Found<A> => ({ adapter })),
    TE.orElse((why) =>
      pipe(
        swiftshader,
        TE.map((adapter): Found<A> => (worthTelling() ? { adapter, note: `not lavapipe (${show(why)})` } : { adapter }))
      )
    )
  )

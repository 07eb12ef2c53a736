/** A measurement has nothing to do about a fault but to end with it. */
import { E, type TE } from '../src/core/fp.ts'

export const right = <A>(outcome: E.Either<unknown, A>): A => {
  if (E.isLeft(outcome)) throw new Error(JSON.stringify(outcome.left))
  return outcome.right
}

export const done = async <A>(task: TE.TaskEither<unknown, A>): Promise<A> => right(await task())

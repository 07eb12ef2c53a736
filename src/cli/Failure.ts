/** How a command ends when it cannot go on: one clear sentence each, and an exit code. Nothing already written is lost. */
import { show as showFault, type Fault, type Faults } from '../core/Fault.ts'
import { TE, type E } from '../core/fp.ts'
import { show as showConfig, type ConfigFaults } from '../io/ConfigFault.ts'
import { show as showIo, type IoFault } from '../io/IoFault.ts'

export interface Failure {
  readonly sentences: ReadonlyArray<string>
  readonly code: number
}

export type Result<A> = E.Either<Failure, A>
export type Task<A> = TE.TaskEither<Failure, A>

/** A fault of what the user asked for, or of the machine. */
export const failure = (...sentences: ReadonlyArray<string>): Failure => ({ sentences, code: 1 })

/** Stopped by the user, at a place from which the run resumes: the exit code that shells give to Ctrl-C. */
export const interrupted = (sentence: string): Failure => ({ sentences: [sentence], code: 130 })

export const ofFault = (fault: Fault): Failure => failure(showFault(fault))
export const ofFaults = (faults: Faults): Failure => failure(...faults.map(showFault))
export const ofIo = (fault: IoFault): Failure => failure(showIo(fault))
export const ofConfig = (faults: ConfigFaults): Failure => failure(...faults.map(showConfig))

/** Each layer's task, with its faults as sentences. */
export const device: <A>(task: TE.TaskEither<Fault, A>) => Task<A> = TE.mapLeft(ofFault)
export const graph: <A>(task: TE.TaskEither<Faults, A>) => Task<A> = TE.mapLeft(ofFaults)
export const io: <A>(task: TE.TaskEither<IoFault, A>) => Task<A> = TE.mapLeft(ofIo)

/** How mutants are made: something that obeys a suite, with one thing broken, and the law that must notice. */
import type { Laws, Mutant } from '../Laws.ts'

/** Mutants of an instance: `suite` of the instance with some of its fields replaced. */
export const mutantsOf =
  <A extends object>(suite: (instance: A) => Laws, instance: A) =>
  (name: string, brokenLaw: string, wrong: Partial<A>): Mutant => ({
    name,
    brokenLaw,
    laws: suite({ ...instance, ...wrong })
  })

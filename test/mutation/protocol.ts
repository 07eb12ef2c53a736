/** What the process that counts and the processes that judge say to each other. */
import type { Outcome, Rule } from './Mutant.ts'

/** All mutants of one rule of one subject (an operation, a function of WGSL), without those that are judged already. */
export interface Task {
  readonly op: string
  readonly rule: Rule
  readonly without: ReadonlyArray<string>
}

export type Said =
  | { readonly _tag: 'Ready' }
  | { readonly _tag: 'Trying'; readonly change: string }
  | { readonly _tag: 'Judged'; readonly change: string; readonly outcome: Outcome }
  /** `why` says what kept the rule from being judged, if something did. */
  | { readonly _tag: 'Done'; readonly why?: string }

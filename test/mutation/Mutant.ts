/** An operation with one thing broken in one of its rules, and what became of it before the laws. */
import type { Op } from '../../src/core/Op.ts'

/** What is broken. `kernel` is a function of WGSL that no operation writes: of a kernel's file, or of the prelude. */
export type Rule = 'vjp' | 'jvp' | 'batch' | 'typing' | 'onnx' | 'wgsl' | 'kernel'

export const rules: ReadonlyArray<Rule> = ['vjp', 'jvp', 'batch', 'typing', 'onnx', 'wgsl', 'kernel']

export interface Mutant {
  readonly op: Op
  readonly rule: Rule
  /** Where and how: `mul#2: operands 1 and 2 exchanged`. */
  readonly change: string
  /** The operation with that rule broken. */
  readonly broken: Op
}

/**
 * - `Caught`: a law fails.
 * - `Refused`: the mutant is no program (a node of wrong types, a text that does not compile): no law is needed.
 * - `Equivalent`: it computes the same as the rule. See Note [Equivalent] in `judge.ts`.
 * - `Survived`: it computes something else, and no law noticed.
 */
export type Outcome =
  | { readonly _tag: 'Caught'; readonly law: string }
  | { readonly _tag: 'Refused'; readonly why: string }
  | { readonly _tag: 'Equivalent' }
  | { readonly _tag: 'Survived' }

/** A mutant by names, and what became of it. */
export interface Judged {
  /** An operation, or a function of WGSL. */
  readonly op: string
  readonly rule: Rule
  readonly change: string
  readonly outcome: Outcome
}

/** Things at places that are told apart by what they are and how many of that kind came before. */
export const numbered = (kinds: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Map<string, number>() // local
  return kinds.map((kind) => {
    const nth = (seen.get(kind) ?? 0) + 1
    seen.set(kind, nth)
    return `${kind}#${nth}`
  })
}

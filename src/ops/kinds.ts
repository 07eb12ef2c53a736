/** Kinds of element types: what an operation is defined for, in words. */
import { isFloat, type DType } from '../core/DType.ts'
import type { Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'

/** A set of element types, and what a person calls it. */
export interface Accepted {
  readonly what: string
  readonly has: (dtype: DType) => boolean
}

export const floating: Accepted = { what: 'floats', has: isFloat }
export const signed: Accepted = { what: 'signed numbers', has: (dtype) => isFloat(dtype) || dtype === 'i32' }
export const numeric: Accepted = { what: 'numbers', has: (dtype) => dtype !== 'bool' }
export const logical: Accepted = { what: 'truth values', has: (dtype) => dtype === 'bool' }

/** What is wrong with an element type that is not of the kind. */
export const unaccepted = (op: string, { what, has }: Accepted, dtype: DType): Fault | undefined =>
  has(dtype) ? undefined : { _tag: 'WrongDType', op, expected: what, got: dtype }

/** A typing rule for results of one kind of element types only. */
export const giving =
  <I extends ReadonlyArray<Type>, P>(kind: Accepted, op: string, typing: (inputs: I, params: P) => Type | Fault) =>
  (inputs: I, params: P): Type | Fault => {
    const found = typing(inputs, params)
    return '_tag' in found ? found : (unaccepted(op, kind, found.dtype) ?? found)
  }

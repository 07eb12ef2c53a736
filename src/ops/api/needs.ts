/** Kinds of element types in types: the twin of `../kinds.ts`, with the same sentence. */
import type { DType, Float } from '../../core/DType.ts'

/** Element types that an operation may be for. */
export interface Kinds {
  readonly floats: Float
  readonly 'signed numbers': Float | 'i32'
  readonly numbers: Exclude<DType, 'bool'>
  readonly 'truth values': 'bool'
  readonly any: DType
}

/** A demand that nothing satisfies where the element type is known, and is not of the kind. */
export type Needs<Op extends string, Kind extends keyof Kinds, D extends DType> = D extends Kinds[Kind]
  ? unknown
  : `${Op}: needs ${Kind}, got ${D}`

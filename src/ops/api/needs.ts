/** Kinds of element types in types: the twin of `../kinds.ts`, with the same sentence. */
import type { DType, Float } from '../../core/DType.ts'
import type { Shape, ShapesDiffer, Together } from '../../core/Shape.ts'

/** Element types that an operation may be for. */
export interface Kinds {
  readonly floats: Float
  readonly 'signed numbers': Float | 'i32'
  readonly numbers: Exclude<DType, 'bool'>
  readonly 'truth values': 'bool'
}

/** A demand that nothing satisfies where the element type is known, and is not of the kind. */
export type Needs<Op extends string, Kind extends keyof Kinds, D extends DType> = D extends Kinds[Kind]
  ? unknown
  : `${Op}: needs ${Kind}, got ${D}`

/** The name of a kind. */
type Named<T extends DType> = {
  readonly [K in keyof Kinds]: [T, Kinds[K]] extends [Kinds[K], T] ? K : never
}[keyof Kinds]

/** A demand on a second operand: the kind of its element type, and shapes that fit together. */
export type Fits<Op extends string, T extends DType, D extends DType, A extends Shape, B extends Shape> = D extends T
  ? Together<A, B> extends Shape
    ? unknown
    : ShapesDiffer<Op, A, B>
  : `${Op}: needs ${Named<T>}, got ${D}`

/** A tensor as a mathematical object: element type, shape, elements in row-major order. What every target must agree with. */
import { isNarrow, type DType, type Narrow } from './DType.ts'
import type { Fault } from './Fault.ts'
import { formats, rounding } from './narrow.ts'
import { size, type Shape } from './Shape.ts'

export type Elements = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array

export interface Tensor {
  readonly dtype: DType
  readonly shape: Shape
  readonly data: Elements
}

// constructors ---------------------------------------------------------------------------

export const tensor = (dtype: DType, shape: Shape, data: Elements): Tensor => ({ dtype, shape, data })

/** An `f32` tensor of the given numbers. */
export const floats = (shape: Shape, values: ArrayLike<number>): Tensor =>
  tensor('f32', shape, Float64Array.from(values))

/** An array that holds the elements of `dtype` as a device stores them; `f16` and `bf16` widen to `f32`. */
export const elements = (dtype: DType, length: number): Elements => {
  switch (dtype) {
    case 'f32':
    case 'f16':
    case 'bf16':
      return new Float32Array(length)
    case 'i32':
      return new Int32Array(length)
    case 'u32':
      return new Uint32Array(length)
    case 'bool':
      return new Uint8Array(length)
  }
}

/** Fills a new tensor from a function of the linear index, in double precision. */
export const generate = (dtype: DType, shape: Shape, f: (i: number) => number): Tensor => {
  const data = new Float64Array(size(shape)) // local
  for (let i = 0; i < data.length; i++) data[i] = f(i)
  return tensor(dtype, shape, data)
}

/** Elements that are too few or too many for their shape, which every target would fill up in its own way. */
export const lengthFault = (op: string, { shape, data }: Tensor): Fault | undefined =>
  data.length === size(shape)
    ? undefined
    : { _tag: 'Invalid', op, why: `${data.length} elements do not fill [${shape}]` }

/** The element at a linear index; beyond the last there is none, which is `NaN`. */
export const elementAt = (data: Elements, i: number): number => data[i] ?? NaN

// combinators ----------------------------------------------------------------------------

export const map = (x: Tensor, f: (value: number, i: number) => number): Tensor =>
  generate(x.dtype, x.shape, (i) => f(x.data[i] ?? NaN, i))

/** The inner product of two tensors of equal shape. */
export const dot = (x: Tensor, y: Tensor): number => {
  let sum = 0
  for (let i = 0; i < x.data.length; i++) sum += elementAt(x.data, i) * elementAt(y.data, i)
  return sum
}

/** `a x + y`. */
export const axpy = (a: number, x: Tensor, y: Tensor): Tensor => map(y, (yi, i) => a * elementAt(x.data, i) + yi)

const nearest: Readonly<Record<Narrow, (x: number) => number>> = {
  f16: rounding(formats.f16),
  bf16: rounding(formats.bf16)
}

/** The number as an element type holds it: of narrow floats the nearest, of integers modulo 2³²; `f32` stays as it is. */
export const held = (dtype: DType, x: number): number =>
  isNarrow(dtype)
    ? nearest[dtype](x)
    : dtype === 'u32'
      ? x >>> 0
      : dtype === 'i32'
        ? x | 0
        : dtype === 'bool'
          ? Number(x !== 0)
          : x

/** The same elements as a device would store them: rounded to their type, wrapped to 32 bits. */
export const stored = (x: Tensor): Tensor => {
  const data = elements(x.dtype, x.data.length)
  if (isNarrow(x.dtype)) for (let i = 0; i < data.length; i++) data[i] = nearest[x.dtype](elementAt(x.data, i))
  else data.set(x.data)
  return tensor(x.dtype, x.shape, data)
}

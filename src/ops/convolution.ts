/** What a convolution is given, and whether its operands fit: what `convolve.ts` and its lowering have in common. */
import type { Operands } from '../core/Op.ts'
import type { Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { ofAxis, sizeAt, type Shape } from '../core/Shape.ts'
import { placesOf, type Windows } from './windows.ts'

// model ----------------------------------------------------------------------------------

/** One entry for each axis of space; `low` and `high` are zeros added before and after, negative ones cut. */
export type Convolve = {
  readonly stride: ReadonlyArray<number>
  readonly low: ReadonlyArray<number>
  readonly high: ReadonlyArray<number>
  readonly dilation: ReadonlyArray<number>
  readonly groups: number
}
/** The convolution whose adjoint this is, and the sizes of the space that it reads. */
export type Deconvolve = Convolve & { readonly space: ReadonlyArray<number> }
/** The convolution, and the box of its weights. */
export type Correlate = Convolve & { readonly box: ReadonlyArray<number> }

export interface Margins {
  readonly before: ReadonlyArray<number>
  readonly after: ReadonlyArray<number>
}

/** For steps of 1: zeros around the places, from which a convolution with the weights turned gives the space back. */
export const margins = (w: Shape, { low, dilation, space }: Deconvolve, places: Shape): Margins => {
  const before = low.map((n, i) => sizeAt(dilation, i) * (sizeAt(w, i + 2) - 1) - n)
  return { before, after: space.map((d, i) => d + ofAxis(low, i) - ofAxis(places, i)) }
}

export const plain = ({ dilation, groups }: Convolve, low: Shape, high: Shape): Convolve => ({
  stride: low.map(() => 1),
  low,
  high,
  dilation,
  groups
})

// typing ---------------------------------------------------------------------------------

export const windowsOf = (w: Shape, { stride, dilation }: Convolve): Windows => ({ box: w.slice(2), stride, dilation })

/** The space with the zeros around it. */
export const padded = (
  space: ReadonlyArray<number>,
  { low, high }: Pick<Convolve, 'low' | 'high'>
): ReadonlyArray<number> => space.map((d, i) => d + ofAxis(low, i) + ofAxis(high, i))

const sized = ({ stride, low, high, dilation }: Convolve, rank: number): boolean =>
  [stride, low, high, dilation].every((values) => values.length === rank) &&
  [...stride, ...dilation].every((step) => step >= 1)

const misfit = (op: string, x: Shape, w: Shape, { stride, low, high, dilation, groups }: Convolve): Fault => ({
  _tag: 'Invalid',
  op,
  why:
    `[${x}] and weights [${w}] do not fit with stride [${stride}], zeros [${low}] before and [${high}] after, ` +
    `dilation [${dilation}] and ${groups} ${groups === 1 ? 'group' : 'groups'}`
})

/** The sizes of the places, where everything but the channels fits. */
const placesFor = (space: ReadonlyArray<number>, w: Shape, params: Convolve): ReadonlyArray<number> | undefined => {
  const places = placesOf(padded(space, params), windowsOf(w, params))
  return w.length === space.length + 2 && sized(params, space.length) && places.every((n) => n >= 1)
    ? places
    : undefined
}

const pair = (op: string, [x, w]: Operands<2, Type>): Fault | undefined =>
  x.dtype !== w.dtype ? { _tag: 'DTypesDiffer', op, left: x.dtype, right: w.dtype } : undefined

export const convolveTyping = (inputs: Operands<2, Type>, params: Convolve): Type | Fault => {
  const fault = pair('convolve', inputs)
  const [x, w] = inputs
  if (fault !== undefined) return fault
  const [features = 0, perGroup = 0] = w.shape
  const places = placesFor(x.shape.slice(2), w.shape, params)
  return places !== undefined && x.shape[1] === perGroup * params.groups && features % params.groups === 0
    ? { dtype: x.dtype, shape: [ofAxis(x.shape, 0), features, ...places] }
    : misfit('convolve', x.shape, w.shape, params)
}

export const deconvolveTyping = (inputs: Operands<2, Type>, params: Deconvolve): Type | Fault => {
  const fault = pair('deconvolve', inputs)
  const [y, w] = inputs
  if (fault !== undefined) return fault
  const [features = 0, perGroup = 0] = w.shape
  const places = placesFor(params.space, w.shape, params)
  return places?.every((n, i) => n === y.shape[i + 2]) === true &&
    y.shape.length === w.shape.length &&
    y.shape[1] === features &&
    features % params.groups === 0
    ? { dtype: y.dtype, shape: [ofAxis(y.shape, 0), perGroup * params.groups, ...params.space] }
    : misfit('deconvolve', y.shape, w.shape, params)
}

export const correlateTyping = (inputs: Operands<2, Type>, params: Correlate): Type | Fault => {
  const fault = pair('correlate', inputs)
  const [x, y] = inputs
  if (fault !== undefined) return fault
  const [features = 0, perGroup = 0] = [y.shape[1], ofAxis(x.shape, 1) / params.groups]
  const w = [features, perGroup, ...params.box]
  const whole = Number.isInteger(perGroup) && features % params.groups === 0 && x.shape[0] === y.shape[0]
  return whole && placesFor(x.shape.slice(2), w, params)?.every((n, i) => n === y.shape[i + 2]) === true
    ? { dtype: x.dtype, shape: w }
    : misfit('correlate', x.shape, w, params)
}

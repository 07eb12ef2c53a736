/** Normalisations with what follows them: a learned gain and shift, or those that a condition modulates. */
import { add, mul, normalise, offset, rmsNormalise } from '../ops/api.ts'
import { ones, zeros, type Parameter, type Real } from './params.ts'

export interface Gain<A = Real> {
  readonly weight: A
}
export interface Affine<A = Real> extends Gain<A> {
  readonly bias: A
}

export const gainInit = (width: number): Gain<Parameter> => ({ weight: ones([width]) })
export const affineInit = (width: number): Affine<Parameter> => ({ weight: ones([width]), bias: zeros([width]) })

/** Unit mean square along the last axis, times a gain. */
export const rmsNorm =
  (epsilon: number) =>
  ({ weight }: Gain, x: Real): Real =>
    mul(rmsNormalise(epsilon)(x), weight)

/** Zero mean and unit variance along the last axis, times a gain, plus a shift. */
export const layerNorm =
  (epsilon: number) =>
  ({ weight, bias }: Affine, x: Real): Real =>
    add(mul(normalise(epsilon)(x), weight), bias)

/** `x (1 + scale) + shift`, with `scale` and `shift` `[batch, 1, width]`: the sum is taken before it spreads over tokens. */
export const modulate = (x: Real, shift: Real, scale: Real): Real => add(mul(x, offset(1)(scale)), shift)

/**
 * Times as networks see them: a number in `[0, 1]`, 1 is noise, with its sinusoidal features. A unit of time is 1000
 * units of phase, more than `f32` can tell apart, so that features are made on the host in double precision and enter a
 * program beside the time itself.
 *
 * Laws: `test/nn/time.test.ts`.   Source: `sinusoidal_embedding_1d` of Wan2.1: cosines first, then sines.
 */
import { input, literal } from '../core/Expr.ts'
import { floats, generate, type Tensor } from '../core/Tensor.ts'
import { broadcastTo, constant } from '../ops/api.ts'
import type { Real } from './params.ts'

/** `value` is `[batch]`, `features` is `[batch, frequencies]`. */
export interface Time<A = Real> {
  readonly value: A
  readonly features: A
}

/** Phase per unit of flow time. */
const unit = 1000

/** Radians of feature `k` per unit of flow time; both halves share the ladder `10000^(-k / half)`. */
const rate = (frequencies: number, k: number): number => {
  const half = frequencies / 2
  return unit * 10000 ** (-(k % half) / half)
}

/** `[batch, frequencies]`: `cos 1000 t ωₖ`, then `sin 1000 t ωₖ`, `ωₖ = 10000^(-2k / frequencies)`. */
export const timeFeatures = (values: Float64Array, frequencies: number): Tensor =>
  generate('f32', [values.length, frequencies], (i) => {
    const k = i % frequencies
    const angle = (values[Math.floor(i / frequencies)] ?? NaN) * rate(frequencies, k)
    return k < frequencies / 2 ? Math.cos(angle) : Math.sin(angle)
  })

/** `[batch, frequencies]`: the derivative of every feature by its time, what exact derivatives by time begin with. */
export const timeRates = (values: Float64Array, frequencies: number): Tensor =>
  generate('f32', [values.length, frequencies], (i) => {
    const k = i % frequencies
    const omega = rate(frequencies, k)
    const angle = (values[Math.floor(i / frequencies)] ?? NaN) * omega
    return k < frequencies / 2 ? -omega * Math.sin(angle) : omega * Math.cos(angle)
  })

/** Times of a batch, ready to be given to a program. */
export const times = (values: Float64Array, frequencies: number): Time<Tensor> => ({
  value: floats([values.length], values),
  features: timeFeatures(values, frequencies)
})

/** Times that a program takes as its inputs `name.value` and `name.features`. */
export const timeInputs = (name: string, batch: number, frequencies: number): Time => ({
  value: input(`${name}.value`, 'f32', [batch]),
  features: input(`${name}.features`, 'f32', [batch, frequencies])
})

/** One time for a whole batch, as part of a program. */
export const constantTime =
  (batch: number, frequencies: number) =>
  (t: number): Time => ({
    value: broadcastTo([batch])(constant([1], [t])),
    features: broadcastTo([batch, frequencies])(literal(timeFeatures(Float64Array.of(t), frequencies)) as Real)
  })

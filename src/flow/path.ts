/**
 * The straight path from data to noise, `x_t = (1 − t) x + t ε`, and what can be predicted on it. Data, noise, velocity
 * and score at a known `x_t` and `t` determine one another: any one names the two ends of the line through `x_t`.
 *
 * Glossary, for all of `flow/` and `tmd/`: `x` data, `noise` ε, `t` in `[0, 1]`, 1 is noise; `v = ε − x = dx_t/dt`.
 * Laws: identities 8–12.   Source: spec 2.1.
 */
import type { Expr } from '../core/Expr.ts'
import { add, neg, offset, scale, sqrt, square, sub } from '../ops/api.ts'
import { advance, blend, complement, divide, retreat, weigh, type PerSample } from '../ops/perSample.ts'

// path -----------------------------------------------------------------------------------

/** `(1 − t) x + t ε`. */
export const interpolate = (x: Expr<'f32'>, noise: Expr<'f32'>, t: PerSample): Expr<'f32'> => blend(t, noise, x)

/** `ε − x`, the velocity of the path whose ends are known. */
export const velocity = (x: Expr<'f32'>, noise: Expr<'f32'>): Expr<'f32'> => sub(noise, x)

// predictions ----------------------------------------------------------------------------

export type Prediction = 'data' | 'noise' | 'velocity' | 'score'

/** Where a prediction is made. */
export interface Place {
  readonly xt: Expr<'f32'>
  readonly t: PerSample
}

/** The two ends of the line through `x_t`. */
interface Ends {
  readonly data: Expr<'f32'>
  readonly noise: Expr<'f32'>
}

const endsOf: Readonly<Record<Prediction, (place: Place, prediction: Expr<'f32'>) => Ends>> = {
  data: ({ xt, t }, x) => ({ data: x, noise: divide(t)(retreat(xt, complement(t), x)) }),
  noise: ({ xt, t }, noise) => ({ data: divide(complement(t))(retreat(xt, t, noise)), noise }),
  velocity: ({ xt, t }, v) => ({ data: retreat(xt, t, v), noise: advance(xt, complement(t), v) }),
  score: (place, score) => endsOf.noise(place, neg(weigh(place.t)(score)))
}

const readOf: Readonly<Record<Prediction, (ends: Ends, t: PerSample) => Expr<'f32'>>> = {
  data: ({ data }) => data,
  noise: ({ noise }) => noise,
  velocity: ({ data, noise }) => sub(noise, data),
  score: ({ noise }, t) => neg(divide(t)(noise))
}

/** Another reading of a prediction at the same place. From a velocity, nothing is divided (but for the score, by `t`). */
export const convert =
  (from: Prediction, to: Prediction) =>
  (place: Place) =>
  (prediction: Expr<'f32'>): Expr<'f32'> =>
    from === to ? prediction : readOf[to](endsOf[from](place, prediction), place.t)

/** `x_t − t v`, the data that a velocity points at (Eq. 17). */
export const toData = (xt: Expr<'f32'>, v: Expr<'f32'>, t: PerSample): Expr<'f32'> => retreat(xt, t, v)

/** `(x_t − x)/t`. */
export const fromData = (xt: Expr<'f32'>, x: Expr<'f32'>, t: PerSample): Expr<'f32'> => divide(t)(sub(xt, x))

// other coordinates ----------------------------------------------------------------------

/** `σ = t/(1 − t)` of the variance-exploding path, and back. */
export const sigmaOf = (t: number): number => t / (1 - t)
export const timeOfSigma = (sigma: number): number => sigma / (1 + sigma)
/** `x + σ ε` from `x_t`. */
export const toEdm = ({ xt, t }: Place): Expr<'f32'> => divide(complement(t))(xt)

/** `θ` of the path `cos θ x + sin θ ε`, and the factor `1/(cos θ + sin θ)` that takes it to the straight one. */
export const angleOf = (t: number): number => Math.atan2(t, 1 - t)
export const trigInputScale = (t: number): number => Math.hypot(t, 1 - t)

const length = (t: Expr<'f32'>): Expr<'f32'> => sqrt(add(square(t), square(offset(1)(neg(t)))))
const lengthOf = (t: PerSample): PerSample => (typeof t === 'number' ? Math.hypot(t, 1 - t) : length(t))

/** `cos θ x + sin θ ε` from `x_t`. */
export const toTrig = ({ xt, t }: Place): Expr<'f32'> => divide(lengthOf(t))(xt)

/** `cos θ ε − sin θ x`, the velocity of the circular path, from a velocity of the straight one. */
export const toTrigVelocity = (place: Place, v: Expr<'f32'>): Expr<'f32'> => {
  const { data, noise } = endsOf.velocity(place, v)
  return divide(lengthOf(place.t))(retreat(weigh(complement(place.t))(noise), place.t, data))
}

// guidance -------------------------------------------------------------------------------

/** `negative + ω (positive − negative)`: 1 is no guidance. Commutes with `convert` (identity 12). */
export const guide = (omega: number, positive: Expr<'f32'>, negative: Expr<'f32'>): Expr<'f32'> =>
  omega === 1 ? positive : add(negative, scale(omega)(sub(positive, negative)))

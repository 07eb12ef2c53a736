/**
 * Solvers of `dx/dt = v(x, t)`. A velocity is a function of graphs, and a time is whatever that function understands:
 * solvers walk a grid of numbers and ask `time` for each. Integration goes from the grid's last entry down to 0.
 */
import type { Expr } from '../core/Expr.ts'
import { add, scale, sub } from '../ops/api.ts'
import { advance, retreat, type PerSample } from '../ops/perSample.ts'
import { guide } from './path.ts'
import { descent, type Grid, type GridStep } from './schedule.ts'

/** A velocity model with its parameters and condition filled in. */
export type Velocity<T> = (x: Expr<'f32'>, time: T) => Expr<'f32'>

/** A static grid, and how a number becomes a time that the model understands. */
export interface Walk<T> {
  readonly grid: Grid
  readonly time: (t: number) => T
}

/** `x − dt v`: one step of length `dt` towards data. For grids that are walked outside of the graph. */
export const eulerStep = (x: Expr<'f32'>, v: Expr<'f32'>, dt: PerSample): Expr<'f32'> => retreat(x, dt, v)

/** The second half of Heun's step: the mean of the velocities at both ends. */
export const heunStep = (
  x: Expr<'f32'>,
  { from, to }: { readonly from: Expr<'f32'>; readonly to: Expr<'f32'> },
  dt: PerSample
): Expr<'f32'> => retreat(x, dt, scale(0.5)(add(from, to)))

/** Every state on the way, the given one first. */
const walk =
  (step: (x: Expr<'f32'>, interval: GridStep) => Expr<'f32'>) =>
  (grid: Grid) =>
  (x: Expr<'f32'>): ReadonlyArray<Expr<'f32'>> =>
    descent(grid).reduce<ReadonlyArray<Expr<'f32'>>>((xs, interval) => [...xs, step(xs.at(-1) ?? x, interval)], [x])

const last =
  (f: (x: Expr<'f32'>) => ReadonlyArray<Expr<'f32'>>) =>
  (x: Expr<'f32'>): Expr<'f32'> =>
    f(x).at(-1) ?? x

/** Euler's method, all states: from `x` at the grid's last time down to 0. */
export const eulerPath =
  <T>({ grid, time }: Walk<T>) =>
  (velocity: Velocity<T>): ((x: Expr<'f32'>) => ReadonlyArray<Expr<'f32'>>) =>
    walk((x, { from, to }) => eulerStep(x, velocity(x, time(from)), from - to))(grid)

export const euler =
  <T>(options: Walk<T>) =>
  (velocity: Velocity<T>): ((x: Expr<'f32'>) => Expr<'f32'>) =>
    last(eulerPath(options)(velocity))

/** Heun's method; the last step, to time 0, is Euler's, since a model is not asked there. */
export const heun =
  <T>({ grid, time }: Walk<T>) =>
  (velocity: Velocity<T>): ((x: Expr<'f32'>) => Expr<'f32'>) =>
    last(
      walk((x, { from, to }) => {
        const v = velocity(x, time(from))
        const ahead = eulerStep(x, v, from - to)
        return to === 0 ? ahead : heunStep(x, { from: v, to: velocity(ahead, time(to)) }, from - to)
      })(grid)
    )

/** The classical method of order four in `steps` equal steps, for velocities of smooth closed forms: from `s` to `r`. */
export const rungeKutta =
  (steps: number) =>
  (velocity: (x: Expr<'f32'>, t: Expr<'f32'>) => Expr<'f32'>) =>
  (x: Expr<'f32'>, s: Expr<'f32'>, r: Expr<'f32'>): Expr<'f32'> => {
    const h = scale(1 / steps)(sub(r, s))
    const half = scale(0.5)(h)
    const at = (i: number): Expr<'f32'> => advance(s, i, h)
    return Array.from({ length: steps }, (_, i) => i).reduce((y, i) => {
      const k1 = velocity(y, at(i))
      const k2 = velocity(advance(y, half, k1), at(i + 0.5))
      const k3 = velocity(advance(y, half, k2), at(i + 0.5))
      const k4 = velocity(advance(y, h, k3), at(i + 1))
      return advance(y, h, scale(1 / 6)(add(add(k1, scale(2)(k2)), add(scale(2)(k3), k4))))
    }, x)
  }

/** Classifier-free guidance as a velocity: `negative + ω (positive − negative)`. */
export const guided =
  (omega: number) =>
  <T>(positive: Velocity<T>, negative: Velocity<T>): Velocity<T> =>
  (x, time) =>
    omega === 1 ? positive(x, time) : guide(omega, positive(x, time), negative(x, time))

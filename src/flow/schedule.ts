/**
 * Times, on the host, in double precision. A time lies in `[0, 1]`: 0 is data, 1 is noise. A shift moves times towards
 * noise; a grid is an ascending list of times from 0 to `latest`.
 *
 * Laws: identities 1–7.   Source: arXiv 2601.09881 §4 and App. A.2; spec 2.2, 2.3.
 */
import { integers, uniform, type Key } from '../core/Key.ts'
import { range } from '../core/Shape.ts'

/** The latest time that is used: at 1 itself nothing of the data is left. */
export const latest = 0.999
/** The earliest time that is drawn. */
export const earliest = 0.001

// shift ----------------------------------------------------------------------------------

/** `γ t / ((γ − 1) t + 1)`: divides the odds `(1 − t) / t` by `γ > 0`. Shifts compose: `γ` is multiplicative. */
export const shift =
  (gamma: number) =>
  (t: number): number =>
    (gamma * t) / ((gamma - 1) * t + 1)

/** The inverse of `shift`, which is the shift by `1/γ`. */
export const unshift =
  (gamma: number) =>
  (t: number): number =>
    t / (gamma - (gamma - 1) * t)

/** `γ / (1 + (γ − 1) t)²`. */
export const shiftDerivative =
  (gamma: number) =>
  (t: number): number =>
    gamma / (1 + (gamma - 1) * t) ** 2

/** The mean of a shifted uniform time: `γ/(γ−1) − γ ln γ/(γ−1)²`, and ½ at `γ = 1`. */
export const shiftMean = (gamma: number): number =>
  gamma === 1 ? 0.5 : gamma / (gamma - 1) - (gamma * Math.log(gamma)) / (gamma - 1) ** 2

// grids ----------------------------------------------------------------------------------

/**
 * - `floor`: `⌊1000 shift(.999 i/n)⌋ / 1000`, the lists that FastGen ships
 * - `plain`: `shift(i/n)`, whose last entry is replaced by `latest`
 * - `linspace`: `.999 i/n`, without a shift
 */
export type GridRule = 'floor' | 'plain' | 'linspace'

export interface GridOptions {
  readonly steps: number
  readonly gamma: number
  readonly rule: GridRule
}

/** An ascending list of times from 0. */
export type Grid = ReadonlyArray<number>

// The order of operations matters: at γ = 1 the floor rule meets exact integers.
const gridTimes: Readonly<Record<GridRule, (i: number, options: GridOptions) => number>> = {
  floor: (i, { steps, gamma }) => Math.floor(1000 * shift(gamma)((latest * i) / steps)) / 1000,
  plain: (i, { steps, gamma }) => (i === steps ? latest : shift(gamma)(i / steps)),
  linspace: (i, { steps }) => (latest * i) / steps
}

/**
 * `steps + 1` times, ascending from 0.
 *
 * Laws: identities 6 and 7.
 * @example grid({ steps: 4, gamma: 5, rule: 'floor' }) // => [0, 0.624, 0.833, 0.937, 0.999]
 */
export const grid = (options: GridOptions): Grid =>
  range(options.steps + 1).map((i) => gridTimes[options.rule](i, options))

/** A step of a grid, from `from` down to `to`. */
export interface GridStep {
  readonly from: number
  readonly to: number
}

/** The steps of a grid from noise to data. */
export const descent = (times: Grid): ReadonlyArray<GridStep> =>
  range(times.length - 1)
    .map((i) => ({ from: times[i + 1] ?? 0, to: times[i] ?? 0 }))
    .reverse()

/** Whether a time that lies on the grid is its own neighbour below (`atMost`, as printed) or not (`below`). */
export type NeighbourRule = 'atMost' | 'below'

/** The index of the latest grid time that is at most (or below) `s`; 0 where there is none. */
export const chooseIndex =
  (times: Grid, rule: NeighbourRule) =>
  (s: number): number =>
    Math.max(0, times.filter((time) => (rule === 'atMost' ? time <= s : time < s)).length - 1)

/** The grid time that a flow map from `s` leads to. Source: App. A.2; `below` also trains the pairs used in sampling. */
export const chooseR =
  (times: Grid, rule: NeighbourRule) =>
  (s: number): number =>
    times[chooseIndex(times, rule)(s)] ?? 0

// draws ----------------------------------------------------------------------------------

/** Times drawn uniformly from `[min, max]`, shifted by `gamma`, and held in `[min, max]`. */
export interface TimeLaw {
  readonly gamma: number
  readonly min: number
  readonly max: number
}

/** The law with the range that the method uses everywhere. */
export const shifted = (gamma: number): TimeLaw => ({ gamma, min: earliest, max: latest })

/** The time that a uniform number in `[0, 1)` stands for, before and after it is held in the range. */
export const unclampedTime =
  ({ gamma, min, max }: TimeLaw) =>
  (u: number): number =>
    shift(gamma)(min + (max - min) * u)
export const drawnTime =
  (law: TimeLaw) =>
  (u: number): number =>
    Math.min(law.max, Math.max(law.min, unclampedTime(law)(u)))

/** The probability that the upper end of the range is drawn. */
export const pointMass = ({ gamma, min, max }: TimeLaw): number =>
  Math.min(1, Math.max(0, (max - Math.max(min, unshift(gamma)(max))) / (max - min)))

/** `n` times from a law. */
export const sampleTimes =
  (law: TimeLaw) =>
  (key: Key, n: number): Float64Array =>
    uniform(key, n).map(drawnTime(law))

/** `n` times from the grid, each entry but 0 equally likely. */
export const sampleGrid =
  (times: Grid) =>
  (key: Key, n: number): Float64Array =>
    Float64Array.from(integers(key, n, times.length - 1), (i) => times[i + 1] ?? 0)

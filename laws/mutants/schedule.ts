/** Schedules, shifts and grids with one thing wrong. */
import { f64 } from '../../src/measure/Close.ts'
import type { Mutant } from '../Laws.ts'
import { grids, publishedGrids, schedule, shifts, type Grid, type Schedule, type Shift } from '../schedule.ts'

const shift: Shift = (gamma) => (t) => (gamma * t) / ((gamma - 1) * t + 1)

const grid: Grid = (gamma, steps) =>
  Array.from({ length: steps + 1 }, (_, i) => (i === steps ? 0.999 : shift(gamma)((0.999 * i) / steps)))

const ofSchedule = (name: string, brokenLaw: string, wrong: Schedule): Mutant => ({
  name,
  brokenLaw,
  laws: schedule(wrong, f64)
})
const ofShift = (name: string, brokenLaw: string, wrong: Shift): Mutant => ({
  name,
  brokenLaw,
  laws: shifts(wrong, f64)
})
const ofGrid = (name: string, brokenLaw: string, wrong: Grid): Mutant => ({
  name,
  brokenLaw,
  laws: grids(wrong, 0.999, f64)
})

export const scheduleMutants: ReadonlyArray<Mutant> = [
  ofSchedule('a schedule that stops short', 'begins at 0 and ends at 1', (t) => 0.999 * t),
  ofSchedule('a schedule that overshoots', 'stays between 0 and 1', (t) => t + 2 * t * (1 - t)),
  ofSchedule('a schedule with a plateau', 'is strictly increasing', (t) => Math.max(0, 2 * t - 1))
]

export const shiftsMutants: ReadonlyArray<Mutant> = [
  ofShift('a shift scaled to 1000 steps', 'begins at 0 and ends at 1', (gamma) => (t) => shift(gamma)(0.999 * t)),
  ofShift('a shift that runs backward', 'is strictly increasing', (gamma) => (t) => shift(gamma)(1 - t)),
  ofShift('a power in place of a shift', 'adds ln γ to the log odds', (gamma) => (t) => t ** (1 / gamma)),
  ofShift('a power in place of a shift', 'has the slope γ / (1 + (γ − 1)t)²', (gamma) => (t) => t ** (1 / gamma)),
  ofShift('a shift by the logarithm', 'shifts compose by multiplication', (gamma) => shift(1 + Math.log(1 + gamma))),
  ofShift('a shift by the logarithm', 'the inverse shifts by 1/γ', (gamma) => shift(1 + Math.log(1 + gamma))),
  ofShift('a shift by one more', 'shift by 1 is the identity', (gamma) => shift(gamma + 1)),
  ofShift('a power in place of a shift', 'reversing time inverts the shift', (gamma) => (t) => t ** (1 / gamma)),
  ofShift('a shift toward data', 'moves times toward noise for γ ≥ 1, the more the larger γ', (gamma) =>
    shift(1 / gamma)
  ),
  ofShift('a shift by the square', 'has the mean γ/(γ − 1) − γ ln γ/(γ − 1)²', (gamma) => shift(gamma * gamma))
]

export const gridsMutants: ReadonlyArray<Mutant> = [
  ofGrid('a grid without its last time', 'has one time more than steps', (gamma, n) => grid(gamma, n).slice(0, -1)),
  ofGrid('a grid that ends at 1', 'begins at 0 and ends at the last time', (gamma, n) =>
    grid(gamma, n).map((t) => t / 0.999)
  ),
  ofGrid('a grid that descends', 'is strictly increasing', (gamma, n) => [...grid(gamma, n)].reverse()),
  ofGrid('a grid from the earliest time', 'its steps add up to the last time', (gamma, n) => [
    0.001,
    ...grid(gamma, n).slice(1)
  ])
]

export const publishedGridsMutants: ReadonlyArray<Mutant> = [
  { name: 'a grid that is not rounded', brokenLaw: 'gives the published lists', laws: publishedGrids(grid) }
]

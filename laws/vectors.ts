/** Arithmetic of plain vectors, element by element: what laws compute their expectations with. */
import type { Vector } from './Laws.ts'

export const zip = (a: Vector, b: Vector, f: (x: number, y: number) => number): Vector =>
  a.map((x, i) => f(x, b[i] ?? NaN))

export const plus = (a: Vector, b: Vector): Vector => zip(a, b, (x, y) => x + y)
export const minus = (a: Vector, b: Vector): Vector => zip(a, b, (x, y) => x - y)
export const times = (k: number, a: Vector): Vector => a.map((x) => k * x)

/** `a + k (b − a)`. */
export const toward = (a: Vector, b: Vector, k: number): Vector => zip(a, b, (x, y) => x + k * (y - x))

/** `y + distance · direction`. */
export const along = (y: Vector, direction: Vector, distance: number): Vector =>
  zip(y, direction, (a, b) => a + distance * b)

export const total = (xs: Vector): number => xs.reduce((sum, x) => sum + x, 0)
export const mean = (xs: Vector): number => total(xs) / xs.length

/** The sum of the squared differences. */
export const squared = (a: Vector, b: Vector): number => total(zip(a, b, (x, y) => (x - y) ** 2))

/** The largest magnitude. */
export const largest = (xs: Vector): number => xs.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

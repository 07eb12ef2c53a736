/** Paths from data to noise, times, flow maps, solvers; closed forms under `gaussian`, whose names are those of `path`. */
export * from './flow/bias.ts'
export * from './flow/curvature.ts'
export * from './flow/flowMap.ts'
export * from './flow/path.ts'
export * from './flow/schedule.ts'
export * from './flow/solver.ts'
export * as gaussian from './flow/gaussian.ts'

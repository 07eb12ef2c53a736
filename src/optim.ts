/** Optimisers, averages, clipping and learning rates, over trees of parameters. */
export * from './optim/adamw.ts'
export * from './optim/clip.ts'
export * from './optim/ema.ts'
export * from './optim/learner.ts'
export * from './optim/schedule.ts'

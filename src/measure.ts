/** Measures of samples: distances between distributions, scores, intervals. */
export * from './measure/bootstrap.ts'
export * from './measure/classifier.ts'
export * from './measure/dynamics.ts'
export * from './measure/frechet.ts'
export * from './measure/linearAlgebra.ts'
export * from './measure/score.ts'
export * from './measure/vbench.ts'

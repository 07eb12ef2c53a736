/** Every law's mutants. */
export { derivativeMutants } from './derivative.ts'
export { flowMapMutants } from './flowMap.ts'
export { codecMutants, compositeMutants, passMutants, targetMutants } from './graph.ts'
export { guidanceMutants, interpolantMutants, straightPath } from './interpolant.ts'
export { keyMutants } from './key.ts'
export {
  adaptiveError,
  adaptiveMutants,
  adversarialMutants,
  matchingMutants,
  nonSaturating,
  normalisedDifference,
  regressionMutants,
  squaredError
} from './loss.ts'
export { mutantsOf } from './mutant.ts'
export { movingAverageMutants, optimiserMutants } from './optimiser.ts'
export { samplerMutants } from './sampler.ts'
export { gridMutants, publishedGridMutants, scheduleMutants, shiftMutants } from './schedule.ts'
export { shapeMutants } from './shape.ts'
export { treeMutants } from './tree.ts'

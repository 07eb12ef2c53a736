/** Every law's mutants. */
export { compositionMutants } from './composition.ts'
export { derivativeMutants } from './derivative.ts'
export { flowMapMutants } from './flowMap.ts'
export { clusteringMutants, fusionMutants } from './fusion.ts'
export { codecMutants, compositeMutants, passMutants, targetMutants } from './graph.ts'
export { indexArithmeticMutants } from './indexArithmetic.ts'
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
export { scanMutants } from './scan.ts'
export { gridsMutants, publishedGridsMutants, scheduleMutants, shiftsMutants } from './schedule.ts'
export { broadcastingMutants } from './shape.ts'
export { treeMutants } from './tree.ts'

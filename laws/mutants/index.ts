/** Every law's mutants. */
export { compositionMutants } from './composition.ts'
export { derivativeMutants, wrongProducts, type WrongOperation } from './derivative.ts'
export { flowMapErrors, flowMapMutants, type FlowMapError } from './flowMap.ts'
export { clusteringMutants, fusionMutants } from './fusion.ts'
export {
  codecMutants,
  compositeMutants,
  offByAThousandth,
  passMutants,
  targetMutants,
  wrongComposites
} from './graph.ts'
export { indexArithmeticMutants } from './indexArithmetic.ts'
export { closedFormMutants, distillationDirectionMutants, mixtureFormMutants } from './gaussian.ts'
export { coordinatesMutants, guidanceMutants, interpolantMutants, scoresMutants, straightPath } from './interpolant.ts'
export { keyMutants } from './key.ts'
export {
  adaptiveError,
  adaptiveMutants,
  adversarialMutants,
  distillationMutants,
  lossMutants,
  matchingMutants,
  nonSaturating,
  normalisedDifference,
  printedMatchingMutants,
  spacesMutants,
  squaredError
} from './loss.ts'
export {
  costMutants,
  curvatureMutants,
  differenceMutants,
  innerFlowMutants,
  meanFlowMutants,
  printedFormMutants,
  transitionMutants
} from './method.ts'
export { layerMutants, linearLayer } from './layer.ts'
export { mutantsOf } from './mutant.ts'
export { operationMutants } from './operation.ts'
export { accumulationMutants, movingAverageMutants, optimiserMutants, powerLawMutants } from './optimiser.ts'
export { plannerMutants, planMutants } from './plan.ts'
export { graphDerivativeMutants, graphTextMutants, onDeviceMutants } from './random.ts'
export { roundingMutants } from './rounding.ts'
export { samplerMutants } from './sampler.ts'
export { scanMutants } from './scan.ts'
export { gridsMutants, publishedGridsMutants, scheduleMutants, shiftsMutants } from './schedule.ts'
export { broadcastingMutants } from './shape.ts'
export { treeMutants } from './tree.ts'

/**
 * Laws for your own operations, passes, schedules, flow maps, optimisers and losses. Each suite is a function from an
 * instance to named properties: run them with any runner (`fc.assert(law)`), or list what is broken with `broken`.
 */
export * from './Laws.ts'
export { codec, type Codec } from './codec.ts'
export { composite } from './composite.ts'
export {
  composition,
  graphCases,
  isSmooth,
  operationCases,
  transformations,
  type Case,
  type Transformations
} from './composition.ts'
export { derivative } from './derivative.ts'
export { between, directions, operands, vector } from './draw.ts'
export { cost, type Cost, type SamplerCost } from './cost.ts'
export { curvature, type Curvature } from './curvature.ts'
export { difference, type Along, type Difference, type GaussianAverage, type Sides } from './difference.ts'
export { flowMap, gaussianFlow, type FlowMap } from './flowMap.ts'
export { clustering, fusion, type Clustered, type Clustering, type Fusion, type Roots } from './fusion.ts'
export {
  closedForm,
  distillationDirection,
  mixtureForm,
  type ClosedForm,
  type Component,
  type MixtureForm,
  type MixtureLaw,
  type Normal,
  type Pull
} from './gaussian.ts'
export { allOps, continuousOps, graphs, type Graph, type Options } from './graph.ts'
export { graphDerivative, withDerivatives } from './graphDerivative.ts'
export { graphText, read, write, type Given, type GraphText } from './graphText.ts'
export { indexArithmetic, type IndexArithmetic } from './indexArithmetic.ts'
export {
  innerFlow,
  printedForm,
  type HeadStep,
  type InnerFlow,
  type InnerForm,
  type InnerHead,
  type PrintedForm
} from './innerFlow.ts'
export {
  coordinates,
  guidance,
  interpolant,
  scores,
  type Coordinates,
  type Guidance,
  type Path,
  type Scores
} from './interpolant.ts'
export { key, type Generator } from './key.ts'
export { layer, type Layer } from './layer.ts'
export { lift } from './lift.ts'
export {
  adaptive,
  adversarial,
  distillation,
  loss,
  matching,
  printedMatching,
  spaces,
  type Adaptive,
  type Adversarial,
  type Distillation,
  type DistillationGradient,
  type Loss,
  type Matching,
  type Spaces
} from './loss.ts'
export { meanFlow, type MeanFlow, type MeanFlowCase, type MeanFlowParts } from './meanFlow.ts'
export {
  accumulation,
  movingAverage,
  optimiser,
  powerLaw,
  type BatchGradient,
  type KeptShare,
  type MovingAverage,
  type Optimiser
} from './optimiser.ts'
export { onDevice } from './onDevice.ts'
export { operation, operationGraphs, type OperationOptions } from './operation.ts'
export { pass, target, targetOf, type Pass, type Target } from './pass.ts'
export {
  plan,
  planner,
  type Layout,
  type Lifetime,
  type Memory,
  type MemoryStep,
  type Places,
  type Planner,
  type Use
} from './plan.ts'
export { rounding, type Rounding } from './rounding.ts'
export { sampler, type Distribution, type Sampler } from './sampler.ts'
export { loops, scan, type Loops, type StepResult } from './scan.ts'
export { grids, publishedGrids, schedule, shifts, type Grid, type Schedule, type Shift } from './schedule.ts'
export { broadcasting, type Broadcast } from './shape.ts'
export {
  transition,
  type OuterSteps,
  type RolloutCase,
  type Rolled,
  type StepForm,
  type Transition,
  type VelocityField
} from './transition.ts'
export { tree } from './tree.ts'
export * as instances from './instances.ts'
export * as mutants from './mutants/index.ts'

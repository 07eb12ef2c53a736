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
export { flowMap, gaussianFlow, type FlowMap } from './flowMap.ts'
export { clustering, fusion, type Clustered, type Clustering, type Fusion, type Roots } from './fusion.ts'
export { allOps, continuousOps, graphs, type Graph, type Options } from './graph.ts'
export { indexArithmetic, type IndexArithmetic } from './indexArithmetic.ts'
export { guidance, interpolant, type Guidance, type Path } from './interpolant.ts'
export { key, type Generator } from './key.ts'
export { lift } from './lift.ts'
export {
  adaptive,
  adversarial,
  matching,
  regression,
  type Adversarial,
  type Matching,
  type Regression
} from './loss.ts'
export { movingAverage, optimiser, type MovingAverage, type Optimiser } from './optimiser.ts'
export { pass, target, type Pass, type Target } from './pass.ts'
export { sampler, type Distribution, type Sampler } from './sampler.ts'
export { loops, scan, type Loops, type StepResult } from './scan.ts'
export { grids, publishedGrids, schedule, shifts, type Grid, type Schedule, type Shift } from './schedule.ts'
export { broadcasting, type Broadcast } from './shape.ts'
export { tree } from './tree.ts'
export * as mutants from './mutants/index.ts'

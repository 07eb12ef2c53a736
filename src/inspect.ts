/** Seeing inside: what a graph computes and costs, where its values come from, and where numbers cease to be numbers. */
export { explain, explainFrom, pathOf, showPath } from './inspect/explain.ts'
export { kernelTable, kernelTexts, type KernelTable, type Launched, type Memory, type Row } from './inspect/kernels.ts'
export { graphSvg, kernelSvg } from './inspect/svg.ts'
export { operationTable, toOperationTable, toTable, type OperationRow } from './inspect/table.ts'
export {
  rangesOf,
  showFinding,
  showRange,
  summary,
  watch,
  watching,
  type Finding,
  type Range,
  type Ranged,
  type Watching
} from './inspect/watch.ts'
export { flopsOf, totalFlops } from './inspect/work.ts'
export { portable, type Target } from './compile/wgsl/Target.ts'
export { kernelSources } from './runtime/webgpu/sources.ts'

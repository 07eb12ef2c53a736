/**
 * What sampling costs, in evaluations of the whole teacher: a sampler that runs a few blocks often is compared with one
 * that runs all blocks.
 *
 * Laws: identity 33.   Source: arXiv 2601.09881 §5, "effective NFE".
 */

export interface Cost {
  /** Outer steps, `M`. */
  readonly outerSteps: number
  /** Inner steps for each, `N`. */
  readonly innerSteps: number
  /** Blocks of the flow head, `H`, of the network's `blocks`, `L`. */
  readonly headBlocks: number
  readonly blocks: number
}

/** `M ((L − H) + N H)`. */
export const blocksRun = ({ outerSteps, innerSteps, headBlocks, blocks }: Cost): number =>
  outerSteps * (blocks - headBlocks + innerSteps * headBlocks)

/** `M (1 + (N − 1) H/L)`. */
export const effectiveNfe = (cost: Cost): number => blocksRun(cost) / cost.blocks

/** How VBench sums up its two scores. Source: Huang et al. 2023 (arXiv 2311.17982); spec Part 3. */

/** `(4 quality + semantic)/5`. */
export const overall = ({ quality, semantic }: { readonly quality: number; readonly semantic: number }): number =>
  (4 * quality + semantic) / 5

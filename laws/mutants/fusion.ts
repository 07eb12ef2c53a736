/** Ways to fuse and to put kernels together that lose values, loops, buffers or the order. */
import type * as fc from 'fast-check'
import { isApply } from '../../src/core/Expr.ts'
import { clustering, fusion, type Clustered, type Clustering, type Fusion, type Roots } from '../fusion.ts'
import type { Mutant } from '../Laws.ts'

/** `sound` fuses within so many buffers; with more it fuses too much. */
export const fusionMutants = (
  sound: (buffers: number) => Fusion,
  graphs: fc.Arbitrary<Roots>,
  buffers: number
): ReadonlyArray<Mutant> => {
  const mutant = (name: string, brokenLaw: string, wrong: Fusion): Mutant => ({
    name,
    brokenLaw,
    laws: fusion(wrong, graphs, buffers)
  })
  return [
    mutant('a fusion that stores what is read, and forgets the outputs', 'stores every output', (roots) => {
      const fused = sound(buffers)(roots)
      const groups = fused.groups.filter(({ root }) => !roots.includes(root))
      return { groups, stored: new Set([...fused.stored].filter((x) => !roots.includes(x))) }
    }),
    mutant(
      'a fusion that makes one kernel of everything',
      'gives a kernel at most one reduction or contraction',
      (roots) => {
        const { stored } = sound(buffers)(roots)
        const groups = roots.filter(isApply).map((root) => ({ root, core: root }))
        return { groups, stored: new Set([...[...stored].filter((x) => !isApply(x)), ...roots]) }
      }
    ),
    mutant('a fusion that counts on more buffers', 'binds no more buffers than the adapter allows', sound(4 * buffers)),
    mutant('a fusion whose kernels run backwards', 'puts a kernel behind those that it reads', (roots) => {
      const { groups, stored } = sound(buffers)(roots)
      return { groups: [...groups].reverse(), stored }
    })
  ]
}

export const clusteringMutants = (sound: Clustering, graphs: fc.Arbitrary<Roots>): ReadonlyArray<Mutant> => {
  const mutant = (name: string, brokenLaw: string, wrong: (right: Clustered, roots: Roots) => Clustered): Mutant => ({
    name,
    brokenLaw,
    laws: clustering((roots) => wrong(sound(roots), roots), graphs)
  })
  return [
    mutant('clusters that run backwards', 'makes every value before it is read', (right) => ({
      ...right,
      clusters: [...right.clusters].reverse()
    })),
    mutant(
      'clusters that store what others read, and forget the outputs',
      'stores what anything outside reads, outputs among it',
      (right, roots) => ({
        ...right,
        clusters: right.clusters.map((one) => ({
          ...one,
          outer: new Set([...one.outer].filter((x) => !roots.includes(x)))
        }))
      })
    ),
    mutant('clusters of which the first runs twice', 'computes every stored value once', (right) => ({
      ...right,
      clusters: [...right.clusters.slice(0, 1), ...right.clusters]
    }))
  ]
}

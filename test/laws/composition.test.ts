import { describe, expect, it } from 'vitest'
import { composition, graphCases, isSmooth, operationCases, transformations } from '../../laws/composition.ts'
import { loops, scan } from '../../laws/scan.ts'
import { scanMutants } from '../../laws/mutants/scan.ts'
import { continuousOps, graphs } from '../../laws/graph.ts'
import { compositionMutants } from '../../laws/mutants/composition.ts'
import { about } from '../../laws/Laws.ts'
import { rowAfterRow } from '../../src/ops/batch.ts'
import { ops } from '../../src/ops/registry.ts'
import { covered, hold, reject } from './hold.ts'

describe('compositions of transformations', () => {
  const random = graphCases(graphs({ ops: continuousOps, size: 12 }))
  const laws = composition(transformations, random)

  hold(laws, 40)
  reject(compositionMutants(random))
  covered(laws, compositionMutants(random))
})

describe('compositions, operation by operation', () => {
  for (const op of Object.values(ops)) {
    const cases = operationCases(op)
    if (cases !== undefined) hold(about(op.name, composition(transformations, cases, isSmooth(op))), 5)
  }
})

describe('loops', () => {
  const random = graphCases(graphs({ ops: continuousOps, size: 6 }))
  const laws = scan(loops, random)

  hold(laws, 30)
  reject(scanMutants(random))
  covered(laws, scanMutants(random))
})

describe('batching', () => {
  it('of every operation does all rows at once, but for bits of keys', () => {
    const slow = Object.values(ops).filter((op) => op.batch === rowAfterRow)

    expect(slow.map(({ name }) => name)).toEqual(['randomBits'])
  })
})

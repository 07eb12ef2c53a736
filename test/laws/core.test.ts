import { describe } from 'vitest'
import { key } from '../../laws/key.ts'
import { keyMutants } from '../../laws/mutants/key.ts'
import { broadcastingMutants } from '../../laws/mutants/shape.ts'
import { treeMutants } from '../../laws/mutants/tree.ts'
import { broadcasting } from '../../laws/shape.ts'
import { tree } from '../../laws/tree.ts'
import * as Key from '../../src/core/Key.ts'
import { broadcast } from '../../src/core/Shape.ts'
import { trees } from '../../src/core/Tree.ts'
import { covered, hold, reject } from './hold.ts'

describe('keys', () => {
  hold(key(Key))
  reject(keyMutants)
  covered(key(Key), keyMutants)
})

describe('trees', () => {
  const laws = tree(trees((value): value is number => typeof value === 'number'))

  hold(laws)
  reject(treeMutants)
  covered(laws, treeMutants)
})

describe('broadcasting', () => {
  hold(broadcasting(broadcast), 1000)
  reject(broadcastingMutants, 1000)
  covered(broadcasting(broadcast), broadcastingMutants)
})

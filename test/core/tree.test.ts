import { describe, expect, it } from 'vitest'
import { trees } from '../../src/core/Tree.ts'
import { keepContext } from '../../src/tmd/model.ts'
import { constant } from '../../src/ops/api.ts'

const numbers = trees((value): value is number => typeof value === 'number')
const sum = (x: number, y: unknown): number => x + Number(y)

describe('a tree of no leaves', () => {
  it('is mapped and zipped to itself, wherever it stands', () => {
    const tree = { a: 1, none: null, b: [2, undefined], note: 'text' }
    const same: never = tree as never

    expect(numbers.flatten(tree)).toEqual([
      ['a', 1],
      ['b.0', 2]
    ])
    expect(numbers.map(tree, (x) => x + 1)).toEqual({ a: 2, none: null, b: [3, undefined], note: 'text' })
    expect(numbers.zip(tree, same, sum)).toEqual({ a: 2, none: null, b: [4, undefined], note: 'text' })
  })

  it('is the condition of a model without one', () => {
    expect(keepContext(constant([2], [1, 0]), null, null)).toBe(null)
  })
})

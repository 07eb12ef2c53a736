import { describe, expect, it } from 'vitest'
import { explain, explainFrom, pathOf } from '../../src/inspect/explain.ts'
import { add, input, matmul, relu, scale, sin, sum, type Expr } from '../../src/ops/api.ts'

const x = input('x', 'f32', [4, 3])
const w = input('w', 'f32', [3, 2])
const product: Expr<'f32'> = matmul(x, w)
const loss = sum('all')(add(relu(product), scale(2)(sin(relu(product)))))

describe('the explanation of a value', () => {
  it('is the shortest path to it from each input', () => {
    expect(explain(loss)).toBe(
      [
        'sum f32[]: 7 operations on 2 inputs',
        'from x, 4 operations:',
        '  x f32[4,3]',
        '  contract(·, w f32[3,2]) : f32[4,2]',
        '  relu(·) : f32[4,2]',
        '  add(·, mul f32[4,2]) : f32[4,2]',
        '  sum(·) : f32[]',
        'from w, 4 operations:',
        '  w f32[3,2]',
        '  contract(x f32[4,3], ·) : f32[4,2]',
        '  relu(·) : f32[4,2]',
        '  add(·, mul f32[4,2]) : f32[4,2]',
        '  sum(·) : f32[]'
      ].join('\n')
    )
  })

  it('begins at any node below', () => {
    expect(explainFrom(product)(loss)).toMatch(
      /^from contract, 3 operations:\n {2}contract\(x f32\[4,3\], w f32\[3,2\]\)/
    )
  })

  it('says where there is no path', () => {
    expect(explainFrom(loss)(x)).toBe('x f32[4,3] does not depend on sum f32[]')
    expect(pathOf(loss, x)).toBeUndefined()
  })

  it('is a path of one for the value itself', () => {
    expect(pathOf(loss, loss)).toEqual([loss])
    expect(explain(x)).toBe('x f32[4,3]: 0 operations on 1 input\nfrom x, 0 operations:\n  x f32[4,3]')
  })

  it('goes as deep as memory', () => {
    const deep = Array.from({ length: 20_000 }).reduce<Expr>((y) => sin(y), x)

    expect(pathOf(x, deep)).toHaveLength(20_001)
  })
})

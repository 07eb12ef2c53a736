import { describe, expect, it } from 'vitest'
import { checkpoint } from '../../src/autodiff/checkpoint.ts'
import { customJvp, customVjp } from '../../src/autodiff/custom.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import { constant, input, mul, sin, square, sum, type Expr } from '../../src/ops/api.ts'
import { $ } from '../../src/ops/registry.ts'
import { faultsOf, numbers } from '../ops/evaluated.ts'

const x = input('x', 'f32', [2])
const wrong = $.add(x, input('y', 'f32', [3]))

describe('a graph with faults', () => {
  const sentence = ['add: shapes differ, [2] and [3]']

  it('gives them back from a pullback', () => {
    expect(vjp([wrong], [x])([x]).map(faultsOf)).toEqual([sentence])
    expect(vjp([x], [x])([wrong]).map(faultsOf)).toEqual([sentence])
  })

  it('gives them back from a pushforward', () => {
    expect(jvp([wrong], [x])([x]).map(faultsOf)).toEqual([sentence])
    expect(jvp([x], [x])([wrong]).map(faultsOf)).toEqual([sentence])
  })
})

describe('a result that does not depend on the operand', () => {
  const other = constant([2], [1, 2])

  it('has no gradient and no tangent', () => {
    expect(vjp([other], [x])([other]).map(numbers)).toEqual([[0, 0]])
    expect(jvp([other], [x])([other]).map(numbers)).toEqual([[0, 0]])
  })
})

type Vector = Expr<'f32', readonly [3]>

describe('rows of functions with a body of their own', () => {
  const rows = constant([2, 3], [1, 2, 3, 4, 5, 6])
  const shared = constant([3], [1, 10, 100])
  const plain = (row: Vector): Expr => sum('all')(mul(square(row), shared))
  const expected = numbers(vmap(plain as (row: Vector) => Expr)(rows))

  it('of a part that is computed again are those of the part', () => {
    const part = checkpoint((row: Vector, weights: Vector) => sum('all')(mul(square(row), weights)))

    expect(numbers(vmap((row: Vector) => part(row, shared))(rows))).toEqual(expected)
  })

  it('of a function with its own pullback are those of the function', () => {
    const own = customVjp(
      (row: Vector) => sum('all')(mul(square(row), shared)),
      ({ cotangent }) => [$.broadcast(cotangent, { shape: [3], axes: [] })]
    )

    expect(numbers(vmap((row: Vector) => own(row))(rows))).toEqual(expected)
  })

  it('of a function with its own pushforward are those of the function', () => {
    const own = customJvp(
      (row: Vector) => sin(row),
      ({ tangents: [v] }) => v
    )

    expect(numbers(vmap((row: Vector) => own(row))(rows))).toEqual(numbers(sin(rows)))
  })
})

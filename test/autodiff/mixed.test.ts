import { describe, expect, it } from 'vitest'
import { customJvp } from '../../src/autodiff/custom.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { scan } from '../../src/autodiff/scan.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import { add, cast, constant, mul, scalar, square, type Expr } from '../../src/ops/api.ts'
import { $ } from '../../src/ops/registry.ts'
import { faultsOf, ints, numbers } from '../ops/evaluated.ts'

type Real = Expr<'f32', readonly []>
type Count = Expr<'i32', readonly []>

interface Carry {
  readonly total: Real
  readonly count: Count
}

const one = ints([], [1]) as Count
const start: Carry = { total: scalar(0) as Real, count: ints([], [0]) as Count }

/** Adds up `k x`, where `k` counts the steps; gives the total so far, and the count. */
const weighted = (carry: Carry, x: Real) => {
  const count = add(carry.count, one) as Count
  const total = add(carry.total, mul(cast('f32')(count), square(x))) as Real
  return { carry: { total, count }, output: { total, count } }
}

const xs = constant([3], [1, 2, 3])
const unit = scalar(1)

describe('a loop that carries numbers and counts', () => {
  const { carry, outputs } = scan(weighted)(start, xs)

  it('gives both', () => {
    expect(numbers(outputs.total)).toEqual([1, 9, 36])
    expect(numbers(outputs.count)).toEqual([1, 2, 3])
    expect(numbers(carry.count)).toEqual([3])
  })

  it('has a gradient and a tangent in the numbers alone', () => {
    expect(vjp([carry.total], [xs])([unit]).map(numbers)).toEqual([[2, 8, 18]])
    expect(jvp([carry.total], [xs])([constant([3], [1, 0, 1])]).map(numbers)).toEqual([[20]])
  })

  it('is done for every row of its sequences, with the same start for all', () => {
    const rows = constant([2, 3], [1, 2, 3, 0, 1, 0])
    const last = vmap((row: Expr<'f32', readonly [3]>) => scan(weighted)(start, row).carry)(rows)

    expect(numbers(last.total)).toEqual([36, 2])
    expect(numbers(last.count)).toEqual([3, 3])
  })

  it('says that a part of the carry has another shape, type, or is not given back', () => {
    const wrong = (carry: object) =>
      faultsOf(scan((_: Carry, __: Real) => ({ carry: carry as Carry, output: {} }))(start, xs).carry.total)

    expect(wrong({ total: xs, count: one })).toEqual(['scan: shapes differ, [] and [3]'])
    expect(wrong({ total: one, count: one })).toEqual([
      'scan: element types differ, f32 and i32; convert one with cast'
    ])
    expect(wrong({ count: one })).toEqual(['scan: a step does not give back every part of the carry'])
    expect(wrong({ total: $.add(xs, constant([2], [1, 2])), count: one })).toEqual(['add: shapes differ, [3] and [2]'])
  })
})

describe('a function with its own pushforward, of a number and a count', () => {
  const scaled = customJvp(
    (x: Real, k: Count) => mul(x, cast('f32')(k)),
    ({ inputs: [, k], tangents: [v] }) => v && mul(v, cast('f32')(k))
  )
  const x = constant([], [3]) as Real
  const k = ints([], [4]) as Count

  it('has a gradient in the number alone', () => {
    expect(vjp([scaled(x, k)], [x, k])([unit]).map(numbers)).toEqual([[4], [0]])
  })

  it('has none where its pushforward says so', () => {
    const still = customJvp(
      (y: Real) => square(y),
      () => undefined
    )

    expect(vjp([still(x)], [x])([unit]).map(numbers)).toEqual([[0]])
    expect(jvp([still(x)], [x])([unit]).map(numbers)).toEqual([[0]])
  })

  it('has the tangents of every row, where one operand is the same for all', () => {
    const rows = constant([2], [1, 2])
    const pushed = vmap((row: Real) => jvp([scaled(row, k)], [row])([unit])[0] as Expr)(rows)

    expect(numbers(pushed)).toEqual([4, 4])
  })
})

describe('an operand that occurs twice', () => {
  it('has the gradient of both places, once', () => {
    const v = constant([2], [3, 4])
    const product = $.einsum([v, v], { equation: 'i,i->' })

    expect(numbers(product)).toEqual([25])
    expect(vjp([product], [v])([unit]).map(numbers)).toEqual([[6, 8]])
    expect(jvp([product], [v])([v]).map(numbers)).toEqual([[50]])
  })
})

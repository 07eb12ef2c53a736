import { describe, expect, it } from 'vitest'
import { grad } from '../../src/autodiff/grad.ts'
import { hessian, hessianVectorProduct, jacobian } from '../../src/autodiff/jacobian.ts'
import { isApply, topological } from '../../src/core/Expr.ts'
import { cast, constant, floor, input, matmul, mul, sin, square, sum, type Expr } from '../../src/ops/api.ts'
import { faultsOf, numbers } from '../ops/evaluated.ts'

type Real = Expr<'f32'>

const x: Real = constant([3], [1, 2, 3])
const total = (y: Expr): Real => sum('all')(y as Real)
const wide = constant([3, 2], [1, 2, 3, 4, 5, 6])
const rowTimes = (weights: Real) => (a: Expr) => matmul(a as Real, weights)

const products = (y: Expr): ReadonlyArray<ReadonlyArray<number>> =>
  topological([y]).flatMap((node) => (isApply(node) && node.term.op.name === 'contract' ? [node.shape] : []))

describe('the jacobian', () => {
  it('of a linear map is its matrix, by rows and by columns', () => {
    const narrow = jacobian(rowTimes(wide))(constant([1, 3], [1, 1, 1]))
    const broad = jacobian(rowTimes(constant([2, 3], [1, 2, 3, 4, 5, 6])))(constant([1, 2], [1, 1]))

    expect(narrow.shape).toEqual([1, 2, 1, 3])
    expect(numbers(narrow)).toEqual([1, 3, 5, 2, 4, 6])
    expect(broad.shape).toEqual([1, 3, 1, 2])
    expect(numbers(broad)).toEqual([1, 4, 2, 5, 3, 6])
  })

  it('is taken by whichever are fewer, rows or columns', () => {
    const narrow = jacobian(rowTimes(input('w', 'f32', [9, 2])))(input('x', 'f32', [1, 9]))
    const broad = jacobian(rowTimes(input('w', 'f32', [2, 9])))(input('x', 'f32', [1, 2]))

    expect(products(narrow)).toEqual([[2, 1, 9]])
    expect(products(broad)).toEqual([[2, 1, 9]])
  })

  it('of a gradient is the hessian, and symmetric', () => {
    const cross = jacobian(grad((a: Expr) => mul(total(a), total(square(a as Real)))))(x)

    // ∂i∂j (Σx · Σx²) = 2 xi + 2 xj + 2 Σx δij
    expect(numbers(cross)).toEqual([16, 6, 8, 6, 20, 10, 8, 10, 24])
  })

  it('holds captured values constant, its own operand among them', () => {
    expect(numbers(jacobian((a) => mul(a as Real, x))(x))).toEqual([1, 0, 0, 0, 2, 0, 0, 0, 3])
  })

  it('gives the faults of its function', () => {
    expect(faultsOf(jacobian(rowTimes(constant([2, 2], [1, 2, 3, 4])))(constant([1, 3], [1, 1, 1])))).toEqual([
      'matmul: inner sizes differ, [1,3] x [2,2]'
    ])
  })

  it('of integers, or by them, is none', () => {
    const whole = input('n', 'i32', [3])
    const rounded = (a: Expr): Expr => cast('i32')(floor(a as Real))

    expect(faultsOf(jacobian(rounded)(x))).toEqual(['jacobian: needs a float to differentiate, got i32'])
    expect(faultsOf(jacobian(cast('f32'))(whole))).toEqual(['jacobian: needs a float to differentiate, got i32'])
    expect(faultsOf(hessian((a) => total(cast('f32')(a)))(whole))).toEqual([
      'hessian: needs a float to differentiate, got i32'
    ])
  })
})

describe('products with the hessian', () => {
  const cube = ({ a, b }: { readonly a: Real; readonly b: Real }): Real => mul(total(mul(a, square(a))), sin(b))
  const params = { a: x, b: constant([], [0.5]) as Real }
  const direction = { a: constant([3], [1, 0, -1]) as Real, b: constant([], [2]) as Real }

  it('are trees of the form of the parameters', () => {
    const { a, b } = hessianVectorProduct(cube)(params, direction)
    const [s, c] = [Math.sin(0.5), Math.cos(0.5)]

    numbers(a).forEach((value, i) => {
      const k = i + 1
      expect(value).toBeCloseTo(6 * k * s * ([1, 0, -1][i] ?? 0) + 3 * k * k * c * 2, 10)
    })
    expect(numbers(b)[0]).toBeCloseTo(c * (3 * 1 - 3 * 9) - 36 * s * 2, 10)
  })

  it('do not move what the direction leaves out', () => {
    const f = (p: { readonly a: Real; readonly b?: Real }): Real => mul(total(p.a), total(square(p.b ?? p.a)))
    const product = hessianVectorProduct(f)({ a: x, b: x }, { a: constant([3], [1, 0, 0]) })

    expect(numbers(product.a)).toEqual([0, 0, 0])
    expect(numbers(product.b!)).toEqual([2, 4, 6])
  })

  it('are the hessian times the direction', () => {
    const f = (a: Expr): Real => mul(total(a), total(square(a as Real)))
    const hessian = numbers(jacobian(grad(f))(x))
    const v = [1, -2, 0.5]
    const product = numbers(hessianVectorProduct(f)(x, constant([3], v)))

    product.forEach((value, i) =>
      expect(value).toBeCloseTo(
        v.reduce((all, vj, j) => all + vj * (hessian[3 * i + j] ?? NaN), 0),
        10
      )
    )
  })
})

import { describe, expect, it } from 'vitest'
import { customJvp, customVjp } from '../../src/autodiff/custom.ts'
import { grad, gradOf } from '../../src/autodiff/grad.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import type { Shape } from '../../src/core/Shape.ts'
import { clamp, constant, cos, exp, input, mul, scale, sin, square, sum, type Expr } from '../../src/ops/api.ts'
import { $ } from '../../src/ops/registry.ts'
import { faultsOf, numbers } from '../ops/evaluated.ts'

type Real<S extends Shape = Shape> = Expr<'f32', S>

const x: Real<readonly [3]> = constant([3], [0.5, 1, 2])
const ones: Real = constant([3], [1, 1, 1])
const total = (y: Expr): Real => sum('all')(y as Real)

/** `sin`, with a derivative that is not its own: `3 x`. */
const pulled = customVjp(
  (a: Real) => sin(a),
  ({ inputs: [a], cotangent }) => [scale(3)(mul(cotangent, a))]
)
const pushed = customJvp(
  (a: Real) => sin(a),
  ({ inputs: [a], tangents: [v] }) => v && scale(3)(mul(v, a))
)

describe.each([
  ['a custom pullback', pulled],
  ['a custom pushforward', pushed]
])('%s', (_, f) => {
  it('leaves the value as it is', () => {
    expect(numbers(f(x))).toEqual(numbers(sin(x)))
  })

  it('is what reverse mode takes', () => {
    expect(numbers(grad((a: Real) => total(f(a)))(x))).toEqual([1.5, 3, 6])
  })

  it('is what forward mode takes', () => {
    expect(numbers(jvp([f(x)], [x])([ones])[0] as Expr)).toEqual([1.5, 3, 6])
  })

  it('is differentiated itself by second derivatives', () => {
    const slope = (a: Real): Real => total(grad((b: Real) => total(f(b)))(a))

    expect(numbers(grad(slope)(x))).toEqual([3, 3, 3])
    expect(numbers(jvp([slope(x)], [x])([ones])[0] as Expr)).toEqual([9])
  })

  it('is kept by vmap, in either order', () => {
    const rows = constant([2, 3], [1, 2, 3, 4, 5, 6])
    const loss = (row: Real<readonly [3]>): Real => total(f(row))

    expect(numbers(vmap(grad(loss))(rows) as Expr)).toEqual([3, 6, 9, 12, 15, 18])
    expect(numbers(grad((all: typeof rows) => total(vmap(loss)(all)))(rows))).toEqual([3, 6, 9, 12, 15, 18])
  })

  it('is the same call for the same operands', () => {
    expect(f(x)).toBe(f(x))
  })

  it('passes on the faults of operands', () => {
    const bad = $.add(x, constant([2], [1, 2])) as Real

    expect(faultsOf(f(bad))).toEqual(['add: shapes differ, [3] and [2]'])
  })
})

describe('a function with its own derivative', () => {
  it('has none in what it captures, and gets it as an operand', () => {
    const weight = input('w', 'f32', [3])
    const f = customVjp(
      (a: Real) => mul(a, weight),
      ({ cotangent }) => [cotangent]
    )
    const { a, w } = gradOf(total(f(x)))({ a: x, w: weight })

    expect(numbers(a as Expr)).toEqual([1, 1, 1])
    expect(numbers(w as Expr)).toEqual([0, 0, 0])
  })

  it('takes several operands, of which some have no derivative', () => {
    const f = customVjp(
      (a: Real, b: Real) => mul(a, b),
      ({ inputs: [a], cotangent }) => [undefined, mul(cotangent, a)]
    )
    const g = customJvp(
      (a: Real, b: Real) => mul(a, b),
      ({ inputs: [a], tangents: [, w] }) => w && mul(w, a)
    )
    const y: Real = constant([3], [4, 5, 6])
    const gradients = [f, g].map((one) => gradOf(total(one(x, y)))({ x, y }))

    gradients.forEach(({ x: gx, y: gy }) =>
      expect([numbers(gx), numbers(gy)]).toEqual([
        [0, 0, 0],
        [0.5, 1, 2]
      ])
    )
  })

  it('pushes forward along those operands that move', () => {
    const f = customVjp(
      (a: Real, b: Real) => mul(a, b),
      ({ inputs: [a, b], cotangent }) => [mul(cotangent, b), mul(cotangent, a)]
    )
    const y: Real = constant([3], [4, 5, 6])

    expect([x, y].map((moving) => numbers(jvp([f(x, y)], [moving])([ones])[0]!))).toEqual([
      [4, 5, 6],
      [0.5, 1, 2]
    ])
  })

  it('is kept by vmap where an operand has no derivative', () => {
    const f = customVjp(
      (a: Real, b: Real) => mul(a, b),
      ({ inputs: [a], cotangent }) => [undefined, mul(cotangent, a)]
    )
    const loss = (row: { readonly a: Real; readonly b: Real }): Real => total(f(row.a, row.b))
    const rows = { a: constant([2, 1], [3, 4]), b: constant([2, 1], [5, 6]) }
    type Gradients = { readonly a: Expr; readonly b: Expr }
    const all = (both: typeof rows): Real => total(vmap(loss as never)(both as never) as Expr)

    for (const { a, b } of [vmap(grad(loss))(rows as never), grad(all)(rows)] as ReadonlyArray<Gradients>)
      expect([numbers(a), numbers(b)]).toEqual([
        [0, 0],
        [3, 4]
      ])
  })

  it('counts an operand as often as it occurs', () => {
    const f = customJvp(
      (a: Real, b: Real) => mul(a, b),
      ({ inputs: [a, b], tangents: [v, w] }) => $.add(v ? mul(v, b) : $.fill(0, a), w ? mul(w, a) : $.fill(0, a))
    )

    expect(numbers(gradOf(total(f(x, x)))({ x }).x)).toEqual([1, 2, 4])
  })

  it('whose pullback is not linear pulls back, and says why it does not push forward', () => {
    const clipped = customVjp(
      (a: Real) => square(a),
      ({ inputs: [a], cotangent }) => [clamp(-1, 1)(mul(cotangent, scale(2)(a)))]
    )

    expect(numbers(grad((a: Real) => total(clipped(a)))(x))).toEqual([1, 1, 1])
    expect(faultsOf(jvp([clipped(x)], [x])([ones])[0] as Expr)).toEqual([
      'customVjp: no tangent follows from a rule that is not linear in the cotangent'
    ])
  })

  it('whose pushforward is not linear says why it does not pull back', () => {
    const odd = customJvp(
      (a: Real) => exp(a),
      ({ tangents: [v] }) => v && cos(v)
    )

    expect(faultsOf(gradOf(total(odd(x)))({ x }).x)).toEqual([
      'customJvp: no cotangent follows from a rule that is not linear in the tangents'
    ])
  })

  it('says where a rule gives a derivative of another shape', () => {
    const f = customVjp(
      (a: Real) => sin(a),
      ({ cotangent }) => [total(cotangent)]
    )
    const g = customJvp(
      (a: Real) => sin(a),
      ({ tangents: [v] }) => v && total(v)
    )

    expect(faultsOf(gradOf(total(f(x)))({ x }).x)).toEqual(['customVjp: shapes differ, [] and [3]'])
    expect(faultsOf(jvp([g(x)], [x])([ones])[0] as Expr)).toEqual(['customJvp: shapes differ, [] and [3]'])
  })
})

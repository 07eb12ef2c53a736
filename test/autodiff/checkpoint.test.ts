import { describe, expect, it } from 'vitest'
import { checkpoint } from '../../src/autodiff/checkpoint.ts'
import { gradOf } from '../../src/autodiff/grad.ts'
import { program, type Program } from '../../src/compile/Program.ts'
import { E } from '../../src/core/fp.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { key, normal } from '../../src/core/Key.ts'
import { floats } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { add, exp, input, matmul, mean, mul, sin, square, tanh } from '../../src/ops/api.ts'

type Real = Expr<'f32'>

const x = input('x', 'f32', [3, 4])
const w = input('w', 'f32', [4, 4])
const block = (a: Expr, weights: Expr): Real => tanh(add(sin(matmul(a as Real, weights as Real)), exp(a as Real)))

const loss = (layer: (a: Expr, weights: Expr) => Real): Real => mean('all')(square(layer(layer(x, w), w)))
const gradients = (layer: (a: Expr, weights: Expr) => Real): ReadonlyArray<Expr> => {
  const value = loss(layer)
  const { x: gx, w: gw } = gradOf(value)({ x, w })
  return [value, gx, gw]
}

const values = new Map([
  ['x', floats([3, 4], normal(key(1), 12))],
  ['w', floats([4, 4], normal(key(2), 16))]
])
const numbers = (roots: ReadonlyArray<Expr>): ReadonlyArray<ReadonlyArray<number>> => {
  const found = evaluate(values)(roots)
  if (E.isLeft(found)) throw new Error(JSON.stringify(found.left))
  return found.right.map(({ data }) => Array.from(data))
}

const compiled = (roots: ReadonlyArray<Expr>): Program => {
  const found = program(Object.fromEntries(roots.map((root, i) => [`y${i}`, root])))
  if (E.isLeft(found)) throw new Error(JSON.stringify(found.left))
  return found.right
}

const count = ({ nodes }: Program, op: string): number =>
  nodes.filter(({ term }) => term._tag === 'Apply' && term.op.name === op).length

const guarded: typeof block = checkpoint(block)

describe('checkpoint', () => {
  it('changes neither the value nor any gradient', () => {
    expect(numbers(gradients(guarded))).toEqual(numbers(gradients(block)))
  })

  it('waits for the cotangent before it computes its inside again, and no pass takes that away', () => {
    const plain = compiled(gradients(block))
    const again = compiled(gradients(guarded))

    expect(count(plain, 'after')).toBe(0)
    expect(count(again, 'after')).toBeGreaterThan(0)
  })

  it('passes on the faults of what is inside', () => {
    const bad = checkpoint((a) => matmul(a as Real, a as Real))(x)

    expect(bad.faults).toHaveLength(1)
  })

  it('counts an operand as often as it occurs, and what it captures too', () => {
    const twice = checkpoint((a: Real, b: Real) => mul(mul(a, b), x))(x, x)
    const { x: gx } = gradOf(mean('all')(twice))({ x })
    const { x: plain } = gradOf(mean('all')(mul(mul(x, x), x)))({ x })
    const [a = [], b = []] = numbers([gx, plain])

    a.forEach((value, i) => expect(value).toBeCloseTo(b[i] ?? NaN, 10))
  })

  it('differentiates again', () => {
    const twice = (layer: (a: Expr, weights: Expr) => Real) => {
      const first = gradOf(loss(layer))({ x }).x as Real
      return gradOf(mean('all')(square(first)))({ x }).x as Expr
    }

    const [a = [], b = []] = numbers([twice(block), twice(guarded)])

    a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 10))
  })
})

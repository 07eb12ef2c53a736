import { describe, expect, it } from 'vitest'
import { exprs, grad, gradOf, valueAndGrad } from '../../src/autodiff/grad.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { topological } from '../../src/core/Expr.ts'
import { show as sentence } from '../../src/core/Fault.ts'
import { E, pipe } from '../../src/core/fp.ts'
import { floats } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { show } from '../../src/interpret/show.ts'
import { add, exp, input, matmul, mul, sin, stopGradient, sum, type Expr } from '../../src/ops/api.ts'

const x = input('x', 'f32', [])
const y = input('y', 'f32', [])

const at =
  (values: Readonly<Record<string, number>>) =>
  (...roots: ReadonlyArray<Expr>): ReadonlyArray<number> =>
    pipe(
      roots,
      evaluate(new Map(Object.entries(values).map(([name, value]) => [name, floats([], [value])]))),
      E.match(
        () => [],
        (tensors) => tensors.map((tensor) => tensor.data[0] ?? NaN)
      )
    )

describe('reverse mode', () => {
  it('adds up over every path from a leaf', () => {
    const z = add(mul(x, y), mul(x, x))

    expect(at({ x: 3, y: 5 })(...vjp([z], [x, y])([input('one', 'f32', [])]))).toEqual([])
    expect(at({ x: 3, y: 5, one: 1 })(...vjp([z], [x, y])([input('one', 'f32', [])]))).toEqual([11, 3])
  })

  it('adds up over several outputs', () => {
    const [gx = x] = vjp([mul(x, x), mul(x, y)], [x])([y, x])

    expect(at({ x: 3, y: 5 })(gx)).toEqual([2 * 3 * 5 + 5 * 3])
  })

  it('counts an operand as often as it occurs', () => {
    const [gx = x] = vjp([mul(x, x)], [x])([x])

    expect(at({ x: 3 })(gx)).toEqual([18])
  })

  it('is zero for what no output depends on', () => {
    expect(at({ x: 3, y: 5 })(...vjp([sin(x)], [y])([x]))).toEqual([0])
  })

  it('takes a node in the middle for a leaf', () => {
    const middle = exp(x)
    const [g = x] = vjp([mul(middle, middle)], [middle])([y])

    expect(at({ x: 0, y: 1 })(g)).toEqual([2])
  })

  it('does not look below a stopped gradient', () => {
    const [gx = x] = vjp([mul(stopGradient(x), x)], [x])([y])

    expect(at({ x: 3, y: 1 })(gx)).toEqual([3])
  })

  it('gives the faults of what it is asked of', () => {
    const wide: Expr = input('w', 'f32', [2, 3])
    const wrong = sum('all')(matmul(wide, wide))

    expect(vjp([wrong], [wide])([x])[0]?.faults.map(sentence)).toEqual(['matmul: inner sizes differ, [2,3] x [2,3]'])
  })

  it('of a deep graph is bounded by memory, not by the call stack', () => {
    const deep = Array.from({ length: 5_000 }).reduce<Expr>((z) => sin(z), x)

    expect(at({ x: 0, y: 1 })(...vjp([deep], [x])([y]))).toEqual([1])
  })

  it('shares what the forward pass computed', () => {
    const z = exp(sin(x))
    const nodes = topological([z, ...vjp([z], [x])([y])])

    expect(
      show(nodes.filter(({ term }) => term._tag === 'Apply' && term.op.name === 'exp')).match(/exp/g)
    ).toHaveLength(1)
  })
})

describe('forward mode', () => {
  it('follows every operand that moves', () => {
    const [pushed = x] = jvp([mul(x, y)], [x, y])([input('v', 'f32', []), input('w', 'f32', [])])

    expect(at({ x: 3, y: 5, v: 1, w: 10 })(pushed)).toEqual([35])
  })

  it('is zero for what nothing moves', () => {
    expect(at({ x: 3, y: 5 })(...jvp([sin(y)], [x])([x]))).toEqual([0])
  })
})

describe('gradients of trees', () => {
  const params = { a: x, rest: [y, { c: input('c', 'f32', []) }] as const }
  const f = ({ a, rest: [b, { c }] }: typeof params): Expr => mul(mul(a, b), c)

  it('have the form of the parameters', () => {
    const gradient = grad(f)(params)

    expect(exprs.flatten(gradient).map(([name]) => name)).toEqual(['a', 'rest.0', 'rest.1.c'])
    expect(at({ x: 2, y: 3, c: 5 })(...exprs.flatten(gradient).map(([, leaf]) => leaf))).toEqual([15, 10, 6])
  })

  it('come with the value and what was computed on the way', () => {
    const { value, gradient, aux } = valueAndGrad(({ a }: { readonly a: Expr }) => ({ value: mul(a, a), aux: sin(a) }))(
      {
        a: x
      }
    )

    expect(at({ x: 3 })(value, gradient.a, aux)).toEqual([9, 6, Math.sin(3)])
  })

  it('hold constant what the function captures, its own parameters too, with the value and without', () => {
    const times = ({ a }: { readonly a: Expr }): Expr => mul(a, x)
    const { value, gradient } = valueAndGrad((p: { readonly a: Expr }) => ({ value: times(p), aux: {} }))({ a: x })

    expect(gradient.a).toBe(grad(times)({ a: x }).a)
    expect(at({ x: 3 })(value, gradient.a)).toEqual([9, 3])
  })

  it('differentiate again', () => {
    const first = gradOf(mul(x, mul(x, x)))({ x })
    const second = gradOf(first.x)({ x })

    expect(at({ x: 2 })(second.x, gradOf(second.x)({ x }).x)).toEqual([12, 6])
  })
})

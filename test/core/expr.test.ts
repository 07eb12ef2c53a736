import { describe, expect, it } from 'vitest'
import { apply, input, literal, scalar, topological, type Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { composite } from '../../src/core/Op.ts'
import { floats } from '../../src/core/Tensor.ts'
import { $ } from '../../src/ops/registry.ts'

const x = input('x', 'f32', [2, 3])
const y = input('y', 'f32', [3, 2])

const named = (name: string, factor: number) =>
  composite<object>({
    name,
    equation: `${factor} x`,
    arity: 1,
    typing: ([a]) => a ?? { _tag: 'WrongInputs', op: name, expected: 1, got: 0 },
    examples: [],
    define:
      (b) =>
      ([a = x]) =>
        b.mul(a, b.fill(factor, a)),
    vjp: 'derived',
    jvp: 'derived',
    batch: 'derived',
    wgsl: 'derived',
    onnx: 'derived'
  })

describe('an expression', () => {
  it('is the same object when it is described in the same way', () => {
    expect($.add(x, $.sin(x))).toBe($.add(x, $.sin(x)))
    expect(literal(floats([2], [0, 1]))).toBe(literal(floats([2], [0, 1])))
  })

  it('differs with its parameters, its operands, its order and the sign of zero', () => {
    expect($.sum(x, { axes: [0] })).not.toBe($.sum(x, { axes: [1] }))
    expect($.sub(x, $.sin(x))).not.toBe($.sub($.sin(x), x))
    expect(scalar(0, 'f32')).not.toBe(scalar(-0, 'f32'))
    expect(input('x', 'f32', [2, 3])).not.toBe(input('x', 'f32', [3, 2]))
  })

  it('belongs to its operation, not to the name of its operation', () => {
    expect(apply(named('twice', 2), [x])).not.toBe(apply(named('twice', 3), [x]))
  })

  it('keeps what is wrong with it, once, with everything that is built on it', () => {
    const wrong = $.add(x, y)

    expect($.mul(wrong, $.exp(wrong)).faults.map(show)).toEqual(['add: shapes differ, [2,3] and [3,2]'])
  })

  it('of too few operands says so, and so do those of none', () => {
    const twice = named('twice', 2)

    expect(
      [apply(twice, [x, x]), apply(twice, [])].map(({ dtype, shape, faults }) => [dtype, shape, faults.map(show)])
    ).toEqual([
      ['f32', [], ['twice: takes 1 operand, got 2']],
      ['f32', [], ['twice: takes 1 operand, got 0']]
    ])
  })

  it('keeps both of two mistakes', () => {
    const both = $.add($.add(x, y), $.transpose(x, { order: [0, 0] }))

    expect(both.faults.map(show)).toEqual([
      'add: shapes differ, [2,3] and [3,2]',
      'transpose: [0,0] is not an order of the axes of [2,3]'
    ])
  })
})

describe('topological order', () => {
  it('puts every node after its operands, and each once', () => {
    const root = $.add($.mul(x, x), $.sin($.mul(x, x)))

    const order = topological([root])

    expect(new Set(order).size).toBe(order.length)
    for (const node of order)
      if (node.term._tag === 'Apply')
        for (const operand of node.term.inputs) expect(order.indexOf(operand)).toBeLessThan(order.indexOf(node))
  })

  it('is bounded by memory, not by the call stack', () => {
    const deep = Array.from({ length: 20_000 }).reduce<Expr>((node) => $.sin(node), x)

    expect(topological([deep])).toHaveLength(20_001)
  })
})

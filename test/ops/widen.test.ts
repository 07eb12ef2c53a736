import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exact } from '../../src/measure/Close.ts'
import { isNarrow } from '../../src/core/DType.ts'
import { input, isApply, literal, topological, type Expr } from '../../src/core/Expr.ts'
import { formats, rounding } from '../../src/core/narrow.ts'
import { floats, stored, tensor } from '../../src/core/Tensor.ts'
import { iterate } from '../../src/autodiff/scan.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { widen } from '../../src/ops/widen.ts'
import { pass } from '../../laws/pass.ts'
import type { Graph } from '../../laws/graph.ts'
import { environment, graphs } from '../compile/graphs.ts'
import { narrowed, narrowExamples, retyped } from '../runtime/narrow.ts'
import { right } from '../runtime/running.ts'

const valueOf = (root: Expr, values: Record<string, ReadonlyArray<number>> = {}): ReadonlyArray<number> => {
  const given = new Map(Object.entries(values).map(([name, data]) => [name, floats([data.length], data)]))
  return [...(right(evaluate(given)([root]))[0]?.data ?? [])]
}

/** Nodes that have a narrow type and are not there to narrow. */
const unrounded = (roots: ReadonlyArray<Expr>): ReadonlyArray<string> =>
  topological(roots).flatMap((node) =>
    isApply(node) && isNarrow(node.dtype) && node.term.op.name !== 'cast' ? [node.term.op.name] : []
  )

describe.each(['f16', 'bf16'] as const)('widening %s', (to) => {
  const drawn: fc.Arbitrary<Graph> = graphs.map((root) => ({
    roots: retyped([root], to),
    environment: new Map([...environment].map(([name, value]) => [name, narrowed(value, to)])),
    [fc.toStringMethod]: () => 'a graph of narrow values'
  }))

  for (const [name, law] of Object.entries(pass(widen, drawn, exact)))
    it(name, async () => {
      await fc.assert(law, { numRuns: 50 })
    })

  it('leaves no operation but casts to give narrow values, in the whole registry', () => {
    const roots = Object.values(ops).flatMap((op) => Object.values(narrowExamples(op, to).outputs))

    expect(roots.filter((root) => root.faults.length > 0).map((root) => root.faults)).toEqual([])
    expect(new Set(unrounded(widen(roots)))).toEqual(new Set())
  })

  it('rounds what an operation gives, to the nearest, ties to even', () => {
    const nearest = rounding(formats[to])
    const x = input('x', to, [4])
    const given = [0.1, 1 / 3, 1e-7, 3.14159]

    const [a = 0, ...rest] = given.map(nearest)

    expect(valueOf($.mul(x, x), { x: given })).toEqual([a, ...rest].map((v) => nearest(v * v)))
  })

  it('sums a contraction in full and rounds it once', () => {
    const ones = literal(tensor(to, [4096], new Float32Array(4096).fill(1)))
    const side = { batch: [], over: [0] }

    // One by one such a sum would stop at 256 or 2048.
    expect(valueOf($.contract(ones, ones, { left: side, right: side }))).toEqual([4096])
  })
})

describe('widening', () => {
  it('leaves a graph of wide values as it is', () => {
    const x = input('x', 'f32', [3])
    const roots = [$.add($.sin(x), x)]

    expect(widen(roots)).toBe(roots)
  })

  it('does not look below leaves', () => {
    const x = input('x', 'bf16', [3])
    const y: Expr = $.mul(x, x)
    const [z] = widen([$.neg(y)], new Set([y]))

    expect(topological([z!], new Set([y]))).toContain(y)
  })

  it('rounds the values of inputs and constants', () => {
    expect(valueOf($.cast(input('x', 'bf16', [1]), { to: 'f32' }), { x: [0.1] })).toEqual([0.10009765625])
    expect(valueOf($.neg(literal(tensor('bf16', [], Float64Array.of(0.1)))))).toEqual([-0.10009765625])
  })
})

describe('a loop with a narrow carry', () => {
  it('rounds it in every step', () => {
    const nearest = rounding(formats.bf16)
    const grown = iterate(20, (x: Expr) => $.mul(x, $.fill(1.1, x)))(input('x', 'bf16', [1]))
    const expected = Array.from({ length: 20 }).reduce<number>((x) => nearest(x * nearest(1.1)), 1)

    expect(valueOf(grown, { x: [1] })).toEqual([expected])
  })
})

describe('stored', () => {
  it('rounds narrow floats', () => {
    expect([...stored(tensor('f16', [2], Float64Array.of(0.1, 65520))).data]).toEqual([0.0999755859375, Infinity])
  })
})

import { describe, expect, it } from 'vitest'
import { show } from '../../src/core/Fault.ts'
import { E, pipe } from '../../src/core/fp.ts'
import { floats } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { add, input, matmul, sin, type Expr } from '../../src/ops/api.ts'

const x = input('x', 'f32', [2])

const faults = (roots: ReadonlyArray<Expr>, values: ReadonlyArray<readonly [string, ReturnType<typeof floats>]>) =>
  pipe(
    roots,
    evaluate(new Map(values)),
    E.match(
      (wrong) => wrong.map(show),
      () => []
    )
  )

describe('evaluation', () => {
  it('computes what is shared once', () => {
    const doubling = Array.from({ length: 60 }).reduce<Expr<'f32'>>((y) => add(y, y) as Expr<'f32'>, x)

    expect(evaluate(new Map([['x', floats([2], [1, -1])]]))([doubling])).toMatchObject({
      right: [{ data: Float64Array.of(2 ** 60, -(2 ** 60)) }]
    })
  })

  it('goes as deep as memory', () => {
    const deep = Array.from({ length: 20_000 }).reduce<Expr>((y) => sin(y), x)

    expect(evaluate(new Map([['x', floats([2], [0, 0])]]))([deep])).toMatchObject({
      right: [{ data: Float64Array.of(0, 0) }]
    })
  })

  it('names every input that has no value, or one of another shape', () => {
    const y = input('y', 'f32', [2])

    expect(faults([add(x, y)], [])).toEqual(["input 'x' has no value", "input 'y' has no value"])
    expect(faults([x], [['x', floats([3], [1, 2, 3])]])).toEqual(["input 'x' has shape [3], not [2]"])
  })

  it('gives the faults of a graph in place of a value', () => {
    const wide: Expr = input('w', 'f32', [2, 3])

    expect(faults([matmul(wide, wide)], [])).toEqual(['matmul: inner sizes differ, [2,3] x [2,3]'])
  })
})

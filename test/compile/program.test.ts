import { describe, expect, it } from 'vitest'
import { program } from '../../src/compile/Program.ts'
import { input, type Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { $ } from '../../src/ops/registry.ts'

const x = input('x', 'f32', [2])

const sentences = (outputs: Readonly<Record<string, Expr>>): ReadonlyArray<string> => {
  const made = program(outputs)
  return E.isLeft(made) ? made.left.map(show) : []
}

describe('a program', () => {
  it('has one port for an input, however often it occurs', () => {
    const made = program({ y: $.add(x, $.neg(x)), z: input('x', 'f32', [2]) })

    expect(E.isRight(made) ? made.right.inputs.map(({ name }) => name) : []).toEqual(['x'])
  })

  it('has no two inputs of one name and other types', () => {
    const clash = ["input 'x' is declared twice with different types"]

    expect(sentences({ y: $.neg(x), z: $.neg(input('x', 'f32', [3])) })).toEqual(clash)
    expect(sentences({ y: $.neg(x), z: $.neg(input('x', 'i32', [2])) })).toEqual(clash)
  })

  it('is not made of a graph with faults, and tells all of them', () => {
    const [wrong, other] = [$.add(x, input('y', 'f32', [3])), $.sum(x, { axes: [1] })]

    expect(sentences({ wrong, other, built: $.neg(wrong) })).toEqual([
      'add: shapes differ, [2] and [3]',
      'sum: axis 1 is out of range for [2]'
    ])
  })
})

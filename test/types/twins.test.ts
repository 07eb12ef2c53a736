import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Expr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import type { Shape } from '../../src/core/Shape.ts'
import { add, input, matmul } from '../../src/ops/api.ts'
import { compile } from './compiler.ts'

type Rule = (a: Shape, b: Shape) => Expr

/** What the value-level rule says of two shapes, as a type: a shape, or a sentence. */
const said = (rule: Rule, a: Shape, b: Shape): string => {
  const built = rule(a, b)
  return built.faults[0] === undefined ? `readonly [${built.shape}]` : JSON.stringify(show(built.faults[0]))
}

const rules: Readonly<Record<string, Rule>> = {
  "Broadcast<'add', A, B>": (a, b) => add(input('a', 'f32', a), input('b', 'f32', b)),
  'Matmul<A, B>': (a, b) => matmul(input('a', 'f32', a), input('b', 'f32', b))
}

const shape = fc.array(fc.constantFrom(1, 2, 3), { maxLength: 5 })

const statement = (name: string, rule: Rule, [a, b]: readonly [Shape, Shape], i: number): string => {
  const type = name.replace('A', `readonly [${a}]`).replace(', B>', `, readonly [${b}]>`)
  return `export const c${i}: Equal<${type}, ${said(rule, a, b)}> = true`
}

for (const [name, rule] of Object.entries(rules))
  it(`the type ${name} is what the graph says when it is built`, () => {
    const pairs = fc.sample(fc.tuple(shape, shape), { numRuns: 500, seed: 7 })
    const text = [
      "import type { Broadcast, Matmul } from '../../src/core/Shape.ts'",
      'type Equal<X, Y> = [X] extends [Y] ? ([Y] extends [X] ? true : never) : never',
      'export type Used = [Broadcast<"add", [], []>, Matmul<[], []>]',
      ...pairs.map((pair, i) => statement(name, rule, pair, i))
    ].join('\n')

    expect(compile(text)).toBe('')
  })

it('disagreement of the two forms is noticed', () => {
  const text = [
    'type Equal<X, Y> = [X] extends [Y] ? ([Y] extends [X] ? true : never) : never',
    'export const c: Equal<readonly [2, 3], readonly [3, 2]> = true'
  ].join('\n')

  expect(compile(text)).toContain('error TS2322')
})

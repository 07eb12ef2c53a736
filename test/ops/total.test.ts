import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/DType.ts'
import { apply, type Params, type Type } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import type { Example, Op } from '../../src/core/Op.ts'
import { ops } from '../../src/ops/registry.ts'
import { variants } from '../mutation/parameters.ts'

const all = Object.values(ops)

/** Operands that differ from those of the example in one axis, in their rank or in their element type. */
const others = ({ inputs }: Example<Params>): ReadonlyArray<ReadonlyArray<Type>> => {
  const types: ReadonlyArray<DType> = ['f32', 'f16', 'i32', 'u32', 'bool']
  const replaced = (i: number, by: Type): ReadonlyArray<Type> => inputs.map((x, j) => (i === j ? by : x))
  return inputs.flatMap(({ dtype, shape }, i) => [
    ...types.map((other) => replaced(i, { dtype: other, shape })),
    ...shape.flatMap((d, axis) =>
      [d + 1, d - 1, 0].map((size) => replaced(i, { dtype, shape: shape.with(axis, size) }))
    ),
    replaced(i, { dtype, shape: [...shape, 2] }),
    replaced(i, { dtype, shape: shape.slice(1) })
  ])
}

const sizes = ({ shape }: Type): boolean => shape.every((d) => Number.isInteger(d) && d >= 0)

/** What a rule says, in words: a type with sizes, or a fault with the operation's name. */
const verdict = (op: Op, inputs: ReadonlyArray<Type>, params: Params): string => {
  const typing = op.typing(inputs, params)
  if ('_tag' in typing) return show(typing)
  return sizes(typing) ? 'a type' : `a type without sizes, [${typing.shape}], of ${JSON.stringify({ inputs, params })}`
}

const isAnswer = (text: string): boolean => text === 'a type' || /^[a-zA-Z]\w*: .+/.test(text)

describe('the typing rule', () => {
  for (const op of all.filter(({ examples }) => examples.length > 0))
    it(`of ${op.name} gives a type or says what is wrong, whatever it is handed`, () => {
      const given = op.examples.flatMap((example) => [
        ...others(example).map((inputs) => verdict(op, inputs, example.params)),
        ...variants(example.params).map(([, params]) => verdict(op, example.inputs, params))
      ])

      expect(given.filter((text) => !isAnswer(text))).toEqual([])
      expect(op.examples.map(({ inputs, params }) => verdict(op, inputs, params))).toEqual(
        op.examples.map(() => 'a type')
      )
    })

  it('of an operation with too few operands is a fault', () => {
    const wrong = all
      .filter(({ arity, examples }) => arity > 0 && examples.length > 0)
      .map((op) => apply(op, [], op.examples[0]?.params))

    expect(wrong.filter(({ faults }) => faults.length !== 1)).toEqual([])
    expect(new Set(wrong.flatMap(({ faults }) => faults.map(({ _tag }) => _tag)))).toEqual(new Set(['WrongInputs']))
  })
})

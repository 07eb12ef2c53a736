import { describe, expect, it } from 'vitest'
import type { DType } from '../../src/core/DType.ts'
import { apply, input, variable, type Apply, type Expr, type Params, type Type } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { E, pipe } from '../../src/core/fp.ts'
import type { OnnxGraph, Scope } from '../../src/core/Lowering.ts'
import type { Example, Op } from '../../src/core/Op.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { fromLinear } from '../../src/ops/place.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { variants } from '../mutation/parameters.ts'

const all = Object.values(ops)
const cases = all.flatMap((op) => op.examples.map((example) => [op, example] as const))

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

/** A graph that takes whatever it is told. */
const anything: OnnxGraph = {
  node: (op) => op,
  nodes: (op, _, __, outputs) => Array.from({ length: outputs }, (___, i) => `${op}${i}`),
  scan: ({ body }) => body.results.map((_, i) => `y${i}`),
  ints: () => 'ints',
  constant: () => 'constant',
  cast: (name) => name,
  full: ({ name }) => name
}

const scopeOf = (params: Params, type: Type): Scope<Params> => ({
  params,
  inputs: [],
  type,
  at: fromLinear(type.shape, 'i'),
  load: () => 'x',
  bind: (_, text) => text
})

/** Everything that a record can be asked without operands. */
const asked = (op: Op, { inputs, params }: Example<Params>): ReadonlyArray<() => unknown> => {
  const xs = inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
  const node = apply(op, xs, params) as Apply
  const site = { params, inputs: [] as ReadonlyArray<Expr>, output: node, cotangent: variable(node), tangents: [] }
  const { vjp, jvp, onnx, wgsl } = op
  return [
    () => op.typing([], params),
    ...(vjp === 'derived' ? [] : [() => vjp($)(site)]),
    ...(jvp === 'derived' ? [] : [() => jvp($)(site)]),
    ...(onnx === 'derived' ? [] : [() => onnx(anything)({ node, params, inputs: [], type: node })]),
    ...(wgsl === 'derived' || wgsl._tag === 'Contract'
      ? []
      : wgsl._tag === 'Map'
        ? [() => wgsl.element(scopeOf(params, node))]
        : [() => wgsl.count([], params), () => wgsl.body(scopeOf(params, node), 'k')])
  ]
}

/** A constant of nothing but zeros, however it is written. */
const zeros = (x: Expr | undefined): boolean =>
  x !== undefined &&
  pipe(
    evaluate(new Map())([x]),
    E.match(
      () => false,
      ([value]) => value?.data.every((v) => v === 0) === true
    )
  )

describe('the rules of an operation', () => {
  for (const op of all.filter(({ examples }) => examples.length > 0))
    it(`of ${op.name} are total: without operands they answer, and do not throw`, () => {
      for (const example of op.examples) for (const ask of asked(op, example)) expect(ask).not.toThrow()
    })

  it('give no tangent where nothing moves', () => {
    const moved = cases.filter(([op, { inputs, params }]) => {
      const xs = inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
      const site = { params, inputs: xs, output: apply(op, xs, params), tangents: [] }
      return op.jvp !== 'derived' && op.jvp($)(site) !== undefined && !zeros(op.jvp($)(site))
    })

    expect(moved.map(([op]) => op.name)).toEqual([])
  })
})

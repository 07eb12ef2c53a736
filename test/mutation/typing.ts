/** Broken typing rules: another element type, an axis too many, too few, of another size, or in another order. */
import type { DType } from '../../src/core/DType.ts'
import type { Params, Type } from '../../src/core/Expr.ts'
import type { Example, Op } from '../../src/core/Op.ts'
import { equal, type Shape } from '../../src/core/Shape.ts'
import type { Mutant } from './Mutant.ts'

type Change = readonly [name: string, type: (type: Type) => Type]

/** Types that are taken for each other: what is counted, what is measured, what is true. */
const others: Readonly<Record<DType, ReadonlyArray<DType>>> = {
  f32: ['i32', 'f16', 'bool'],
  f16: ['f32', 'bf16'],
  bf16: ['f32', 'f16'],
  i32: ['f32', 'u32', 'bool'],
  u32: ['f32', 'i32', 'bool'],
  bool: ['f32', 'i32', 'u32']
}

const reshaped = (name: string, shape: (shape: Shape) => Shape): Change => [
  name,
  (type) => ({ ...type, shape: shape(type.shape) })
]

const dtypeChanges = ({ dtype }: Type): ReadonlyArray<Change> =>
  others[dtype].map((by) => [`${dtype} to ${by}`, (type) => (type.dtype === dtype ? { ...type, dtype: by } : type)])

const axisChanges = ({ shape }: Type): ReadonlyArray<Change> =>
  shape.flatMap((size, axis): ReadonlyArray<Change> => {
    const resized = (by: number): Change =>
      reshaped(`axis ${axis} ${by > 0 ? '+' : '-'} 1`, (s) => s.map((n, i) => (i === axis ? Math.max(0, n + by) : n)))
    return [
      reshaped(`axis ${axis} dropped`, (s) => s.filter((_, i) => i !== axis)),
      resized(1),
      ...(size > 0 ? [resized(-1)] : [])
    ]
  })

const changesOf = (type: Type): ReadonlyArray<Change> => [
  ...dtypeChanges(type),
  reshaped('an axis of 1 first', (s) => [1, ...s]),
  reshaped('an axis of 1 last', (s) => [...s, 1]),
  reshaped('axes reversed', (s) => s.toReversed()),
  reshaped('no axes', () => []),
  ...axisChanges(type)
]

const typeAt = (op: Op, { inputs, params }: Example<Params>): Type | undefined => {
  const found = op.typing(inputs, params)
  return '_tag' in found ? undefined : found
}

const differs = (a: Type, b: Type): boolean => a.dtype !== b.dtype || !equal(a.shape, b.shape)

const broken = (op: Op, change: Change[1]): Op => ({
  ...op,
  typing: (inputs, params) => {
    const found = op.typing(inputs, params)
    return '_tag' in found ? found : change(found)
  }
})

/** Every mutant of a typing rule: each change of a type that it gives at any of the examples. */
export const typingMutants = (op: Op): ReadonlyArray<Mutant> => {
  const changes = new Map<string, Change[1]>() // local
  for (const example of op.examples) {
    const type = typeAt(op, example)
    if (type === undefined) continue
    for (const [name, change] of changesOf(type)) if (differs(change(type), type)) changes.set(name, change)
  }
  return [...changes].map(([change, by]) => ({ op, rule: 'typing', change, broken: broken(op, by) }))
}

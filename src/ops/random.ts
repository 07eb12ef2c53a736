/** Random bits from a key, and counting. */
import { bits, parity, rounds } from '../core/Key.ts'
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph } from '../core/Lowering.ts'
import { primitive, type Op } from '../core/Op.ts'
import { isAxis, ofAxis, range, size, sizeAt, type Shape } from '../core/Shape.ts'
import { elementAt, generate } from '../core/Tensor.ts'
import { rowAfterRow, sameForAll } from './batch.ts'
import { giving, numeric } from './kinds.ts'
import { reshapeOnnx } from './onnx.ts'
import { coordinate, fromLinear } from './place.ts'

export type RandomBits<S extends Shape = Shape> = { readonly shape: S }
export type Iota<D extends DType = DType, S extends Shape = Shape> = {
  readonly shape: S
  readonly axis: number
  readonly dtype: D
}

declare module '../core/Op.ts' {
  interface Builder {
    /** Uniform `u32` words from a key `[2]` of `u32`. */
    readonly randomBits: <S extends Shape>(key: Expr, params: RandomBits<S>) => Expr<'u32', S>
    readonly iota: <D extends DType, S extends Shape>(params: Iota<D, S>) => Expr<D, S>
  }
}

/** Twenty rounds in `uint32` vectors of all counters at once. */
const threefry = (g: OnnxGraph, key: readonly [string, string], counters: string): readonly [string, string] => {
  const word = (value: number): string => g.constant('u32', [value >>> 0])
  const add = (a: string, b: string): string => g.node('Add', [a, b])
  const shift = (x: string, by: number, direction: string): string => g.node('BitShift', [x, word(by)], { direction })
  const rotate = (x: string, by: number): string =>
    g.node('BitwiseOr', [shift(x, by, 'LEFT'), shift(x, 32 - by, 'RIGHT')])
  const third = g.node('BitwiseXor', [g.node('BitwiseXor', [key[0], key[1]]), word(parity)])
  const scheduled = (i: number): string => (i % 3 === 0 ? key[0] : i % 3 === 1 ? key[1] : third)
  const round = ([x0, x1]: readonly [string, string], by: number): readonly [string, string] => {
    const sum = add(x0, x1)
    return [sum, g.node('BitwiseXor', [rotate(x1, by), sum])]
  }
  return rounds.reduce<readonly [string, string]>(
    (x, four, block) => {
      const [y0, y1] = four.reduce(round, x)
      return [add(y0, scheduled(block + 1)), add(y1, add(scheduled(block + 2), word(block + 1)))]
    },
    [add(counters, key[0]), key[1]]
  )
}

export const randomBits: Op = primitive<RandomBits, 1>({
  name: 'randomBits',
  equation: 'threefry2x32 of the key at counters 0, 1, …',
  arity: 1,
  typing: ([key], { shape }): Type | Fault =>
    key.dtype === 'u32' && size(key.shape) === 2
      ? { dtype: 'u32', shape }
      : {
          _tag: 'Invalid',
          op: 'randomBits',
          why: `needs a key of two u32 words, got ${key.dtype} [${key.shape}]`
        },
  examples: [
    { params: { shape: [5] }, inputs: [{ dtype: 'u32', shape: [2], min: 0, max: 2 ** 32 - 1 }] },
    { params: { shape: [2, 4] }, inputs: [{ dtype: 'u32', shape: [2], min: 0, max: 2 ** 32 - 1 }] }
  ],
  meaning: ([key], { shape }) => {
    const words = bits([elementAt(key.data, 0), elementAt(key.data, 1)], size(shape))
    return generate('u32', shape, (i) => elementAt(words, i))
  },
  vjp: () => () => [undefined],
  jvp: () => () => undefined,
  batch: rowAfterRow,
  wgsl: {
    _tag: 'Map',
    element: ({ params, at, load, bind }) => {
      const half = Math.ceil(size(params.shape) / 2)
      const i = bind('u32', at.linear())
      const word = (k: number): string => load(0, fromLinear([2], `${k}u`))
      const pair = bind('vec2<u32>', `threefry(vec2<u32>(${word(0)}, ${word(1)}), ${i} % ${half}u)`)
      return `select(${pair}.y, ${pair}.x, ${i} < ${half}u)`
    }
  },
  onnx:
    (g) =>
    ({ inputs: [key], params: { shape } }) => {
      const n = size(shape)
      const word = (k: number): string => g.node('Slice', [g.full(key), g.ints([k]), g.ints([k + 1]), g.ints([0])])
      const counters = g.constant('u32', range(Math.ceil(n / 2)), [Math.ceil(n / 2)])
      const [a, b] = threefry(g, [word(0), word(1)], counters)
      const all = g.node('Concat', [a, b], { axis: 0 })
      const words = n % 2 === 0 ? all : g.node('Slice', [all, g.ints([0]), g.ints([n]), g.ints([0])])
      return reshapeOnnx(g, words, shape)
    }
})

export const iota: Op = primitive<Iota, 0>({
  name: 'iota',
  equation: '0, 1, … along an axis',
  arity: 0,
  typing: giving(numeric, 'iota', (_, { shape, axis, dtype }) =>
    isAxis(shape, axis) ? { dtype, shape } : { _tag: 'AxisOutOfRange', op: 'iota', axis, shape }
  ),
  examples: [
    { params: { shape: [4], axis: 0, dtype: 'i32' }, inputs: [] },
    { params: { shape: [2, 3], axis: 1, dtype: 'f32' }, inputs: [] }
  ],
  meaning: (_, { shape, axis }, { dtype }) => {
    const inner = size(shape.slice(axis + 1))
    return generate(dtype, shape, (i) => Math.floor(i / inner) % sizeAt(shape, axis))
  },
  vjp: () => () => [],
  jvp: () => () => undefined,
  batch: sameForAll,
  wgsl: {
    _tag: 'Map',
    element: ({ params: { axis, dtype }, at }) =>
      dtype === 'u32'
        ? coordinate(at.axes(), axis)
        : `${dtype === 'i32' ? 'i32' : 'f32'}(${coordinate(at.axes(), axis)})`
  },
  onnx:
    (g) =>
    ({ params: { shape, axis, dtype }, type }) => {
      const small = shape.map((d, i) => (i === axis ? d : 1))
      return { name: g.constant(dtype, range(ofAxis(shape, axis)), small), shape: small, type }
    }
})

/** Operands with no elements, one element or every element, and calls that fit nothing: where rules take another way. */
import { describe, expect, it } from 'vitest'
import { gradOf } from '../../src/autodiff/grad.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import type { DType } from '../../src/core/DType.ts'
import { apply, isApply, type Expr } from '../../src/core/Expr.ts'
import type { OnnxGraph } from '../../src/core/Lowering.ts'
import type { Op } from '../../src/core/Op.ts'
import { range, type Shape } from '../../src/core/Shape.ts'
import { tensor, type Tensor } from '../../src/core/Tensor.ts'
import * as f from '../../src/ops/api.ts'
import { rowAfterRow } from '../../src/ops/batch.ts'
import { add } from '../../src/ops/binary.ts'
import { coordinate } from '../../src/ops/place.ts'
import { iota } from '../../src/ops/random.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { weighed } from '../../src/ops/view.ts'
import { faultsOf, numbers } from './evaluated.ts'
import { onEveryTarget } from './onTargets.ts'

type F = Expr<'f32'>

const held = (shape: Shape, values: ReadonlyArray<number>, dtype: DType = 'i32'): Tensor =>
  tensor(dtype, shape, Float64Array.from(values))

/** Values that the compilers do not know: what they know they compute themselves. */
const values = {
  x: held([2, 3], [1, -2, 3, -4, 5, -6], 'f32'),
  left: held([2, 3], [1, 2, 3, 4, 5, 6]),
  right: held([2, 2], [1, -1, 2, 7]),
  words: held([2, 3], [7, 8, 9, 2 ** 32 - 1, 0, 1], 'u32'),
  truths: held([3], [1, 0, 1], 'bool'),
  divided: held([3], [7, -7, 6]),
  by: held([3], [0, 2, -4]),
  added: held([3, 1, 2], [1, 2, 3, 4, 5, 6], 'f32'),
  places: held([3, 1], [1, 0, 1]),
  far: held([3], [7, -7, 0], 'f32'),
  ones: held(
    [8, 16, 64],
    range(8192).map(() => 1),
    'f32'
  ),
  heads: held([1, 2, 1, 2], [1, 0, 0, 1], 'f32')
}
const given: ReadonlyMap<string, Tensor> = new Map(Object.entries(values))
const value = (name: keyof typeof values): Expr => f.input(name, values[name].dtype, values[name].shape)

const real = (name: keyof typeof values): F => value(name) as F
const integer = (name: keyof typeof values): Expr<'i32'> => value(name) as Expr<'i32'>

const x = real('x')

const slope = (y: Expr): Expr => gradOf(f.sum('all')(y as F))({ x }).x as Expr

await onEveryTarget('what has no elements', (numbers) => {
  it('has a gradient of zeros: a part from which nothing was taken', async () => {
    const part = f.slice([
      [1, 1, 1],
      [0, 3, 1]
    ])(x)

    expect(part.shape).toEqual([0, 3])
    expect(await numbers(slope(part), given)).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('has a gradient of zeros: an operand whose margins cut all of it', async () => {
    const cut = f.pad([
      [-2, 0],
      [1, 1]
    ])(x)

    expect(cut.shape).toEqual([0, 5])
    expect(await numbers(slope(cut), given)).toEqual([0, 0, 0, 0, 0, 0])
  })
})

await onEveryTarget('what leaves everything as it is', (numbers) => {
  it('is the operand: a part from end to end', async () => {
    const all = $.slice(x, { start: [0, 0], stop: [2, 3], step: [1, 1] })

    expect(await numbers(all, given)).toEqual([1, -2, 3, -4, 5, -6])
    expect(await numbers(slope(all), given)).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('is the operand: products and sums along an axis of one element', async () => {
    const column = f.reshape([6, 1])(x)

    expect(await numbers(f.cumulativeProduct(1)(column), given)).toEqual([1, -2, 3, -4, 5, -6])
    expect(await numbers(f.cumulativeSum(1)(column), given)).toEqual([1, -2, 3, -4, 5, -6])
  })

  it('is the operand: a space of the size that it has, and no more elements at its ends', async () => {
    const space: F = f.reshape([1, 1, 2, 3])(x)

    expect(await numbers(f.interpolateLinear([2, 3])(space), given)).toEqual([1, -2, 3, -4, 5, -6])
    expect(await numbers(f.extend('reflect', [[0, 0], [0, 0]])(x), given)).toEqual([1, -2, 3, -4, 5, -6]) // prettier-ignore
  })
})

await onEveryTarget('element types', (numbers) => {
  it('multiply matrices of integers whose rows are summed over, one or a stack of them', async () => {
    const [a, b] = [integer('left'), integer('right')]
    const rows = { batch: [], over: [0] }
    const product = f.contract(rows, rows)(a, b)
    const inStacks = { batch: [0], over: [1] }
    const [as, bs] = [f.expandDims(0)(a), f.expandDims(0)(b)]
    const products = f.contract(inStacks, inStacks)(as, bs)

    expect(await numbers(product, given)).toEqual([9, 27, 12, 33, 15, 39])
    expect(await numbers(products, given)).toEqual([9, 27, 12, 33, 15, 39])
  })

  it('count along an axis in their own numbers', async () => {
    const places = f.iota([2, 3], 1, 'u32')

    expect(await numbers(f.add(value('words') as Expr<'u32'>, places), given)).toEqual([7, 9, 11, 2 ** 32 - 1, 1, 3])
    expect(await numbers(f.add(x, f.iota([2, 3], 0, 'f32')), given)).toEqual([1, -2, 3, -3, 6, -5])
  })

  it('put margins of either truth around truths', async () => {
    const around = (margin: number): Expr => f.cast('i32')(f.pad([[1, 1]], margin)(value('truths')))

    expect(await numbers(around(0), given)).toEqual([0, 1, 0, 1, 0])
    expect(await numbers(around(1), given)).toEqual([1, 1, 0, 1, 1])
  })

  it('put margins of any number around numbers', async () => {
    for (const margin of [Infinity, -Infinity, NaN, 1e-30, -(2 ** 100)])
      expect(await numbers(f.pad([[1, 0]], margin)(value('far')), given)).toEqual([Math.fround(margin), 7, -7, 0])
    for (const margin of [-(2 ** 31), 2 ** 31 - 1])
      expect(await numbers(f.pad([[0, 1]], margin)(value('by')), given)).toEqual([0, 2, -4, margin])
  })

  it('leave an integer that is divided by 0', async () => {
    expect(await numbers(f.div(integer('divided'), integer('by')), given)).toEqual([7, -3, -1])
  })

  it('add up values whose indices have an axis of one', async () => {
    const sums = f.scatterAdd(0, 2)(real('added'), integer('places'))

    expect(await numbers(sums, given)).toEqual([3, 4, 6, 8])
  })

  it('have the error function end at ±1', async () => {
    expect(await numbers(f.erf(real('far')), given)).toEqual([1, -1, 0])
  })

  it('lose no one of a long sum over all axes', async () => {
    expect(await numbers($.sum(value('ones'), { axes: [0, 1, 2] }), given)).toEqual([8192])
    expect(await numbers($.sum(x, { axes: [] }), given)).toEqual([1, -2, 3, -4, 5, -6])
  })
})

await onEveryTarget('a setting at its end', (numbers) => {
  it('is one number for all logits, which attention does not heed unless it masks', async () => {
    const h = real('heads')
    const weight = 1 / (1 + Math.exp(-1 / Math.SQRT2))
    const mixed = [weight, 1 - weight, 1 - weight, weight].map((w): unknown => expect.closeTo(w, 5))

    expect(await numbers(f.attention(h, h, h, f.scalar(2)), given)).toEqual(mixed)
    expect(await numbers(f.attention(h, h, h, f.scalar(-Infinity)), given)).toEqual([0, 0, 0, 0])
  })

  it('is a box of one element, of which there is one for every other place', async () => {
    const boxes = $.windows(x, { box: [1], stride: [2], dilation: [1] })

    expect(boxes.shape).toEqual([2, 1, 2])
    expect(await numbers(boxes, given)).toEqual([1, 3, -4, -6])
  })

  it('is the first of a space that becomes one element between corners', async () => {
    const space: F = f.reshape([1, 1, 2, 3])(x)

    expect(await numbers(f.interpolateLinear([1, 1], 'corners')(space), given)).toEqual([1])
  })
})

describe('rows', () => {
  it('of no keys give no numbers, in the shape of some', () => {
    const keys = f.input('keys', 'u32', [0, 2])
    const drawn = vmap((key: Expr) => $.randomBits(key, { shape: [5] }))(keys)

    expect(drawn.shape).toEqual([0, 5])
    expect(numbers(f.add(f.sum([0])(drawn), f.iota([5], 0, 'u32')))).toEqual([0, 1, 2, 3, 4])
  })

  it('of what has no operands are alike', () => {
    const params = { shape: [3], axis: 0, dtype: 'i32' }
    const site = { op: iota, params, inputs: [], output: apply(iota, [], params), stacks: [], rows: 2 }
    const stack = iota.batch === 'derived' ? undefined : iota.batch($)(site)

    expect(stack?.shape).toEqual([2, 3])
    expect(stack && numbers(stack)).toEqual([0, 1, 2, 0, 1, 2])
  })
})

describe('rules', () => {
  for (const op of Object.values(ops))
    if (op._tag === 'Primitive' && op.arity > 1 && op.examples.length > 0)
      it(`for rows of ${op.name} give the same for all where no operand differs`, () => {
        for (const { inputs: draws, params } of op.examples) {
          const inputs = draws.map(({ dtype, shape }) => $.cast($.fill(1, { dtype: 'f32', shape }), { to: dtype }))
          const output = apply(op, inputs, params)
          const stack = op.batch($)({ op, params, inputs, output, stacks: inputs.map(() => undefined), rows: 3 })

          expect(stack.shape).toEqual([3, ...output.shape])
          expect(numbers(stack)).toEqual(range(3).flatMap(() => numbers(output)))
        }
      })

  it('that do rows one after another take what is the same for all as it is', () => {
    const slow: Op = { ...add, batch: rowAfterRow } as Op
    const sums = vmap((row: Expr) => apply(slow, [row, f.constant([2], [10, 20])]))(f.constant([2, 2], [1, 2, 3, 4]))

    expect(numbers(sums)).toEqual([11, 22, 13, 24])
  })

  it('of turning move with one of the angles alone', () => {
    const [h, quarter, none] = [f.constant([1, 1, 1, 2], [3, 5]), f.constant([1, 1], [1]), f.constant([1, 1], [0])]
    const turned = f.rope(h, quarter, none)

    expect(jvp([turned], [quarter])([quarter]).flatMap(numbers)).toEqual([3, 5])
    expect(jvp([turned], [none])([quarter]).flatMap(numbers)).toEqual([-5, 3])
  })

  it('of systems of equations move with their right side alone', () => {
    const [l, b] = [f.constant([2, 2], [2, 0, 1, 4]), f.constant([2, 1], [2, 5])]
    const solution = f.triangularSolve()(l, b)

    expect(jvp([solution], [b])([b]).flatMap(numbers)).toEqual([1, 1])
    expect(jvp([solution], [l])([l]).flatMap(numbers)).toEqual([-1, -1])
  })

  it('of operands side by side leave those still that do not move', () => {
    const [moving, still] = [f.constant([2], [1, 2]), f.constant([1], [7])]

    expect(jvp([f.concat(0)([moving, still])], [moving])([moving]).flatMap(numbers)).toEqual([1, 2, 0])
  })

  it('of integers have no cotangent', () => {
    const [cotangent] = vjp([f.neg(f.mul(integer('left'), integer('left')))], [integer('left')])([integer('left')])

    expect(cotangent.dtype).toBe('f32')
    expect(numbers(cotangent)).toEqual([0, 0, 0, 0, 0, 0])
    expect(numbers(vjp([f.cast('f32')(integer('left'))], [integer('left')])([x])[0])).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('write no node for what hands its operand on', () => {
    const silent = { full: () => 'x', constant: () => '', ints: () => '' } as unknown as OnnxGraph
    const handed: Readonly<Record<string, Expr>> = {
      slice: $.slice(x, { start: [0, 0], stop: [2, 3], step: [1, 1] }),
      pad: $.pad(x, { low: [0, 0], high: [0, 0], interior: [0, 0], value: 0 }),
      sum: $.sum(x, { axes: [] }),
      stopGradient: $.stopGradient(x)
    }
    const written = Object.values(handed).map((node) => {
      if (!isApply(node) || node.term.op.onnx === 'derived') return 'nothing'
      const operand = { name: 'x', shape: x.shape, type: x }
      const value = node.term.op.onnx(silent)({ node, params: node.term.params, inputs: [operand], type: node })
      return typeof value === 'string' ? value : value.name
    })

    expect(written).toEqual(['x', 'x', 'x', 'x'])
  })

  it('for places have 0 along an axis that there is not', () => {
    expect([coordinate(['i', 'j'], 1), coordinate(['i', 'j'], 2)]).toEqual(['j', '0u'])
    expect(weighed(Int32Array.of(2, 1), [10, 3, 7])).toBe(23)
  })
})

describe('no number', () => {
  it('stays none where negative ones become 0', () => {
    expect(numbers(f.relu(f.constant([3], [NaN, -1, 2])))).toEqual([NaN, 0, 2])
  })
})

const q = f.input('q', 'f32', [1, 2, 2, 4])
const line = f.input('line', 'f32', [1, 1, 4])
const two = f.input('two', 'i32', [2])
const weights = f.input('weights', 'f32', [2, 1, 3])
/** A graph that is wrong already: whatever is made of it says that alone. */
const unfit = f.add(x, f.input('five', 'f32', [5]) as never) as F

const contraction = (left: ReadonlyArray<number>, right: ReadonlyArray<number>): Expr =>
  f.contract({ batch: [], over: left }, { batch: [], over: right })(x, x)

const misfits: Readonly<Record<string, () => Expr>> = {
  'matmul: element types differ, f32 and i32; convert one with cast': () =>
    f.matmul(x, f.input('w', 'i32', [3, 2]) as never),
  'matmul: left operand needs at least 2 axes, got [3]': () => f.matmul(f.input('r', 'f32', [3]) as never, x),
  'matmul: leading axes differ, [2,2,3] x [4,3,2]': () =>
    f.matmul(f.input('r', 'f32', [2, 2, 3]), f.input('w', 'f32', [4, 3, 2]) as never),
  'attention: needs [batch,queries,heads,d] and twice [batch,keys,heads,d], got [1,2,2,4], [1,2,2,4] and [2,3]': () =>
    f.attention(q, q, x),
  'crossEntropy: shapes differ, [2,3] and [3]': () => f.crossEntropy()(x, f.input('labels', 'i32', [3])),
  'groupNorm: the channels of [2,3] are not in 2 equal groups': () => f.groupNorm(2, 1e-5)(x),
  'groupNorm: the operand needs at least 2 axes, got [3]': () => f.groupNorm(1, 1e-5)(f.input('r', 'f32', [3])),
  'extend: the operand needs at least 3 axes, got [2,3]': () =>
    f.extend('circular', [
      [1, 1],
      [0, 0],
      [0, 0]
    ])(x),
  'interpolateLinear: the operand needs at least 3 axes, got [2,3]': () => f.interpolateLinear([4])(x),
  'upsampleNearest: the operand needs at least 3 axes, got [2,3]': () => f.upsampleNearest([2])(x),
  'averagePool: the operand needs at least 3 axes, got [2,3]': () => f.averagePool(f.tiles([2]))(x),
  'maxPool: a box [5] by steps of [5], dilated by [1], has no place in [1,1,4]': () => f.maxPool(f.tiles([5]))(line),
  'maxPool: a box [1] by steps of [1], dilated by [1], has no place in [1,2,2,4]': () => f.maxPool(f.tiles([1]))(q),
  'deconvolve: [1,1,4] and weights [2,1,3] do not fit with stride [1], zeros [0] before and [0] after, dilation [1] and 1 group':
    () => f.deconvolve(f.plainly(1))(line, weights),
  'convolve: [1,1,4] and weights [2,1,3] do not fit with stride [1,1], zeros [0] before and [0] after, dilation [1] and 1 group':
    () => f.convolve({ ...f.plainly(1), stride: [1, 1] })(line, weights),
  'convolve: element types differ, f32 and i32; convert one with cast': () =>
    f.convolve(f.plainly(1))(line, f.cast('i32')(weights) as never),
  'tile: the operand needs at least 3 axes, got [2,3]': () => f.tile([1, 1, 2])(x),
  'repeat: axis 2 is out of range for [2,3]': () => f.repeat(2, 2)(x),
  'expandDims: axis 4 is out of range for [2,3]': () => f.expandDims(4)(x),
  'expandDims: axis -4 is out of range for [2,3]': () => f.expandDims(-4)(x),
  'stack: shapes differ, [2,3] and [3]': () => f.stack(0)([x, f.input('r', 'f32', [3])]),
  'concat: takes 1 operand, got 0': () => f.concat(0)([]),
  'stack: takes 1 operand, got 0': () => f.stack(0)([]),
  'narrow: axis 2 is out of range for [2,3]': () => f.narrow(2, 0, 1)(x),
  'argmax: axis 4 is out of range for [2,3]': () => f.argmax(4)(x),
  'expect: shape is [2,3], not [2,2]': () => f.expect([2, 2])(x),
  'concat: axis 2 is out of range for [2,3]': () => f.concat(2)([x, x]),
  'concat: shapes differ, [2,3] and [2,4]': () => f.concat(0)([x, f.input('r', 'f32', [2, 4])]),
  'concat: element types differ, f32 and i32; convert one with cast': () => f.concat(0)([x, f.cast('i32')(x) as never]),
  'split: 2 equal parts along axis 5 are not in [2,3]': () => f.split(2, 5)(x)[0] as Expr,
  'slice: [0] to [1] by [1] does not lie in [2,3]': () => f.slice([[0, 1, 1]])(x),
  'pad: low [-3,0], high [0,0] do not fit [2,3]': () =>
    f.pad([
      [-3, 0],
      [0, 0]
    ])(x),
  'transpose: [0,0] is not an order of the axes of [2,3]': () => f.transpose([0, 0])(x),
  'flip: axis 3 is out of range for [2,3]': () => f.flip([3])(x),
  'scatterAdd: nothing to index in [0]': () => f.scatterAdd(0, 0)(two, two),
  'addAlong: nothing to index in [0]': () => f.addAlong(0, 0)(two, two),
  'addAlong: shapes differ, [2,3] and [2,2]': () => f.addAlong(0, 3)(x, f.input('p', 'i32', [2, 2])),
  'takeAlong: shapes differ, [2,3] and [2]': () => f.takeAlong(1)(x, two),
  'contract: [-1] are not axes of [2,3], each named once': () => contraction([-1], [1]),
  'contract: [5] are not axes of [2,3], each named once': () => contraction([0], [5]),
  'contract: [1,1] are not axes of [2,3], each named once': () => contraction([1, 1], [0, 1]),
  'contract: inner sizes differ, [2,3] x [2,3]': () => contraction([0], [0, 1]),
  'slice: [0,0] to [2] by [1,1] does not lie in [2,3]': () => $.slice(x, { start: [0, 0], stop: [2], step: [1, 1] }),
  'pad: low [0,0], high [0] do not fit [2,3]': () => $.pad(x, { low: [0, 0], high: [0], interior: [0, 0], value: 0 }),
  'pad: low [0,0], high [0,0] do not fit [2,3]': () =>
    $.pad(x, { low: [0, 0], high: [0, 0], interior: [0, -1], value: 0 }),
  'broadcast: shapes differ, [1] and [4]': () => $.broadcast(f.input('o', 'f32', [1]), { shape: [4], axes: [-1] }),
  'rope: element types differ, f32 and i32; convert one with cast': () =>
    f.rope(q, f.input('c', 'i32', [2, 2]) as never, f.input('s', 'f32', [2, 2])),
  'triangularSolve: shapes differ, [2,2] and [3,2]': () =>
    f.triangularSolve()(f.input('l', 'f32', [2, 2]), f.input('b', 'f32', [3, 2]) as never),
  'triangularSolve: element types differ, f32 and i32; convert one with cast': () =>
    f.triangularSolve()(f.input('l', 'f32', [2, 2]), f.input('b', 'i32', [2, 2]) as never),
  'maskedSoftmax: needs a bool mask, got f32': () => f.maskedSoftmax(1)(x, x as never),
  'uniform: needs a key of two u32 words, got u32 [3]': () => f.uniform([3])(f.input('k', 'u32', [3]) as never),
  'add: shapes differ, [2,3] and [5]': () => f.attention(unfit, q, q)
}

describe('a call that fits nothing', () => {
  for (const [says, call] of Object.entries(misfits))
    it(`says ${says}`, () => {
      expect(faultsOf(call())).toEqual([says])
    })

  it('says no more than what was wrong with its operand', () => {
    const [wrong] = faultsOf(unfit)
    const calls = [
      f.maxPool(f.tiles([5])),
      f.groupNorm(5, 1e-5),
      f.extend('circular', [
        [1, 1],
        [1, 1],
        [1, 1]
      ])
    ]

    expect(calls.flatMap((call) => faultsOf(call(unfit)))).toEqual(calls.map(() => wrong))
    expect(faultsOf(f.stack(0)([unfit, x]))).toEqual([wrong])
    expect(faultsOf(f.crossEntropy()(unfit, two))).toEqual([wrong])
  })
})

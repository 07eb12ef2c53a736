/**
 * Wrong calls that the types let pass, since they do no arithmetic on sizes and do not count axes: each with all that is
 * wrong with the graph when it is built.
 */
import { customVjp } from '../../src/autodiff/custom.ts'
import { hessian, jacobian } from '../../src/autodiff/jacobian.ts'
import { scan } from '../../src/autodiff/scan.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import * as f from '../../src/ops/api.ts'
import type { Expr } from '../../src/ops/api.ts'

export interface Built {
  readonly made: () => Expr
  readonly sentences: ReadonlyArray<string>
}

/** The functions that a text calls. */
export const namesIn = (text: string): ReadonlyArray<string> => [...text.matchAll(/\w+(?=\()/g)].map(([name]) => name)

const wrong = (made: () => Expr, ...sentences: ReadonlyArray<string>): Built => ({ made, sentences })

const a = f.input('a', 'f32', [2, 3])
const b = f.input('b', 'f32', [4, 5])
const any: Expr<'f32'> = a
const flags = f.input('flags', 'bool', [2, 3])
const ids = f.input('ids', 'i32', [2, 3])
const x = f.input('x', 'f32', [1, 3, 4])
const words = f.input('words', 'u32', [3])
const none: Expr = f.input('none', 'f32', [])

const first = (xs: ReadonlyArray<Expr>): Expr => xs[0] ?? none

export const built: Readonly<Record<string, Built>> = {
  iota: wrong(() => f.iota([2, 3], 5, 'i32'), 'iota: axis 5 is out of range for [2,3]'),
  eye: wrong(() => f.eye(2.5), 'eye: [2.5,2.5] is no shape; sizes are whole numbers, 0 at least'),
  linspace: wrong(() => f.linspace(0, 1, -1), 'linspace: [-1] is no shape; sizes are whole numbers, 0 at least'),
  greater: wrong(() => f.greater(any, b), 'greater: shapes differ, [2,3] and [4,5]'),
  greaterEqual: wrong(() => f.greaterEqual(any, b), 'greaterEqual: shapes differ, [2,3] and [4,5]'),
  notEqual: wrong(() => f.notEqual(any, b), 'notEqual: shapes differ, [2,3] and [4,5]'),
  mod: wrong(() => f.mod(any, b), 'mod: shapes differ, [2,3] and [4,5]'),
  atan2: wrong(() => f.atan2(any, b), 'atan2: shapes differ, [2,3] and [4,5]'),
  'mod of others': wrong(
    () => f.mod(any, ids as never),
    'mod: element types differ, f32 and i32; convert one with cast'
  ),
  squeeze: wrong(() => f.squeeze(1)(a), 'squeeze: axis 1 of [2,3] has 3 elements, not 1'),
  'squeeze beyond': wrong(() => f.squeeze(4)(a), 'squeeze: axis 4 is out of range for [2,3]'),
  swapAxes: wrong(() => f.swapAxes(0, 2)(a), 'swapAxes: axis 2 is out of range for [2,3]'),
  flatten: wrong(() => f.flatten(2)(a), 'flatten: axis 2 is out of range for [2,3]'),
  unstack: wrong(() => first(f.unstack(-3)(a)), 'unstack: axis -3 is out of range for [2,3]'),
  std: wrong(() => f.std([4])(a), 'std: axis 4 is out of range for [2,3]'),
  norm: wrong(() => f.norm([4])(a), 'norm: axis 4 is out of range for [2,3]'),
  any: wrong(() => f.any([4])(flags), 'any: axis 4 is out of range for [2,3]'),
  all: wrong(() => f.all([4])(flags), 'all: axis 4 is out of range for [2,3]'),
  tril: wrong(() => f.tril()(none), 'tril: the operand needs at least 2 axes, got []'),
  'tril by half': wrong(() => f.tril(0.5)(a), 'tril: 0.5 is no i32'),
  triu: wrong(() => f.triu()(none), 'triu: the operand needs at least 2 axes, got []'),
  trace: wrong(() => f.trace(none as typeof any), 'trace: the operand needs at least 2 axes, got []'),
  solve: wrong(() => f.solve(a, b), 'solve: needs square matrices in the last two axes, got [2,3]'),
  'solve of others': wrong(() => f.solve(f.eye(3), b), 'solve: inner sizes differ, [3,3] x [4,5]'),
  binaryCrossEntropy: wrong(() => f.binaryCrossEntropy(a, b), 'binaryCrossEntropy: shapes differ, [2,3] and [4,5]'),
  gumbel: wrong(() => f.gumbel([3])(words), 'gumbel: needs a key of two u32 words, got u32 [3]'),
  hessian: wrong(
    () => hessian((p) => p)(a),
    'hessian: needs one number to differentiate, got [2,3]; take its sum or mean'
  ),
  'hessian of a mistake': wrong(
    () => hessian((p) => f.sum([4])(p as typeof any))(a),
    'sum: axis 4 is out of range for [2,3]'
  ),
  add: wrong(() => f.add(any, b), 'add: shapes differ, [2,3] and [4,5]'),
  pow: wrong(() => f.pow(ids as Expr, ids), 'pow: needs floats, got i32'),
  reshape: wrong(() => f.reshape([5, 2])(a), 'reshape: [2,3] does not have as many elements as [5,2]'),
  transpose: wrong(() => f.transpose([0, 0])(a), 'transpose: [0,0] is not an order of the axes of [2,3]'),
  broadcastTo: wrong(() => f.broadcastTo([4, 4])(a), 'broadcastTo: shapes differ, [2,3] and [4,4]'),
  expandDims: wrong(() => f.expandDims(7)(a), 'expandDims: axis 7 is out of range for [2,3]'),
  narrow: wrong(() => f.narrow(5, 0, 1)(a), 'narrow: axis 5 is out of range for [2,3]'),
  slice: wrong(
    () =>
      f.slice([
        [0, 9, 1],
        [0, 1, 1]
      ])(a),
    'slice: [0,0] to [9,1] by [1,1] does not lie in [2,3]'
  ),
  split: wrong(() => first(f.split(2, 1)(a)), 'split: 2 equal parts along axis 1 are not in [2,3]'),
  concat: wrong(() => f.concat(0)([a, b]), 'concat: shapes differ, [2,3] and [4,5]'),
  stack: wrong(() => f.stack(0)([a, b]), 'stack: shapes differ, [2,3] and [4,5]'),
  pad: wrong(
    () =>
      f.pad([
        [0, -9],
        [0, 0]
      ])(a),
    'pad: low [0,0], high [-9,0] do not fit [2,3]'
  ),
  flip: wrong(() => f.flip([4])(a), 'flip: axis 4 is out of range for [2,3]'),
  repeat: wrong(() => f.repeat(2, 4)(a), 'repeat: axis 4 is out of range for [2,3]'),
  tile: wrong(() => f.tile([2, 2, 2])(a), 'tile: the operand needs at least 3 axes, got [2,3]'),
  expect: wrong(() => f.expect([3, 2])(a), 'expect: shape is [2,3], not [3,2]'),
  roll: wrong(() => f.roll(1, 4)(a), 'roll: axis 4 is out of range for [2,3]'),
  sum: wrong(() => f.sum([4])(a), 'sum: axis 4 is out of range for [2,3]'),
  max: wrong(() => f.max([4])(a), 'max: axis 4 is out of range for [2,3]'),
  min: wrong(() => f.min([-3])(a), 'min: axis -1 is out of range for [2,3]'),
  prod: wrong(() => f.prod([4])(a), 'prod: axis 4 is out of range for [2,3]'),
  mean: wrong(() => f.mean([4])(a), 'mean: axis 4 is out of range for [2,3]'),
  variance: wrong(() => f.variance([4])(a), 'variance: axis 4 is out of range for [2,3]'),
  logSumExp: wrong(() => f.logSumExp([4])(a), 'logSumExp: axis 4 is out of range for [2,3]'),
  softmax: wrong(() => f.softmax(3)(a), 'softmax: axis 3 is out of range for [2,3]'),
  logSoftmax: wrong(() => f.logSoftmax(3)(a), 'logSoftmax: axis 3 is out of range for [2,3]'),
  maskedSoftmax: wrong(() => f.maskedSoftmax(3)(a, flags), 'maskedSoftmax: axis 3 is out of range for [2,3]'),
  normalise: wrong(() => f.normalise(1)(none), 'normalise: the operand needs at least 1 axes, got []'),
  rmsNormalise: wrong(() => f.rmsNormalise(1)(none), 'rmsNormalise: the operand needs at least 1 axes, got []'),
  groupNorm: wrong(() => f.groupNorm(2, 1)(x), 'groupNorm: the channels of [1,3,4] are not in 2 equal groups'),
  matmul: wrong(() => f.matmul(any, b), 'matmul: inner sizes differ, [2,3] x [4,5]'),
  contract: wrong(
    () => f.contract({ batch: [], over: [1] }, { batch: [], over: [0] })(a, b),
    'contract: inner sizes differ, [2,3] x [4,5]'
  ),
  einsum: wrong(() => f.einsum('ij,jk->ik')(any, b), "einsum: sizes differ, 'ij,jk->ik' of [2,3] and [4,5]"),
  attention: wrong(
    () => f.attention(x, x, x),
    'attention: needs [batch,queries,heads,d] and twice [batch,keys,heads,d], got [1,3,4], [1,3,4] and [1,3,4]'
  ),
  cumulativeSum: wrong(() => f.cumulativeSum(3)(a), 'cumulativeSum: axis 3 is out of range for [2,3]'),
  cumulativeProduct: wrong(() => f.cumulativeProduct(3)(a), 'cumulativeProduct: axis 3 is out of range for [2,3]'),
  sort: wrong(() => f.sort(3)(a), 'sort: axis 3 is out of range for [2,3]'),
  argsort: wrong(() => f.argsort(3)(a), 'argsort: axis 3 is out of range for [2,3]'),
  ranks: wrong(() => f.ranks(3)(a), 'ranks: axis 3 is out of range for [2,3]'),
  argmax: wrong(() => f.argmax(3)(a), 'argmax: axis 3 is out of range for [2,3]'),
  argmin: wrong(() => f.argmin(3)(a), 'argmin: axis 3 is out of range for [2,3]'),
  topK: wrong(() => f.topK(1, 4)(a).indices, 'topK: axis 4 is out of range for [2,3]'),
  take: wrong(() => f.take(4)(a, ids), 'take: axis 4 is out of range for [2,3]'),
  takeAlong: wrong(() => f.takeAlong(3)(a, ids), 'takeAlong: axis 3 is out of range for [2,3]'),
  scatterAdd: wrong(() => f.scatterAdd(0, 3)(b, ids), 'scatterAdd: shapes differ, [4,5] and [2,3]'),
  addAlong: wrong(() => f.addAlong(0, 3)(b, ids), 'addAlong: shapes differ, [4,5] and [2,3]'),
  rope: wrong(
    () => f.rope(a, a, a),
    'rope: needs [batch,tokens,heads,d] and twice [tokens,d/2], got [2,3], [2,3] and [2,3]'
  ),
  crossEntropy: wrong(() => f.crossEntropy()(b, ids), 'crossEntropy: shapes differ, [4,5] and [2,3]'),
  huber: wrong(() => f.huber(1)(a, b), 'huber: shapes differ, [2,3] and [4,5]'),
  cosineSimilarity: wrong(() => f.cosineSimilarity(1)(a, b), 'cosineSimilarity: shapes differ, [2,3] and [4,5]'),
  cholesky: wrong(() => f.cholesky()(a), 'cholesky: needs square matrices in the last two axes, got [2,3]'),
  inverse: wrong(() => f.inverse()(a), 'inverse: needs square matrices in the last two axes, got [2,3]'),
  triangularSolve: wrong(
    () => f.triangularSolve()(a, b),
    'triangularSolve: needs square matrices in the last two axes, got [2,3]'
  ),
  randomBits: wrong(() => f.randomBits([3])(words), 'randomBits: needs a key of two u32 words, got u32 [3]'),
  splitKey: wrong(() => first(f.splitKey(2)(words)), 'splitKey: needs a key of two u32 words, got u32 [3]'),
  uniform: wrong(() => f.uniform([3])(words), 'uniform: needs a key of two u32 words, got u32 [3]'),
  normal: wrong(() => f.normal([4])(words), 'normal: needs a key of two u32 words, got u32 [3]'),
  bernoulli: wrong(() => f.bernoulli(0.5, [3])(words), 'bernoulli: needs a key of two u32 words, got u32 [3]'),
  dropout: wrong(() => f.dropout(0.5)(words)(a), 'dropout: needs a key of two u32 words, got u32 [3]'),
  categorical: wrong(() => f.categorical(1)(words)(a), 'categorical: needs a key of two u32 words, got u32 [3]'),
  permutation: wrong(() => f.permutation(3)(words), 'permutation: needs a key of two u32 words, got u32 [3]'),
  convolve: wrong(
    () => f.convolve(f.plainly(1))(x, f.input('w', 'f32', [1, 2, 2])),
    'convolve: [1,3,4] and weights [1,2,2] do not fit with stride [1], zeros [0] before and [0] after, dilation [1] and 1 group'
  ),
  deconvolve: wrong(
    () => f.deconvolve(f.plainly(1))(x, x),
    'deconvolve: [1,3,4] and weights [1,3,4] do not fit with stride [1], zeros [0] before and [0] after, dilation [1] and 1 group'
  ),
  averagePool: wrong(
    () => f.averagePool({ ...f.tiles([9]), stride: [1] })(x),
    'averagePool: a box [9] by steps of [1], dilated by [1], has no place in [1,3,4]'
  ),
  maxPool: wrong(
    () => f.maxPool({ ...f.tiles([9]), stride: [1] })(x),
    'maxPool: a box [9] by steps of [1], dilated by [1], has no place in [1,3,4]'
  ),
  upsampleNearest: wrong(
    () => f.upsampleNearest([2, 2])(x),
    'upsampleNearest: the operand needs at least 4 axes, got [1,3,4]'
  ),
  interpolateLinear: wrong(
    () => f.interpolateLinear([2, 2])(x),
    'interpolateLinear: the operand needs at least 4 axes, got [1,3,4]'
  ),
  extend: wrong(
    () =>
      f.extend('reflect', [
        [0, 0],
        [0, 0],
        [0, 0],
        [1, 1]
      ])(x),
    'extend: the operand needs at least 4 axes, got [1,3,4]'
  ),
  vmap: wrong(
    () => vmap(([p]: readonly [Expr<'f32'>, Expr<'f32'>]) => p)([a, b] as never),
    'vmap: shapes differ, [2,3] and [4,5]'
  ),
  scan: wrong(
    () =>
      scan((c: Expr<'f32'>, row: Expr<'f32'>) => ({ carry: f.sum('all')(c) as Expr<'f32'>, output: row }))(any, b)
        .carry,
    'scan: shapes differ, [2,3] and []'
  ),
  jacobian: wrong(
    () => jacobian((p) => f.transpose([0, 0])(p))(a),
    'transpose: [0,0] is not an order of the axes of [2,3]'
  ),
  customVjp: wrong(
    () =>
      jacobian(
        customVjp(
          (p: Expr) => p,
          () => [b]
        )
      )(a),
    'customVjp: shapes differ, [4,5] and [2,3]'
  )
}

/**
 * A call of every public function of the language with operands, whose element types may be others: what
 * `kinds.test.ts` runs through all element types and `names.test.ts` through shapes that do not fit.
 */
import type { DType } from '../../src/core/DType.ts'
import { input, type Expr, type Type } from '../../src/core/Expr.ts'
import type { Shape } from '../../src/core/Shape.ts'
import * as f from '../../src/ops/api.ts'

/** A call, whose types say nothing: they are what is put to the test. */
type Call = (operands: ReadonlyArray<never>, dtype: DType) => Expr | ReadonlyArray<Expr>

/** An operand of the element type that is tried, or always of its own. */
type Operand = Shape | Type

export interface Sample {
  readonly operands: ReadonlyArray<Operand>
  readonly call: Call
}

const isShape = (operand: Operand): operand is Shape => Array.isArray(operand)

/** The operands of a call, by name. */
export const operandsOf = (name: string, { operands }: Sample, dtype: DType): ReadonlyMap<string, Type> =>
  new Map(
    operands.map((operand, i) => [`${name} ${i}`, isShape(operand) ? { dtype, shape: operand } : operand] as const)
  )

/** The result of the call, on inputs of these types and names. */
export const callOf = ({ call }: Sample, inputs: ReadonlyMap<string, Type>, dtype: DType): ReadonlyArray<Expr> => {
  const operands = [...inputs].map(([name, type]) => input(name, type.dtype, type.shape) as never)
  return [call(operands, dtype)].flat()
}

const of = (operands: ReadonlyArray<Operand>, call: Call): Sample => ({ operands, call })
const onOne = (call: (x: never) => Expr | ReadonlyArray<Expr>, shape: Shape = [2, 3]): Sample =>
  of([shape], ([x = absent]) => call(x))
const onTwo = (call: (x: never, y: never) => Expr, left: Operand = [2, 3], right: Operand = [3]): Sample =>
  of([left, right], ([x = absent, y = absent]) => call(x, y))

const absent = undefined as never
const ints = (...shape: Shape): Type => ({ dtype: 'i32', shape })
const flags = (...shape: Shape): Type => ({ dtype: 'bool', shape })
const key: Type = { dtype: 'u32', shape: [2] }
const box = { box: [2], stride: [1], padding: [[1, 1]] } as const

const elements: Readonly<Record<string, Sample>> = {
  neg: onOne(f.neg),
  abs: onOne(f.abs),
  sign: onOne(f.sign),
  floor: onOne(f.floor),
  ceil: onOne(f.ceil),
  round: onOne(f.round),
  exp2: onOne(f.exp2),
  log2: onOne(f.log2),
  tan: onOne(f.tan),
  atan: onOne(f.atan),
  asin: onOne(f.asin),
  acos: onOne(f.acos),
  logSigmoid: onOne(f.logSigmoid),
  elu: onOne((x) => f.elu(2)(x)),
  isNaN: onOne(f.isNaN),
  isFinite: onOne(f.isFinite),
  exp: onOne(f.exp),
  log: onOne(f.log),
  sqrt: onOne(f.sqrt),
  rsqrt: onOne(f.rsqrt),
  reciprocal: onOne(f.reciprocal),
  sin: onOne(f.sin),
  cos: onOne(f.cos),
  tanh: onOne(f.tanh),
  sigmoid: onOne(f.sigmoid),
  erf: onOne(f.erf),
  erfinv: onOne(f.erfinv),
  expm1: onOne(f.expm1),
  log1p: onOne(f.log1p),
  relu: onOne(f.relu),
  not: onOne(f.not),
  geluTanh: onOne(f.geluTanh),
  gelu: onOne(f.gelu),
  silu: onOne(f.silu),
  softplus: onOne(f.softplus),
  stopGradient: onOne(f.stopGradient),
  square: onOne(f.square),
  scale: onOne((x) => f.scale(3)(x)),
  offset: onOne((x) => f.offset(3)(x)),
  clamp: onOne((x) => f.clamp(1, 3)(x)),
  leakyRelu: onOne((x) => f.leakyRelu(2)(x)),
  zerosLike: onOne(f.zerosLike),
  add: onTwo(f.add),
  sub: onTwo(f.sub),
  mul: onTwo(f.mul),
  div: onTwo(f.div),
  mod: onTwo(f.mod),
  atan2: onTwo(f.atan2),
  greater: onTwo(f.greater),
  greaterEqual: onTwo(f.greaterEqual),
  notEqual: onTwo(f.notEqual),
  pow: onTwo(f.pow),
  maximum: onTwo(f.maximum),
  minimum: onTwo(f.minimum),
  less: onTwo(f.less),
  lessEqual: onTwo(f.lessEqual),
  equal: onTwo(f.equal),
  and: onTwo(f.and),
  or: onTwo(f.or),
  where: of([flags(2, 1), [2, 3], [3]], ([c = absent, x = absent, y = absent]) => f.where(c, x, y)),
  cast: onOne((x) => [f.cast('f32')(x), f.cast('i32')(x), f.cast('u32')(f.abs(f.cast('f32')(x))), f.cast('bool')(x)])
}

const views: Readonly<Record<string, Sample>> = {
  iota: of([], (_, dtype) => f.iota([2, 3], 1, dtype as 'f32')),
  reshape: onOne((x) => f.reshape([3, 2])(x)),
  transpose: onOne((x) => f.transpose([1, 0])(x)),
  broadcastTo: onOne((x) => f.broadcastTo([2, 2, 3])(x)),
  expandDims: onOne((x) => f.expandDims(1)(x)),
  swapAxes: onOne((x) => f.swapAxes(0, -1)(x)),
  squeeze: onOne((x) => f.squeeze(1)(x), [2, 1, 3]),
  flatten: onOne((x) => f.flatten(1)(x), [2, 1, 3]),
  unstack: onOne((x) => f.unstack(1)(x)),
  narrow: onOne((x) => f.narrow(1, 1, 3)(x)),
  slice: onOne((x) =>
    f.slice([
      [0, 2, 1],
      [0, 3, 2]
    ])(x)
  ),
  split: onOne((x) => f.split(3, 1)(x)),
  concat: onTwo((x, y) => f.concat(0)([x, y]), [2, 3], [1, 3]),
  stack: onTwo((x, y) => f.stack(1)([x, y]), [2, 3], [2, 3]),
  pad: onOne((x) =>
    f.pad(
      [
        [1, 0],
        [0, 2]
      ],
      1
    )(x)
  ),
  flip: onOne((x) => f.flip([1])(x)),
  repeat: onOne((x) => f.repeat(2, 0)(x)),
  tile: onOne((x) => f.tile([2, 2])(x)),
  expect: onOne((x) => f.expect([2, 3])(x)),
  roll: onOne((x) => f.roll(1, 1)(x))
}

const folds: Readonly<Record<string, Sample>> = {
  sum: onOne((x) => f.sum([1])(x)),
  max: onOne((x) => f.max([1])(x)),
  min: onOne((x) => f.min([0])(x)),
  prod: onOne((x) => f.prod([1])(x)),
  mean: onOne((x) => f.mean([1])(x)),
  variance: onOne((x) => f.variance([1])(x)),
  std: onOne((x) => f.std([1])(x)),
  norm: onOne((x) => f.norm([1])(x)),
  any: onOne((x) => f.any([1])(x)),
  all: onOne((x) => f.all([0])(x)),
  logSumExp: onOne((x) => f.logSumExp([1])(x)),
  softmax: onOne((x) => f.softmax(1)(x)),
  logSoftmax: onOne((x) => f.logSoftmax(1)(x)),
  maskedSoftmax: onTwo((x, m) => f.maskedSoftmax(1)(x, m), [2, 3], flags(3)),
  normalise: onOne((x) => f.normalise(1)(x)),
  rmsNormalise: onOne((x) => f.rmsNormalise(1)(x)),
  groupNorm: onOne((x) => f.groupNorm(2, 1)(x), [2, 4, 3]),
  cumulativeSum: onOne((x) => f.cumulativeSum(1)(x)),
  cumulativeProduct: onOne((x) => f.cumulativeProduct(1)(x))
}

const products: Readonly<Record<string, Sample>> = {
  matmul: onTwo(f.matmul, [2, 3], [3, 4]),
  contract: onTwo(
    (x, y) => f.contract({ batch: [0], over: [2] }, { batch: [0], over: [1] })(x, y),
    [2, 3, 4],
    [2, 4, 2]
  ),
  einsum: onTwo((x, y) => f.einsum('ij,jk->ik')(x, y), [2, 3], [3, 4]),
  attention: of(
    [
      [1, 2, 2, 4],
      [1, 3, 2, 4],
      [1, 3, 2, 4],
      [2, 3]
    ],
    ([q = absent, k = absent, v = absent, b = absent]) => f.attention(q, k, v, b)
  ),
  rope: of(
    [
      [1, 3, 2, 4],
      [3, 2],
      [3, 2]
    ],
    ([x = absent, c = absent, s = absent]) => f.rope(x, c, s)
  ),
  cholesky: onOne((a) => f.cholesky(8)(a), [2, 3, 3]),
  inverse: onOne((a) => f.inverse(8)(a), [2, 3, 3]),
  solve: onTwo((a, b) => f.solve(a, b), [2, 3, 3], [2, 3, 2]),
  tril: onOne((x) => f.tril(-1)(x), [2, 2, 3]),
  triu: onOne((x) => f.triu()(x), [2, 2, 3]),
  trace: onOne(f.trace, [2, 2, 3]),
  triangularSolve: onTwo((l, b) => f.triangularSolve()(l, b), [3, 3], [3, 2]),
  convolve: onTwo((x, w) => f.convolve(f.plainly(1))(x, w), [1, 2, 5], [3, 2, 2]),
  deconvolve: onTwo((y, w) => f.deconvolve(f.plainly(1))(y, w), [1, 3, 4], [3, 2, 2]),
  averagePool: onOne((x) => [f.averagePool(box)(x), f.averagePool(f.tiles([2]))(x)], [1, 2, 5]),
  maxPool: onOne((x) => [f.maxPool(box)(x), f.maxPool(f.tiles([2]))(x)], [1, 2, 5]),
  upsampleNearest: onOne((x) => f.upsampleNearest([2])(x), [1, 2, 3]),
  interpolateLinear: onOne((x) => f.interpolateLinear([5])(x), [1, 2, 3]),
  extend: onOne(
    (x) =>
      f.extend('reflect', [
        [0, 0],
        [1, 2]
      ])(x),
    [2, 4]
  )
}

const places: Readonly<Record<string, Sample>> = {
  take: onTwo((x, i) => f.take(0)(x, i), [2, 3], ints(2, 2)),
  takeAlong: onTwo((x, i) => f.takeAlong(1)(x, i), [2, 3], ints(2, 2)),
  scatterAdd: onTwo((x, i) => f.scatterAdd(0, 3)(x, i), [2, 3], ints(2)),
  addAlong: onTwo((x, i) => f.addAlong(1, 4)(x, i), [2, 3], ints(2, 3)),
  oneHot: of([[2]], ([i = absent]) => f.oneHot(3)(i)),
  argmax: onOne((x) => f.argmax(1)(x)),
  argmin: onOne((x) => f.argmin(1)(x)),
  topK: onOne((x) => Object.values(f.topK(2, 1)(x))),
  ranks: onOne((x) => f.ranks(1)(x)),
  argsort: onOne((x) => f.argsort(1)(x)),
  sort: onOne((x) => f.sort(1, 'descending')(x)),
  crossEntropy: onTwo((x, l) => f.crossEntropy()(x, l), [2, 3], ints(2)),
  binaryCrossEntropy: onTwo(f.binaryCrossEntropy, [2, 3], [2, 3]),
  huber: onTwo((x, y) => f.huber(1)(x, y), [2, 3], [2, 3]),
  cosineSimilarity: onTwo((x, y) => f.cosineSimilarity(1)(x, y), [2, 3], [2, 3])
}

const random: Readonly<Record<string, Sample>> = {
  randomBits: of([[2]], ([k = absent]) => f.randomBits([3])(k)),
  splitKey: of([[2]], ([k = absent]) => f.splitKey(2)(k)),
  uniform: of([[2]], ([k = absent]) => f.uniform([3])(k)),
  normal: of([[2]], ([k = absent]) => f.normal([3])(k)),
  gumbel: of([[2]], ([k = absent]) => f.gumbel([3])(k)),
  bernoulli: of([[2]], ([k = absent]) => f.bernoulli(0.5, [3])(k)),
  permutation: of([[2]], ([k = absent]) => f.permutation(5)(k)),
  dropout: onTwo((k, x) => f.dropout(0.5)(k)(x), key, [2, 3]),
  categorical: onTwo((k, x) => f.categorical(1)(k)(x), key, [2, 3])
}

export const samples: Readonly<Record<string, Sample>> = {
  ...elements,
  ...views,
  ...folds,
  ...products,
  ...places,
  ...random
}

/** Makes no tensor of tensors: constants, names, settings. */
const beginnings: ReadonlySet<string> = new Set([
  'input',
  'dim',
  'scalar',
  'constant',
  'embed',
  'fill',
  'eye',
  'linspace',
  'plainly',
  'tiles'
])

/** The functions that are to have a sample. */
export const sampled: ReadonlyArray<string> = Object.entries(f).flatMap(([name, value]) =>
  typeof value === 'function' && !beginnings.has(name) ? [name] : []
)

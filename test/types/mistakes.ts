/**
 * Wrong calls, each below the sentence that the editor must show there. `messages.test.ts` compares the sentences with
 * the compiler's, and with those that the same mistakes give when the graph is built.
 */
import { pipe } from '../../src/core/fp.ts'
import { checkpoint } from '../../src/autodiff/checkpoint.ts'
import { customJvp, customVjp } from '../../src/autodiff/custom.ts'
import { differenceAt, finiteDifference, modeOf } from '../../src/autodiff/finiteDifference.ts'
import { grad, gradOf, pullback, valueAndGrad } from '../../src/autodiff/grad.ts'
import { hessian, hessianVectorProduct, jacobian } from '../../src/autodiff/jacobian.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { iterate, scan } from '../../src/autodiff/scan.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import type { Expr } from '../../src/core/Expr.ts'
import type { Batch, Jvp, Primitive, Vjp } from '../../src/core/Op.ts'
import {
  abs,
  add,
  acos,
  addAlong,
  all,
  and,
  any,
  argmax,
  argmin,
  argsort,
  asin,
  atan,
  atan2,
  attention,
  averagePool,
  bernoulli,
  binaryCrossEntropy,
  cast,
  categorical,
  ceil,
  cholesky,
  clamp,
  constant,
  contract,
  convolve,
  cos,
  cosineSimilarity,
  crossEntropy,
  cumulativeProduct,
  cumulativeSum,
  deconvolve,
  dim,
  div,
  dropout,
  einsum,
  elu,
  embed,
  equal,
  erf,
  erfinv,
  exp,
  exp2,
  expm1,
  extend,
  fill,
  floor,
  gelu,
  geluTanh,
  greater,
  greaterEqual,
  groupNorm,
  gumbel,
  huber,
  input,
  interpolateLinear,
  inverse,
  iota,
  isFinite,
  isNaN,
  leakyRelu,
  less,
  lessEqual,
  log,
  log1p,
  log2,
  logSigmoid,
  logSoftmax,
  logSumExp,
  maskedSoftmax,
  matmul,
  max,
  maximum,
  maxPool,
  mean,
  min,
  minimum,
  mod,
  mul,
  neg,
  norm,
  normal,
  normalise,
  not,
  notEqual,
  offset,
  oneHot,
  or,
  permutation,
  plainly,
  pow,
  prod,
  randomBits,
  ranks,
  reciprocal,
  relu,
  rmsNormalise,
  rope,
  round,
  rsqrt,
  scalar,
  scale,
  scatterAdd,
  sigmoid,
  sign,
  silu,
  sin,
  softmax,
  softplus,
  solve,
  sort,
  splitKey,
  sqrt,
  square,
  std,
  stopGradient,
  sub,
  sum,
  take,
  takeAlong,
  tan,
  tanh,
  tiles,
  topK,
  trace,
  triangularSolve,
  uniform,
  upsampleNearest,
  variance,
  where,
  zerosLike
} from '../../src/ops/api.ts'

const a = input('a', 'f32', [2, 3])
const b = input('b', 'f32', [4, 5])
const half = input('half', 'f16', [2, 3])
const flags = input('flags', 'bool', [2, 3])
const batch = dim('batch', 8)
const tokens = dim('tokens', 4)
const h = input('h', 'f32', [batch, tokens, 16])
const k = input('k', 'f32', [tokens, batch, 16])
const m = input('m', 'f32', [batch, 16, 5])
const w = input('w', 'f32', [batch, tokens, 5])
const v = input('v', 'f32', [3])
const same = (x: typeof a): typeof a => x

// @ts-expect-error matmul: inner sizes differ, [2,3] x [4,5]
export const inner: unknown = matmul(a, b)

// @ts-expect-error matmul: inner sizes differ, [batch,tokens,16] x [batch,tokens,5]
export const named: unknown = matmul(h, w)

// @ts-expect-error matmul: leading axes differ, [tokens,batch,16] x [batch,16,5]
export const leading: unknown = matmul(k, m)

// @ts-expect-error matmul: left operand needs at least 2 axes, got [3]
export const left: unknown = matmul(v, b)

// @ts-expect-error matmul: right operand needs at least 2 axes, got [3]
export const right: unknown = matmul(a, v)

// @ts-expect-error add: shapes differ, [2,3] and [4,5]
export const shapes: unknown = add(a, b)

// @ts-expect-error add: shapes differ, [batch,tokens,16] and [tokens,batch,16]
export const order: unknown = add(h, k)

// @ts-expect-error mul: shapes differ, [4,5] and [2,3]
export const piped: unknown = pipe(b, mul(a))

// @ts-expect-error less: shapes differ, [2,3] and [4,5]
export const compared: unknown = less(a, b)

// @ts-expect-error where: shapes differ, [2,3] and [4,5]
export const chosen: unknown = where(flags, a, b)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const types: unknown = add(a, half)

// @ts-expect-error Type '"f32"' is not assignable to type '"bool"'.
export const condition: unknown = where(a, a, a)

// @ts-expect-error einsum: sizes differ, 'ij,ik->jk' of [2,3] and [4,5]
export const summed: unknown = einsum('ij,ik->jk')(a, b)

// @ts-expect-error einsum: 'i j k, k j -> i' does not name the axes of [2,3] and [4,5]
export const unnamed: unknown = einsum('i j k, k j -> i')(a, b)

// @ts-expect-error einsum: 'iij->j' does not name the axes of [2,3]
export const unary: unknown = einsum('iij->j')(a)

// @ts-expect-error einsum: sizes differ, 'x y z, y x z -> z' of [batch,tokens,16] and [tokens,batch,5]
export const mixed: unknown = einsum('x y z, y x z -> z')(h, input('n', 'f32', [tokens, batch, 5]))

// What is built on a mistake has an unknown shape: one mistake is one error.
// @ts-expect-error pow: shapes differ, [2,3] and [4,5]
export const once: unknown = add(pow(a, b), input('other', 'f32', [7]))

// element types ----------------------------------------------------------------------------

// @ts-expect-error exp: needs floats, got bool
export const of_exp: unknown = exp(flags)

// @ts-expect-error log: needs floats, got bool
export const of_log: unknown = log(flags)

// @ts-expect-error sqrt: needs floats, got bool
export const of_sqrt: unknown = sqrt(flags)

// @ts-expect-error rsqrt: needs floats, got bool
export const of_rsqrt: unknown = rsqrt(flags)

// @ts-expect-error reciprocal: needs floats, got bool
export const of_reciprocal: unknown = reciprocal(flags)

// @ts-expect-error sin: needs floats, got bool
export const of_sin: unknown = sin(flags)

// @ts-expect-error cos: needs floats, got bool
export const of_cos: unknown = cos(flags)

// @ts-expect-error tanh: needs floats, got bool
export const of_tanh: unknown = tanh(flags)

// @ts-expect-error sigmoid: needs floats, got bool
export const of_sigmoid: unknown = sigmoid(flags)

// @ts-expect-error erf: needs floats, got bool
export const of_erf: unknown = erf(flags)

// @ts-expect-error erfinv: needs floats, got bool
export const of_erfinv: unknown = erfinv(flags)

// @ts-expect-error expm1: needs floats, got bool
export const of_expm1: unknown = expm1(flags)

// @ts-expect-error log1p: needs floats, got bool
export const of_log1p: unknown = log1p(flags)

// @ts-expect-error relu: needs floats, got bool
export const of_relu: unknown = relu(flags)

// @ts-expect-error floor: needs floats, got bool
export const of_floor: unknown = floor(flags)

// @ts-expect-error neg: needs signed numbers, got bool
export const of_neg: unknown = neg(flags)

// @ts-expect-error abs: needs signed numbers, got bool
export const of_abs: unknown = abs(flags)

// @ts-expect-error sign: needs signed numbers, got bool
export const of_sign: unknown = sign(flags)

// @ts-expect-error not: needs truth values, got f32
export const of_not: unknown = not(a)

// @ts-expect-error ceil: needs floats, got bool
export const of_ceil: unknown = ceil(flags)

// @ts-expect-error round: needs floats, got bool
export const of_round: unknown = round(flags)

// @ts-expect-error exp2: needs floats, got bool
export const of_exp2: unknown = exp2(flags)

// @ts-expect-error log2: needs floats, got bool
export const of_log2: unknown = log2(flags)

// @ts-expect-error tan: needs floats, got bool
export const of_tan: unknown = tan(flags)

// @ts-expect-error logSigmoid: needs floats, got bool
export const of_logSigmoid: unknown = logSigmoid(flags)

// @ts-expect-error isNaN: needs floats, got bool
export const of_isNaN: unknown = isNaN(flags)

// @ts-expect-error isFinite: needs floats, got bool
export const of_isFinite: unknown = isFinite(flags)

// @ts-expect-error atan: needs floats, got bool
export const of_atan: unknown = atan(flags)

// @ts-expect-error asin: needs floats, got bool
export const of_asin: unknown = asin(flags)

// @ts-expect-error acos: needs floats, got bool
export const of_acos: unknown = acos(flags)

// @ts-expect-error elu: needs floats, got bool
export const of_elu: unknown = elu()(flags)

// @ts-expect-error std: needs floats, got bool
export const of_std: unknown = std([1])(flags)

// @ts-expect-error norm: needs floats, got bool
export const of_norm: unknown = norm([1])(flags)

// @ts-expect-error any: needs truth values, got f32
export const of_any: unknown = any([1])(a)

// @ts-expect-error all: needs truth values, got f32
export const of_all: unknown = all([1])(a)

// @ts-expect-error trace: needs numbers, got bool
export const of_trace: unknown = trace(flags)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_solve: unknown = () => solve(half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_binaryCrossEntropy: unknown = () => binaryCrossEntropy(half, half)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_gumbel: unknown = () => gumbel([2])(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"bool"'.
export const of_and: unknown = () => and(a, a)

// @ts-expect-error Type '"f32"' is not assignable to type '"bool"'.
export const of_or: unknown = () => or(a, a)

// @ts-expect-error Type '"f32"' is not assignable to type '"i32"'.
export const of_take: unknown = () => take(0)(a, a)

// @ts-expect-error Type '"f32"' is not assignable to type '"i32"'.
export const of_takeAlong: unknown = () => takeAlong(0)(a, a)

// @ts-expect-error Type '"f32"' is not assignable to type '"i32"'.
export const of_scatterAdd: unknown = () => scatterAdd(0, 2)(a, a)

// @ts-expect-error Type '"f32"' is not assignable to type '"i32"'.
export const of_addAlong: unknown = () => addAlong(0, 2)(a, a)

// @ts-expect-error Type '"f32"' is not assignable to type '"i32"'.
export const of_crossEntropy: unknown = () => crossEntropy()(a, a)

// @ts-expect-error Type '"f32"' is not assignable to type '"i32"'.
export const of_oneHot: unknown = () => oneHot(3)(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_randomBits: unknown = () => randomBits([2])(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_splitKey: unknown = () => splitKey(2)(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_uniform: unknown = () => uniform([2])(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_normal: unknown = () => normal([2])(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_bernoulli: unknown = () => bernoulli(0.5, [2])(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_dropout: unknown = () => dropout(0.5)(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_categorical: unknown = () => categorical(0)(a)

// @ts-expect-error Type '"f32"' is not assignable to type '"u32"'.
export const of_permutation: unknown = () => permutation(3)(a)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_attention: unknown = () => attention(half, half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_rope: unknown = () => rope(half, half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_cholesky: unknown = () => cholesky()(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_inverse: unknown = () => inverse()(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_triangularSolve: unknown = () => triangularSolve()(half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_topK: unknown = () => topK(1, 0)(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_huber: unknown = () => huber(1)(half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_cosineSimilarity: unknown = () => cosineSimilarity(0)(half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_convolve: unknown = () => convolve(plainly(1))(half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_deconvolve: unknown = () => deconvolve(plainly(1))(half, half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_averagePool: unknown = () => averagePool(tiles([2]))(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_maxPool: unknown = () => maxPool(tiles([2]))(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_upsampleNearest: unknown = () => upsampleNearest([2])(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_interpolateLinear: unknown = () => interpolateLinear([2])(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_extend: unknown = () => extend('reflect', [[1, 1]])(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_groupNorm: unknown = () => groupNorm(1, 1)(half)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const of_contract: unknown = () => contract({ batch: [], over: [0] }, { batch: [], over: [0] })(a, half)

// @ts-expect-error Type '"f32"' is not assignable to type '"bool"'.
export const of_maskedSoftmax: unknown = () => maskedSoftmax(0)(a, a)

// truth values are no numbers ---------------------------------------------------------------

// @ts-expect-error add: needs numbers, got bool
export const flags_add: unknown = add(flags, flags)

// @ts-expect-error sub: needs numbers, got bool
export const flags_sub: unknown = sub(flags, flags)

// @ts-expect-error mul: needs numbers, got bool
export const flags_mul: unknown = mul(flags, flags)

// @ts-expect-error div: needs numbers, got bool
export const flags_div: unknown = div(flags, flags)

// @ts-expect-error maximum: needs numbers, got bool
export const flags_maximum: unknown = maximum(flags, flags)

// @ts-expect-error minimum: needs numbers, got bool
export const flags_minimum: unknown = minimum(flags, flags)

// @ts-expect-error less: needs numbers, got bool
export const flags_less: unknown = less(flags, flags)

// @ts-expect-error lessEqual: needs numbers, got bool
export const flags_lessEqual: unknown = lessEqual(flags, flags)

// @ts-expect-error mod: needs numbers, got bool
export const flags_mod: unknown = mod(flags, flags)

// @ts-expect-error atan2: needs floats, got bool
export const flags_atan2: unknown = atan2(flags, flags)

// @ts-expect-error greater: needs numbers, got bool
export const flags_greater: unknown = greater(flags, flags)

// @ts-expect-error greaterEqual: needs numbers, got bool
export const flags_greaterEqual: unknown = greaterEqual(flags, flags)

// @ts-expect-error pow: needs floats, got bool
export const flags_pow: unknown = pow(flags, flags)

// @ts-expect-error square: needs numbers, got bool
export const flags_square: unknown = square(flags)

// @ts-expect-error scale: needs numbers, got bool
export const flags_scale: unknown = scale(2)(flags)

// @ts-expect-error offset: needs numbers, got bool
export const flags_offset: unknown = offset(2)(flags)

// @ts-expect-error clamp: needs numbers, got bool
export const flags_clamp: unknown = clamp(0, 1)(flags)

// @ts-expect-error leakyRelu: needs floats, got bool
export const flags_leakyRelu: unknown = leakyRelu(2)(flags)

// @ts-expect-error geluTanh: needs floats, got bool
export const flags_geluTanh: unknown = geluTanh(flags)

// @ts-expect-error gelu: needs floats, got bool
export const flags_gelu: unknown = gelu(flags)

// @ts-expect-error silu: needs floats, got bool
export const flags_silu: unknown = silu(flags)

// @ts-expect-error softplus: needs floats, got bool
export const flags_softplus: unknown = softplus(flags)

// @ts-expect-error sum: needs numbers, got bool
export const flags_sum: unknown = sum([1])(flags)

// @ts-expect-error max: needs numbers, got bool
export const flags_max: unknown = max([1])(flags)

// @ts-expect-error min: needs numbers, got bool
export const flags_min: unknown = min([1])(flags)

// @ts-expect-error prod: needs numbers, got bool
export const flags_prod: unknown = prod([1])(flags)

// @ts-expect-error mean: needs floats, got bool
export const flags_mean: unknown = mean([1])(flags)

// @ts-expect-error variance: needs floats, got bool
export const flags_variance: unknown = variance([1])(flags)

// @ts-expect-error logSumExp: needs floats, got bool
export const flags_logSumExp: unknown = logSumExp([1])(flags)

// @ts-expect-error softmax: needs floats, got bool
export const flags_softmax: unknown = softmax(1)(flags)

// @ts-expect-error logSoftmax: needs floats, got bool
export const flags_logSoftmax: unknown = logSoftmax(1)(flags)

// @ts-expect-error maskedSoftmax: needs floats, got bool
export const flags_maskedSoftmax: unknown = maskedSoftmax(1)(flags, flags)

// @ts-expect-error normalise: needs floats, got bool
export const flags_normalise: unknown = normalise(1)(flags)

// @ts-expect-error rmsNormalise: needs floats, got bool
export const flags_rmsNormalise: unknown = rmsNormalise(1)(flags)

// @ts-expect-error matmul: needs numbers, got bool
export const flags_matmul: unknown = matmul(flags, input('three', 'bool', [3, 2]))

// @ts-expect-error contract: needs numbers, got bool
export const flags_contract: unknown = contract({ batch: [0], over: [1] }, { batch: [0], over: [1] })(flags, flags)

// @ts-expect-error Argument of type '"bool"' is not assignable to parameter of type '"bf16" | "f16" | "f32" | "i32" | "u32"'.
export const flags_iota: unknown = () => iota([2, 3], 1, 'bool')

// @ts-expect-error cumulativeSum: needs numbers, got bool
export const flags_cumulativeSum: unknown = cumulativeSum(1)(flags)

// @ts-expect-error cumulativeProduct: needs numbers, got bool
export const flags_cumulativeProduct: unknown = cumulativeProduct(1)(flags)

// @ts-expect-error argmax: needs numbers, got bool
export const flags_argmax: unknown = argmax(1)(flags)

// @ts-expect-error argmin: needs numbers, got bool
export const flags_argmin: unknown = argmin(1)(flags)

// @ts-expect-error ranks: needs numbers, got bool
export const flags_ranks: unknown = ranks(1)(flags)

// @ts-expect-error argsort: needs numbers, got bool
export const flags_argsort: unknown = argsort(1)(flags)

// @ts-expect-error sort: needs numbers, got bool
export const flags_sort: unknown = sort(1)(flags)

// @ts-expect-error scatterAdd: needs numbers, got bool
export const flags_scatterAdd: unknown = scatterAdd(0, 3)(flags, input('ids', 'i32', [2]))

// @ts-expect-error addAlong: needs numbers, got bool
export const flags_addAlong: unknown = addAlong(1, 3)(flags, input('places', 'i32', [2, 3]))

// broadcasting ---------------------------------------------------------------------------

// @ts-expect-error sub: shapes differ, [2,3] and [4,5]
export const shapes_sub: unknown = sub(a, b)

// @ts-expect-error div: shapes differ, [2,3] and [4,5]
export const shapes_div: unknown = div(a, b)

// @ts-expect-error maximum: shapes differ, [2,3] and [4,5]
export const shapes_maximum: unknown = maximum(a, b)

// @ts-expect-error minimum: shapes differ, [2,3] and [4,5]
export const shapes_minimum: unknown = minimum(a, b)

// @ts-expect-error lessEqual: shapes differ, [2,3] and [4,5]
export const shapes_lessEqual: unknown = lessEqual(a, b)

// @ts-expect-error equal: shapes differ, [2,3] and [4,5]
export const shapes_equal: unknown = equal(a, b)

// @ts-expect-error greater: shapes differ, [2,3] and [4,5]
export const shapes_greater: unknown = greater(a, b)

// @ts-expect-error greaterEqual: shapes differ, [2,3] and [4,5]
export const shapes_greaterEqual: unknown = greaterEqual(a, b)

// @ts-expect-error notEqual: shapes differ, [2,3] and [4,5]
export const shapes_notEqual: unknown = notEqual(a, b)

// @ts-expect-error mod: shapes differ, [2,3] and [4,5]
export const shapes_mod: unknown = mod(a, b)

// @ts-expect-error atan2: shapes differ, [2,3] and [4,5]
export const shapes_atan2: unknown = atan2(a, b)

// @ts-expect-error and: shapes differ, [2,3] and [4]
export const shapes_and: unknown = and(flags, input('four', 'bool', [4]))

// @ts-expect-error or: shapes differ, [2,3] and [4]
export const shapes_or: unknown = or(flags, input('four', 'bool', [4]))

// @ts-expect-error mul: shapes differ, [batch,3] and [tokens,1]
export const stretched: unknown = mul(input('h3', 'f32', [batch, 3]), input('k1', 'f32', [tokens, 1]))

// @ts-expect-error einsum: sizes differ, 'ij,kj,kl->il' of [2,3] and [4,3] and [5,6]
export const three: unknown = einsum('ij,kj,kl->il')(a, input('c', 'f32', [4, 3]), input('d', 'f32', [5, 6]))

// what a graph begins with, and what is no tensor --------------------------------------------

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_scale: unknown = () => scale(2)(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_offset: unknown = () => offset(2)(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_clamp: unknown = () => clamp(0, 1)(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_leakyRelu: unknown = () => leakyRelu(2)(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_square: unknown = () => square(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_geluTanh: unknown = () => geluTanh(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_gelu: unknown = () => gelu(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_silu: unknown = () => silu(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_softplus: unknown = () => softplus(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_stopGradient: unknown = () => stopGradient(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_zerosLike: unknown = () => zerosLike(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_cast: unknown = () => cast('i32')(7)

// @ts-expect-error Type 'number' is not assignable to type 'Expr<DType, Shape>'.
export const tensor_vjp: unknown = () => vjp([7], [a])

// @ts-expect-error Type 'number' is not assignable to type 'Expr<DType, Shape>'.
export const tensor_jvp: unknown = () => jvp([7], [a])

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_gradOf: unknown = () => gradOf(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_pullback: unknown = () => pullback(a, 7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_jacobian: unknown = () => jacobian(square)(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Expr<DType, Shape>'.
export const tensor_hessian: unknown = () => hessian(square)(7)

// @ts-expect-error Argument of type '"f64"' is not assignable to parameter of type 'DType'.
export const begin_input: unknown = () => input('x', 'f64', [2])

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'string'.
export const begin_dim: unknown = () => dim(8, 8)

// @ts-expect-error Argument of type 'string' is not assignable to parameter of type 'number'.
export const begin_scalar: unknown = () => scalar('1')

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Shape'.
export const begin_constant: unknown = () => constant(2, [1, 2])

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Tensor'.
export const begin_embed: unknown = () => embed(7)

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'Shape'.
export const begin_fill: unknown = () => fill(7, 2)

// @ts-expect-error Argument of type 'string' is not assignable to parameter of type 'number'.
export const begin_plainly: unknown = () => plainly('2')

// @ts-expect-error Argument of type 'number' is not assignable to parameter of type 'readonly number[]'.
export const begin_tiles: unknown = () => tiles(2)

// @ts-expect-error Type '"mine"' is not assignable to type 'DifferenceRule'.
export const begin_differenceAt: unknown = () => differenceAt({ delta: 1, min: 0, max: 1, rule: 'mine' })

// @ts-expect-error Argument of type 'string' is not assignable to parameter of type 'number'.
export const begin_modeOf: unknown = () => modeOf('1')

// transformations ------------------------------------------------------------------------

// @ts-expect-error Type 'readonly [2, 3]' is not assignable to type 'Expr<DType, Shape>'.
export const of_grad: unknown = () => grad((x: typeof a) => x.shape)(a)

// @ts-expect-error Property 'aux' is missing in type
export const of_valueAndGrad: unknown = () => valueAndGrad((x: typeof a) => ({ value: x }))(a)

// @ts-expect-error Argument of type 'Expr<"f32", readonly [4, 5]>' is not assignable to parameter of type 'Expr<"f32", readonly [2, 3]>'.
export const of_hessianVectorProduct: unknown = () => hessianVectorProduct((x: typeof a) => sum('all')(x))(a, b)

// @ts-expect-error Argument of type 'Expr<"f32", readonly [2, 3]>' is not assignable to parameter of type
export const of_vmap: unknown = () => vmap((row: typeof a) => row)(a)

// @ts-expect-error is not assignable to type 'Expr<"f32", readonly [3]>'.
export const of_scan: unknown = () => scan((_: typeof v, x: typeof v) => ({ carry: a, output: x }))(v, a)

// @ts-expect-error Argument of type 'Expr<"f32", readonly [4, 5]>' is not assignable to parameter of type 'Expr<"f32", readonly [2, 3]>'.
export const of_iterate: unknown = () => iterate(3, (x: typeof a) => x)(b)

// @ts-expect-error Argument of type 'Expr<"f32", readonly [4, 5]>' is not assignable to parameter of type 'Expr<"f32", readonly [2, 3]>'.
export const of_checkpoint: unknown = () => checkpoint((x: typeof a) => x)(b)

// @ts-expect-error Type 'number' is not assignable to type 'Expr<DType, Shape>
export const of_customVjp: unknown = () => customVjp(same, () => [7])

// @ts-expect-error is not assignable to type 'Expr<"f32", readonly [2, 3]>
export const of_customJvp: unknown = () => customJvp(same, () => b)

// @ts-expect-error is not assignable to type 'Expr<"f32", Shape>'
export const of_finiteDifference: unknown = () => finiteDifference(() => flags)

// rules of records have as many operands as the arity says --------------------------------------

// @ts-expect-error Source has 1 element(s) but target requires 2.
export const cotangents: Vjp<object, 2> = () => (site) => [site.cotangent]

// @ts-expect-error Tuple type 'readonly [Expr<DType, Shape>]' of length '1' has no element at index '1'.
export const tangents: Jvp<object, 1> = () => (site) => site.tangents[1]

// @ts-expect-error Type 'undefined' is not assignable to type 'Expr<DType, Shape>'.
export const rows: Batch<object, Expr, 2> = () => (site) => site.stacks[0]

// @ts-expect-error Tuple type 'readonly [Type]' of length '1' has no element at index '1'.
export const typing: Primitive<object, 1>['typing'] = (inputs) => inputs[1]

/**
 * A call of every public function as it is used: operands, then the call. `A`, `B`, `C` are sizes of each copy's own, so
 * that no copy can use what the compiler knows of another. `budget.test.ts` counts what a copy costs.
 */
import { readFileSync } from 'node:fs'
import * as finiteDifference from '../../src/autodiff/finiteDifference.ts'
import * as api from '../../src/ops/api.ts'

const onOne = (names: string): ReadonlyArray<readonly [string, string]> =>
  names.split(' ').map((name) => [name, `x: f32[8,A,B] => ${name}(x)`])

const onTwo = (names: string): ReadonlyArray<readonly [string, string]> =>
  names.split(' ').map((name) => [name, `x: f32[8,A,B], y: f32[B] => ${name}(x, y)`])

const applied = (call: string, names: string): ReadonlyArray<readonly [string, string]> =>
  names.split(' ').map((name) => [name, `x: f32[8,A,B] => ${name}${call}(x)`])

const language: Readonly<Record<string, string>> = {
  // what a graph begins with
  input: "=> input('x', 'f32', [8, A, B])",
  dim: "=> dim('rows', A)",
  scalar: '=> scalar(A)',
  constant: '=> constant([A, B], [])',
  embed: '=> embed(floats([A], []))',
  fill: '=> fill(1, [8, A, B])',
  iota: "=> iota([A, B], 0, 'i32')",
  eye: '=> eye(A, B)',
  linspace: '=> linspace(0, 1, A)',
  // elements
  ...Object.fromEntries(
    onOne('neg abs sign floor exp log sqrt rsqrt reciprocal sin cos tanh sigmoid erf erfinv expm1')
  ),
  ...Object.fromEntries(onOne('log1p relu geluTanh gelu silu softplus stopGradient square zerosLike')),
  ...Object.fromEntries(onOne('ceil round exp2 log2 tan atan asin acos logSigmoid isNaN isFinite')),
  ...Object.fromEntries(onTwo('add sub mul div mod atan2 pow maximum minimum less lessEqual equal')),
  ...Object.fromEntries(onTwo('greater greaterEqual notEqual')),
  ...Object.fromEntries(applied('(2)', 'scale offset leakyRelu elu')),
  not: 'x: bool[8,A,B] => not(x)',
  and: 'x: bool[8,A,B], y: bool[B] => and(x, y)',
  or: 'x: bool[8,A,B], y: bool[A,1] => or(x, y)',
  where: 'c: bool[A,1], x: f32[8,A,B], y: f32[B] => where(c, x, y)',
  clamp: 'x: f32[8,A,B] => clamp(0, 1)(x)',
  cast: "x: f32[8,A,B] => cast('i32')(x)",
  // shapes
  reshape: 'x: f32[8,A,B] => reshape([A, -1])(x)',
  transpose: 'x: f32[8,A,B] => transpose([0, 2, 1])(x)',
  broadcastTo: 'x: f32[B] => broadcastTo([A, B])(x)',
  swapAxes: 'x: f32[8,A,B] => swapAxes(0, 2)(x)',
  squeeze: 'x: f32[1,A,B] => squeeze(0)(x)',
  flatten: 'x: f32[8,A,B] => flatten(1)(x)',
  unstack: 'x: f32[8,A,B] => unstack(0)(x)',
  narrow: 'x: f32[8,A,B] => narrow(1, 0, 4)(x)',
  slice: 'x: f32[A,B] => slice([[0, 4, 1], [0, 8, 2]])(x)',
  split: 'x: f32[8,A,B] => split(2, 0)(x)',
  concat: 'x: f32[8,A], y: f32[8,B] => concat(1)([x, y])',
  stack: 'x: f32[A,B], y: f32[A,B] => stack(0)([x, y])',
  pad: 'x: f32[A,B] => pad([[0, 1], [2, 0]])(x)',
  flip: 'x: f32[8,A,B] => flip([1])(x)',
  repeat: 'x: f32[8,A,B] => repeat(2, 1)(x)',
  tile: 'x: f32[A,B] => tile([2, 3])(x)',
  ...Object.fromEntries(applied('(1)', 'expandDims softmax logSoftmax cumulativeSum cumulativeProduct argmax argmin')),
  expect: 'x: f32[8,A,B] => expect([8, A, B])(x)',
  roll: 'x: f32[8,A,B] => roll(1, 0)(x)',
  // folds
  ...Object.fromEntries(applied('([1])', 'sum max min prod mean variance std norm logSumExp')),
  any: 'x: bool[8,A,B] => any([1])(x)',
  all: "x: bool[8,A,B] => all('all')(x)",
  // products
  matmul: 'x: f32[8,A,B], y: f32[B,C] => matmul(x, y)',
  contract: 'x: f32[8,A,B], y: f32[B,C] => contract({ batch: [], over: [2] }, { batch: [], over: [0] })(x, y)',
  einsum: "x: f32[8,A,B], y: f32[8,C,B] => einsum('n i d, n j d -> n i j')(x, y)",
  attention: 'q: f32[A,B,4,8], k: f32[A,C,4,8], v: f32[A,C,4,8] => attention(q, k, v)',
  // normalisation
  maskedSoftmax: 'x: f32[8,A,B], m: bool[A,B] => maskedSoftmax(2)(x, m)',
  ...Object.fromEntries(applied('(1e-6)', 'normalise rmsNormalise')),
  groupNorm: 'x: f32[A,8,B] => groupNorm(2, 1e-5)(x)',
  // indices and order
  take: 'x: f32[A,B], i: i32[C] => take(0)(x, i)',
  scatterAdd: 'x: f32[C,B], i: i32[C] => scatterAdd(0, A)(x, i)',
  takeAlong: 'x: f32[A,B], i: i32[A,C] => takeAlong(1)(x, i)',
  addAlong: 'x: f32[A,C], i: i32[A,C] => addAlong(1, B)(x, i)',
  oneHot: 'i: i32[A,B] => oneHot(10)(i)',
  topK: 'x: f32[A,B] => topK(3, 1)(x)',
  ...Object.fromEntries(applied('(1)', 'sort argsort ranks')),
  rope: 'x: f32[8,A,4,16], c: f32[A,8], s: f32[A,8] => rope(x, c, s)',
  // losses
  crossEntropy: 'x: f32[A,B], l: i32[A] => crossEntropy()(x, l)',
  binaryCrossEntropy: 'x: f32[A,B], z: f32[A,B] => binaryCrossEntropy(x, z)',
  huber: 'x: f32[A,B], y: f32[A,B] => huber(1)(x, y)',
  cosineSimilarity: 'x: f32[A,B], y: f32[A,B] => cosineSimilarity(1)(x, y)',
  // matrices
  cholesky: 'a: f32[C,A,A] => cholesky()(a)',
  inverse: 'a: f32[C,A,A] => inverse()(a)',
  solve: 'a: f32[C,A,A], b: f32[C,A,B] => solve(a, b)',
  ...Object.fromEntries(applied('()', 'tril triu')),
  trace: 'x: f32[8,A,B] => trace(x)',
  triangularSolve: 'l: f32[C,A,A], b: f32[C,A,B] => triangularSolve()(l, b)',
  // random numbers
  randomBits: 'k: u32[2] => randomBits([A, B])(k)',
  splitKey: 'k: u32[2] => splitKey(2)(k)',
  uniform: 'k: u32[2] => uniform([A, B])(k)',
  normal: 'k: u32[2] => normal([A, B])(k)',
  gumbel: 'k: u32[2] => gumbel([A, B])(k)',
  bernoulli: 'k: u32[2] => bernoulli(0.5, [A, B])(k)',
  dropout: 'k: u32[2], x: f32[A,B] => dropout(0.1)(k)(x)',
  categorical: 'k: u32[2], x: f32[A,B] => categorical(1)(k)(x)',
  permutation: 'k: u32[2] => permutation(A)(k)',
  // space
  plainly: '=> plainly(2)',
  tiles: '=> tiles([2, 2])',
  convolve: 'x: f32[8,A,B,B], w: f32[C,A,3,3] => convolve(plainly(2))(x, w)',
  deconvolve: 'x: f32[8,A,B,B], w: f32[A,C,3,3] => deconvolve(plainly(2))(x, w)',
  averagePool: 'x: f32[8,A,B,B] => averagePool(tiles([2, 2]))(x)',
  maxPool: 'x: f32[8,A,B,B] => maxPool(tiles([2, 2]))(x)',
  upsampleNearest: 'x: f32[8,A,B,B] => upsampleNearest([2, 2])(x)',
  interpolateLinear: 'x: f32[8,A,B,B] => interpolateLinear([7, 9])(x)',
  extend: "x: f32[A,B] => extend('reflect', [[1, 1], [0, 0]])(x)"
}

const transformations: Readonly<Record<string, string>> = {
  vjp: 'x: f32[A,B], g: f32[A,B] => vjp([x], [x])([g])',
  jvp: 'x: f32[A,B], v: f32[A,B] => jvp([x], [x])([v])',
  grad: "x: f32[A,B] => grad((p: { readonly w: typeof x }) => sum('all')(p.w))({ w: x })",
  gradOf: 'x: f32[A,B], y: f32[] => gradOf(y)({ x })',
  pullback: 'x: f32[A,B], g: f32[A,B] => pullback(x, g)({ x })',
  valueAndGrad: 'x: f32[A,B], y: f32[] => valueAndGrad((p: typeof x) => ({ value: y, aux: p }))(x)',
  hessianVectorProduct: "x: f32[A,B] => hessianVectorProduct((p: typeof x) => sum('all')(p))(x, x)",
  jacobian: 'x: f32[A,B] => jacobian(square)(x)',
  hessian: "x: f32[A,B] => hessian(() => sum('all')(x))(x)",
  vmap: 'x: f32[8,A,B], row: f32[A,B] => vmap((p: typeof row) => neg(p))(x)',
  scan: 'c: f32[B], xs: f32[A,B] => scan((s: typeof c, x: typeof c) => ({ carry: s, output: x }))(c, xs)',
  iterate: 'c: f32[A,B] => iterate(A, (s: typeof c) => s)(c)',
  checkpoint: 'x: f32[A,B] => checkpoint((p: typeof x) => p)(x)',
  customVjp: 'x: f32[A,B] => customVjp((p: typeof x) => p, ({ cotangent }) => [cotangent])(x)',
  customJvp: 'x: f32[A,B] => customJvp((p: typeof x) => p, ({ tangents: [v] }) => v)(x)',
  differenceAt: "=> differenceAt({ delta: 0.1, min: 0, max: 1, rule: 'paper' })(A, 1)",
  modeOf: '=> modeOf(A)({ ahead: 1, behind: 0, factor: 1 })',
  finiteDifference:
    't: f32[A], x: f32[A,B] => finiteDifference((p: Expr<"f32">, _: typeof t) => p)(x, x, { ahead: { time: t, offset: t }, behind: { time: t, offset: t }, factor: t })'
}

export const calls: Readonly<Record<string, string>> = { ...language, ...transformations }

const functionsOf = (module: object): ReadonlyArray<string> =>
  Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))

/** What the package hands on by name of the transformations, but for trees of leaves. */
const named: ReadonlyArray<string> = [
  ...readFileSync(new URL('../../src/index.ts', import.meta.url), 'utf8').matchAll(
    /^export \{([^}]*)\} from '\.\/autodiff\//gm
  )
]
  .flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
  .filter((name) => name !== '' && !name.startsWith('type ') && name !== 'exprs' && name !== 'reals')

/** The names of all public functions that make graphs. */
export const functions: ReadonlyArray<string> = [...functionsOf(api), ...named, ...functionsOf(finiteDifference)]

/** Cases of single operations: the operation that the manifest names, with its attributes, and its gradients. */
import { vjp } from '../../src/autodiff/vjp.ts'
import { input, type Expr } from '../../src/core/Expr.ts'
import { axisOf, broadcast, range } from '../../src/core/Shape.ts'
import * as F from '../../src/ops/api.ts'
import { clipFactor, globalNorm } from '../../src/optim/clip.ts'
import { adamW } from '../../src/optim/adamw.ts'
import {
  expecting,
  type Adapter,
  type Case,
  type Expected,
  type Graph,
  type Manifest,
  type Precision,
  type Tensors
} from './case.ts'

type Real = Expr<'f32'>
type Int = Expr<'i32'>
type Axes = ReadonlyArray<number>
type Pairs = ReadonlyArray<readonly [number, number]>

// the manifest ---------------------------------------------------------------------------

/** Attributes of all operations; a case has those of its own. */
interface Attributes {
  readonly axis: number
  readonly axes: Axes
  readonly keepdim: boolean
  readonly correction: number
  readonly min: number
  readonly max: number
  readonly exponent: number
  readonly mask: 'none' | 'lengths' | 'causal' | 'additive'
  readonly stride: Axes
  readonly padding: Axes
  readonly pads_before_after: Pairs
  readonly dilation: Axes
  readonly groups: number
  readonly k: number
  readonly eps: number
  readonly normalized_shape: Axes
  readonly kernel: Axes
  readonly count_include_pad: boolean
  readonly scale: Axes
  readonly mode: 'constant' | 'replicate' | 'reflect'
  readonly value: number
  readonly start_stop_step_per_axis: ReadonlyArray<readonly [number, number, number]>
  readonly order: Axes
  readonly shape: Axes
  readonly shift: number
  readonly repeats: number
  readonly lr: number
  readonly lr_per_step?: Axes
  readonly weight_decay: number
  readonly betas: readonly [number, number]
  readonly steps: number
  readonly max_norm: number
  readonly norm_type: number | 'inf'
}

type Names = Readonly<Record<string, string>>

interface Row {
  readonly id: string
  readonly op: string
  readonly attrs: Attributes
  readonly inputs: Names
  readonly outputs: Names
  readonly cotangents?: Names
  readonly grads?: Names
  readonly error: Readonly<Record<string, Precision>>
  /** Of optimisers: the shape of each parameter. */
  readonly shapes?: ReadonlyArray<Axes>
}

type Operands = Readonly<Record<string, Expr>>

/** One operation: from its attributes and its operands by name to its results by name. */
type Build = (attrs: Attributes, operands: Operands) => Operands

// kinds of operations ----------------------------------------------------------------------

const unary =
  (f: (x: Real, attrs: Attributes) => Expr): Build =>
  (attrs, { x }) => ({ out: f(x as Real, attrs) })

const binary =
  (f: (a: Real, b: Real) => Expr): Build =>
  (_, { a, b }) => ({ out: f(a as Real, b as Real) })

const keep = ({ keepdim }: Attributes): F.Keep => (keepdim ? 'kept' : 'dropped')

/** Largest or smallest elements along an axis, and their places. */
const extremum =
  (value: (over: F.Over, keep: F.Keep) => (x: Expr) => Expr, place: (axis: number) => (x: Expr) => Int): Build =>
  (attrs, { x }) => {
    const { axis } = attrs
    const indices = place(axis)(x as Real)
    return {
      values: value([axis], keep(attrs))(x as Real),
      indices: attrs.keepdim ? F.expandDims(axis)(indices) : indices
    }
  }

/** Weights and bias along the given shape, where there are any. */
const affine = (x: Real, { w, b }: Operands, shape: Axes): Real => {
  const scaled = w === undefined ? x : F.mul(x, F.reshape(shape)(w as Real) as Real)
  return b === undefined ? scaled : F.add(scaled, F.reshape(shape)(b as Real) as Real)
}

/** The channels' axis at full size, every axis of space 1. */
const perChannel = (x: Expr): Axes => [x.shape[1] ?? 1, ...x.shape.slice(2).map(() => 1)]

const convolution: Build = ({ stride, padding, pads_before_after, dilation, groups }, { x, w, b }) => {
  const settings = { stride, padding: pads_before_after ?? padding.map((p) => [p, p] as const), dilation, groups }
  const y = F.convolve(settings)(x as Real, w as Real)
  return { out: b === undefined ? y : F.add(y, F.reshape(perChannel(y))(b as Real) as Real) }
}

// torch.matmul: vectors are matrices of one row or column, leading axes broadcast.
const matmul = (a: Real, b: Real): Real => {
  const [left, right] = [
    a.shape.length === 1 ? F.reshape([1, ...a.shape])(a) : a,
    b.shape.length === 1 ? F.reshape([...b.shape, 1])(b) : b
  ]
  const batch = broadcast(left.shape.slice(0, -2), right.shape.slice(0, -2)) ?? []
  const [x, y] = [left, right].map((m) => F.broadcastTo([...batch, ...m.shape.slice(-2)])(m)) as [Real, Real]
  const product: Real = F.matmul(x, y)
  return F.reshape([...batch, ...a.shape.slice(-2, -1), ...(b.shape.length > 1 ? b.shape.slice(-1) : [])])(product)
}

const variance = (x: Real, attrs: Attributes): Real => {
  const n = attrs.axes.reduce((count, axis) => count * (x.shape[axisOf(axis, x.shape.length)] ?? 1), 1)
  return F.scale(n / (n - attrs.correction))(F.variance(attrs.axes, keep(attrs))(x))
}

const heads = F.transpose([0, 2, 1, 3])
const masked = -1e30

/** `[batch or 1, 1, queries, keys]`, added to the logits. */
const bias = ({ mask }: Attributes, { q, k, lengths, bias }: Operands): Real | undefined => {
  const [batch = 1, , queries = 1] = q?.shape ?? []
  const keys = k?.shape[2] ?? 1
  const column = F.iota([1, 1, queries, keys], 3, 'i32')
  const unless = (seen: Expr<'bool'>): Real => F.where(seen, F.fill(0, []), F.fill(masked, []))
  if (mask === 'causal') return unless(F.lessEqual(column, F.iota([1, 1, queries, keys], 2, 'i32')))
  if (mask === 'lengths') return unless(F.less(column as Int, F.reshape([batch, 1, 1, 1])(lengths as Int) as Int))
  return mask === 'additive' ? (bias as Real) : undefined
}

const layerNorm = (x: Real, { normalized_shape: shape, eps }: Attributes, operands: Operands): Real => {
  const outer = x.shape.slice(0, x.shape.length - shape.length)
  const normalised = F.reshape(x.shape)(F.normalise(eps)(F.reshape([...outer, -1])(x) as Real)) as Real
  return affine(normalised, operands, shape)
}

const padded = (x: Real, { pads_before_after: amounts, mode, value }: Attributes): Expr =>
  mode === 'constant' ? F.pad(amounts, value)(x) : F.extend(mode, amounts)(x)

const swapped = (x: Real, { axes }: Attributes): Expr => {
  const [a = 0, b = 0] = axes.map((axis) => axisOf(axis, x.shape.length))
  return F.transpose(range(x.shape.length).map((i) => (i === a ? b : i === b ? a : i)))(x)
}

const inOrder = (operands: Operands): ReadonlyArray<Real> =>
  Object.keys(operands)
    .sort()
    .map((name) => operands[name] as Real)

// the operations -------------------------------------------------------------------------

const table: Readonly<Record<string, Build>> = {
  gelu_tanh: unary(F.geluTanh),
  gelu_erf: unary(F.gelu),
  silu: unary(F.silu),
  softplus: unary(F.softplus),
  sigmoid: unary(F.sigmoid),
  tanh: unary(F.tanh),
  relu: unary(F.relu),
  exp: unary(F.exp),
  log: unary(F.log),
  sqrt: unary(F.sqrt),
  rsqrt: unary(F.rsqrt),
  erf: unary(F.erf),
  sin: unary(F.sin),
  cos: unary(F.cos),
  expm1: unary(F.expm1),
  log1p: unary(F.log1p),
  abs: unary(F.abs),
  reciprocal: unary(F.reciprocal),
  square: unary(F.square),
  clamp: unary((x, { min, max }) => F.clamp(min, max)(x)),
  // The operands are of both signs, where `pow` is not defined; the exponents are whole.
  pow_scalar: unary((x, { exponent }) => range(exponent - 1).reduce<Real>((y) => F.mul(y, x), x)),

  attention: (attrs, operands) => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => heads(operands[name] as Real)) as [Real, Real, Real]
    return { out: heads(F.attention(q, k, v, bias(attrs, operands))) }
  },

  conv1d: convolution,
  conv2d: convolution,
  conv3d: convolution,
  pad_conv2d: convolution,
  pad_conv3d: convolution,

  gather: ({ axis }, { x, index }) => ({ out: F.takeAlong(axis)(x as Real, index as Int) }),
  embedding: (_, { w, ids }) => ({ out: F.take(0)(w as Real, ids as Int) }),
  index_select: ({ axis }, { x, index }) => ({ out: F.take(axis)(x as Real, index as Int) }),
  scatter_add: ({ axis }, { x, src, index }) => ({
    out: F.add(x as Real, F.addAlong(axis, x?.shape[axis] ?? 0)(src as Real, index as Int))
  }),
  cumsum: unary((x, { axis }) => F.cumulativeSum(axis)(x)),
  max: extremum(F.max, F.argmax),
  min: extremum(F.min, F.argmin),
  max_all: unary((x) => F.max('all')(x)),
  argmax: unary((x, { axis }) => F.argmax(axis)(x)),
  argmin: unary((x, { axis }) => F.argmin(axis)(x)),
  topk: ({ k, axis }, { x }) => ({ ...F.topK(k, axis)(x as Real) }),
  where: (_, { a, b, cond }) => ({ out: F.where(F.less(F.zerosLike(cond as Int), cond as Int), a as Real, b as Real) }),

  matmul: binary(matmul),
  linear: (_, { x, w, b }) => {
    const y = F.contract({ batch: [], over: [(x?.shape.length ?? 1) - 1] }, { batch: [], over: [1] })(
      x as Real,
      w as Real
    )
    return { out: b === undefined ? y : F.add(y, b as Real) }
  },
  add: binary(F.add),
  sub: binary(F.sub),
  mul: binary(F.mul),
  div: binary(F.div),

  group_norm: ({ groups, eps }, operands) => {
    const x = operands['x'] as Real
    return { out: affine(F.groupNorm(groups, eps)(x), operands, perChannel(x)) }
  },
  layer_norm: (attrs, operands) => ({ out: layerNorm(operands['x'] as Real, attrs, operands) }),
  rms_norm: ({ eps }, operands) => {
    const x = operands['x'] as Real
    return { out: affine(F.rmsNormalise(eps)(x), operands, x.shape.slice(-1)) }
  },
  l2_normalize_scaled: ({ axis, eps }, operands) => {
    const x = operands['x'] as Real
    const length: Real = F.maximum(F.sqrt(F.sum([axis], 'kept')(F.square(x))), F.fill(eps, []))
    const unit: Real = F.scale(Math.sqrt(x.shape[axis] ?? 1))(F.div(x, length))
    return { out: affine(unit, operands, operands['w']?.shape ?? []) }
  },

  sum: unary((x, attrs) => F.sum(attrs.axes, keep(attrs))(x)),
  mean: unary((x, attrs) => F.mean(attrs.axes, keep(attrs))(x)),
  var: unary(variance),
  std: unary((x, attrs) => F.sqrt(variance(x, attrs))),
  norm2: unary((x, attrs) => F.sqrt(F.sum(attrs.axes, keep(attrs))(F.square(x)))),
  prod: unary((x, { axis }) => F.prod([axis])(x)),

  upsample_nearest: unary((x, { scale }) => F.upsampleNearest(scale)(x)),
  avg_pool: unary((x, { kernel, stride, padding, count_include_pad: whole }) =>
    F.averagePool({ box: kernel, stride, padding: padding.map((p) => [p, p]) }, whole ? 'box' : 'space')(x)
  ),

  pad: unary(padded),
  slice: unary((x, { start_stop_step_per_axis: ranges }) => F.slice(ranges)(x)),
  permute: unary((x, { order }) => F.transpose(order)(x)),
  transpose: unary(swapped),
  permute_reshape: unary((x, { order, shape }) => F.reshape(shape)(F.transpose(order)(x))),
  concat: ({ axis }, operands) => ({ out: F.concat(axis)(inOrder(operands)) }),
  stack: ({ axis }, operands) => ({ out: F.stack(axis)(inOrder(operands)) }),
  expand: unary((x, { shape }) => F.broadcastTo(shape)(x)),
  flip: unary((x, { axes }) => F.flip(axes)(x)),
  roll: unary((x, { shift, axis }) => F.roll(shift, axis)(x)),
  repeat_interleave: unary((x, { repeats, axis }) => F.repeat(repeats, axis)(x)),

  softmax: unary((x, { axis }) => F.softmax(axis)(x)),
  log_softmax: unary((x, { axis }) => F.logSoftmax(axis)(x)),
  logsumexp: unary((x, attrs) => F.logSumExp([attrs.axis].flat(), keep(attrs))(x)),
  softmax_masked: ({ axis }, { x, mask }) => ({ out: F.softmax(axis)(F.add(x as Real, mask as Real) as Real) })
}

// cases ----------------------------------------------------------------------------------

const operand =
  (tensors: Tensors) =>
  (name: string): Expr => {
    const stored = tensors.get(name)
    return input(name, stored?.dtype ?? 'f32', stored?.shape ?? [])
  }

const mapNames = <A>(names: Names, f: (tensor: string, name: string) => A): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(names).map(([name, tensor]) => [name, f(tensor, name)]))

/** The results, and the gradients of what has a cotangent, under the names that the manifest has for their precision. */
const outputsOf = (row: Row, build: Build, tensors: Tensors): Operands => {
  const { cotangents = {}, grads = {} } = row
  const operands = mapNames(row.inputs, operand(tensors))
  const results = build(row.attrs, operands)
  const pulled = Object.keys(cotangents)
  const pull = vjp(
    pulled.map((name) => results[name] as Expr),
    Object.keys(grads).map((name) => operands[name] as Expr)
  )
  const gradients = pull(pulled.map((name) => operand(tensors)(cotangents[name] ?? '')))
  return {
    ...results,
    ...Object.fromEntries(Object.keys(grads).map((name, i) => [`grad.${name}`, gradients[i] as Expr]))
  }
}

const expectedOf = (names: Names, tensors: Tensors, error: Row['error']): Graph['expected'] =>
  new Map(
    Object.entries(names).flatMap(([name, tensor]): ReadonlyArray<readonly [string, Expected]> => {
      const stored = tensors.get(tensor)
      return stored === undefined ? [] : [[name, expecting(stored, error[name])]]
    })
  )

const operation = (row: Row, tensors: Tensors): Case => {
  const build = table[row.op]
  if (build === undefined) return { name: row.id, skip: `the operation ${row.op} is not built` }
  const { grads = {} } = row
  const gradients = Object.entries(grads).map(([name, tensor]) => [`grad.${name}`, tensor])
  return {
    name: row.id,
    outputs: outputsOf(row, build, tensors),
    inputs: tensors,
    expected: expectedOf({ ...row.outputs, ...Object.fromEntries(gradients) }, tensors, row.error)
  }
}

// optimisers -----------------------------------------------------------------------------

/** Everything that the manifest gives a precision, stored under the case's own name. */
const listed = ({ id, error }: Row): Names =>
  Object.fromEntries(Object.keys(error).map((name) => [name, `${id}.${name}`]))

/** Every step in one graph, from the parameters before the first. */
const adamw = (row: Row, tensors: Tensors): Operands => {
  const { lr, lr_per_step: rates, weight_decay: decay, betas, eps: epsilon, steps } = row.attrs
  const at = (what: string, j: number, step: number): Real =>
    operand(tensors)(`${row.id}.${what}.${j}.step${step}`) as Real
  const count = range(row.shapes?.length ?? 0)
  const params = count.map((j) => at('param', j, 0))
  const zeros = params.map((p) => F.zerosLike(p))
  const start = { params, moments: { first: zeros, second: zeros, step: F.fill(0, []) as Real }, made: {} as Operands }
  return range(steps).reduce(({ params, moments, made }, i) => {
    const step = i + 1
    const rate = (): Real => F.fill(rates?.[i] ?? lr, [])
    const updated = adamW({ rate, betas, epsilon, decay })(
      params,
      count.map((j) => at('grad', j, step)),
      moments
    )
    const named = (what: string, values: ReadonlyArray<Real>) =>
      values.map((value, j) => [`${what}.${j}.step${step}`, value] as const)
    const { first, second } = updated.moments
    const now = [...named('param', updated.params), ...named('exp_avg', first), ...named('exp_avg_sq', second)]
    return { ...updated, made: { ...made, ...Object.fromEntries(now) } }
  }, start).made
}

const clipping = ({ id, attrs, shapes = [] }: Row, tensors: Tensors): Operands => {
  const gradients = shapes.map((_, j) => operand(tensors)(`${id}.grad_in.${j}`) as Real)
  const largest = gradients.map((g) => F.max('all')(F.abs(g))).reduce<Real>((a, b) => F.maximum(a, b), F.fill(0, []))
  const total = attrs.norm_type === 'inf' ? largest : globalNorm(gradients)
  const factor = clipFactor(attrs.max_norm, total)
  return {
    total_norm: total,
    ...Object.fromEntries(gradients.map((g, j) => [`grad_out.${j}`, F.mul(g, factor)]))
  }
}

const optimisers: Readonly<Record<string, (row: Row, tensors: Tensors) => Operands>> = {
  adamw,
  clip_grad_norm: clipping
}

const caseOf =
  (tensors: Tensors) =>
  (row: Row): Case => {
    const optimiser = optimisers[row.op]
    return optimiser === undefined
      ? operation(row, tensors)
      : {
          name: row.id,
          outputs: optimiser(row, tensors),
          inputs: tensors,
          expected: expectedOf(listed(row), tensors, row.error)
        }
  }

export const ops: Adapter = (manifest, tensors) =>
  (manifest as Manifest & { readonly cases: ReadonlyArray<Row> }).cases.map(caseOf(tensors))

/**
 * Contraction: a sum of products over shared axes, with shared batch axes. Matrix products, einsum and attention are
 * contractions; convolution is one whose operand is a view of windows.
 */
import { isFloat, type DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph, OnnxValue } from '../core/Lowering.ts'
import { primitive, type Batch, type Builder, type Op, type Operands } from '../core/Op.ts'
import { equal, isAxis, ofAxis, range, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { elementAt, type Tensor } from '../core/Tensor.ts'
import { moved, stackOf, up } from './batch.ts'
import { draw } from './draw.ts'
import { giving, numeric } from './kinds.ts'
import { fitted } from './onnx.ts'
import { plus } from './tangent.ts'
import { everyIndex, weighed } from './view.ts'

/** Axes of one operand: `batch` and `over` pair with those of the other operand in order; the rest are free. */
export type Side = { readonly batch: ReadonlyArray<number>; readonly over: ReadonlyArray<number> }
export type Contract = { readonly left: Side; readonly right: Side }

declare module '../core/Op.ts' {
  interface Builder {
    /** The result's axes: batch, free of the left operand, free of the right operand. */
    readonly contract: <D extends DType>(x: Expr<D>, y: Expr, params: Contract) => Expr<D>
  }
}

// model ----------------------------------------------------------------------------------

/** The free axes of an operand, ascending. */
export const freeOf = (shape: Shape, { batch, over }: Side): ReadonlyArray<number> =>
  range(shape.length).filter((axis) => !batch.includes(axis) && !over.includes(axis))

const pick = (shape: Shape, axes: ReadonlyArray<number>): Shape => axes.map((axis) => sizeAt(shape, axis))

/** What is wrong with the axes that a side names: each is one of the operand's, and named once. */
const misnamed = ({ shape }: Type, { batch, over }: Side): Fault | undefined => {
  const axes = [...batch, ...over]
  const why = `[${axes}] are not axes of [${shape}], each named once`
  return axes.some((axis, i) => !isAxis(shape, axis) || axes.indexOf(axis) !== i)
    ? { _tag: 'Invalid', op: 'contract', why }
    : undefined
}

const typing = ([x, y]: Operands<2, Type>, { left, right }: Contract): Type | Fault => {
  const fault = misnamed(x, left) ?? misnamed(y, right)
  if (fault !== undefined) return fault
  if (x.dtype !== y.dtype) return { _tag: 'DTypesDiffer', op: 'contract', left: x.dtype, right: y.dtype }
  if (!equal(pick(x.shape, left.batch), pick(y.shape, right.batch)))
    return { _tag: 'LeadingAxesDiffer', op: 'contract', left: x.shape, right: y.shape }
  if (!equal(pick(x.shape, left.over), pick(y.shape, right.over)))
    return { _tag: 'InnerSizesDiffer', op: 'contract', left: x.shape, right: y.shape }
  const free = [...pick(x.shape, freeOf(x.shape, left)), ...pick(y.shape, freeOf(y.shape, right))]
  return { dtype: x.dtype, shape: [...pick(x.shape, left.batch), ...free] }
}

/** A contraction as `[batch, m, k] × [batch, k, n]`. */
export interface Sizes {
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
}

export const sizesOf = (x: Shape, y: Shape, { left, right }: Contract): Sizes => ({
  batch: size(pick(x, left.batch)),
  m: size(pick(x, freeOf(x, left))),
  n: size(pick(y, freeOf(y, right))),
  k: size(pick(x, left.over))
})

// meaning --------------------------------------------------------------------------------

/** The operand's elements with its axes in the given order. */
const arranged = (x: Tensor, order: ReadonlyArray<number>): Float64Array => {
  const data = new Float64Array(x.data.length) // local
  const steps = pick(strides(x.shape), order)
  everyIndex(pick(x.shape, order), (index, i) => {
    data[i] = elementAt(x.data, weighed(index, steps))
  })
  return data
}

const meaning = ([x, y]: Operands<2, Tensor>, params: Contract, type: Type): Tensor => {
  const out = new Float64Array(size(type.shape)) // local
  const { left, right } = params
  const { batch, m, n, k } = sizesOf(x.shape, y.shape, params)
  const a = arranged(x, [...left.batch, ...freeOf(x.shape, left), ...left.over])
  const b = arranged(y, [...right.batch, ...freeOf(y.shape, right), ...right.over])
  const product = isFloat(type.dtype) ? (s: number, t: number): number => s * t : Math.imul
  for (let z = 0; z < batch; z++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        const p = (z * m + i) * k
        const q = (z * n + j) * k
        let sum = 0
        // Not by `elementAt`: this line is most of the time of the reference.
        for (let l = 0; l < k; l++) sum += product(a[p + l] ?? NaN, b[q + l] ?? NaN)
        out[(z * m + i) * n + j] = sum
      }
  return { ...type, data: out }
}

// derivatives ----------------------------------------------------------------------------

/** An operand, and a label for each of its axes. */
export type Labelled = readonly [x: Expr, labels: ReadonlyArray<number>]

/**
 * Axes get labels; the contraction of labelled operands is arranged as `target`, a list of labels, in which are all that
 * only one of them has.
 */
export const labelled = ($: Builder, [x, xs]: Labelled, [y, ys]: Labelled, target: ReadonlyArray<number>): Expr => {
  const shared = xs.filter((label) => ys.includes(label))
  const batch = target.filter((label) => shared.includes(label))
  const over = shared.filter((label) => !target.includes(label))
  const at = (labels: ReadonlyArray<number>): Side => ({
    batch: batch.map((label) => labels.indexOf(label)),
    over: over.map((label) => labels.indexOf(label))
  })
  const product = (a: Expr, as: ReadonlyArray<number>, b: Expr, bs: ReadonlyArray<number>) => ({
    expr: $.contract(a, b, { left: at(as), right: at(bs) }),
    labels: [...batch, ...as.filter((l) => !shared.includes(l)), ...bs.filter((l) => !shared.includes(l))]
  })
  // Of the two orders of the operands, the one whose result needs no rearranging.
  const straight = product(x, xs, y, ys)
  const swapped = product(y, ys, x, xs)
  const { expr, labels } = equal(swapped.labels, target) ? swapped : straight
  return equal(labels, target) ? expr : $.transpose(expr, { order: target.map((label) => labels.indexOf(label)) })
}

/** Labels of the left operand, the right operand and the result: shared axes share a label. */
const labelsOf = (x: Shape, y: Shape, { left, right }: Contract) => {
  const xs = range(x.length)
  const ys = range(y.length).map((axis) =>
    right.batch.includes(axis)
      ? ofAxis(left.batch, right.batch.indexOf(axis))
      : right.over.includes(axis)
        ? ofAxis(left.over, right.over.indexOf(axis))
        : x.length + axis
  )
  const zs = [...left.batch, ...freeOf(x, left), ...freeOf(y, right).map((axis) => x.length + axis)]
  return { xs, ys, zs }
}

// batching -------------------------------------------------------------------------------

const sideUp = ({ batch, over }: Side): Side => ({ batch: up(batch), over: up(over) })

const withRows = ({ batch, over }: Side): Side => ({ batch: [0, ...up(batch)], over: up(over) })

/** Rows on both sides are one more batch axis; rows on one side are a free axis of it, which is brought to the front. */
const batch: Batch<Contract, Expr, 2> =
  ($) =>
  ({ inputs: [x, y], stacks: [xs, ys], params: { left, right }, rows }) => {
    if (ys === undefined) {
      const onLeft = $.contract(xs ?? stackOf($, x, rows), y, { left: sideUp(left), right })
      return moved($, onLeft, left.batch.length, 1, 0)
    }
    const free = x.shape.length - left.over.length
    return xs === undefined
      ? moved($, $.contract(x, ys, { left, right: sideUp(right) }), free, 1, 0)
      : $.contract(xs, ys, { left: withRows(left), right: withRows(right) })
  }

// lowering to ONNX -------------------------------------------------------------------------

interface Matrix {
  readonly name: string
  /** The last two axes are swapped. */
  readonly swapped: boolean
}

/** Whether rearranging by `order` moves no element: only axes of size 1 change place. */
const still = (shape: Shape, order: ReadonlyArray<number>): boolean => {
  const moving = order.filter((axis) => shape[axis] !== 1)
  return moving.every((axis, i) => i === 0 || axis > ofAxis(moving, i - 1))
}

/** The operand as a stack of matrices of `rows` by `columns`, swapped rather than moved where that is possible. */
const matrix = (
  g: OnnxGraph,
  x: OnnxValue,
  batch: ReadonlyArray<number>,
  rows: ReadonlyArray<number>,
  columns: ReadonlyArray<number>
): Matrix => {
  const { shape } = x.type
  const as = (axes: ReadonlyArray<number>): number => size(pick(shape, axes))
  const stack = batch.length === 0 ? [] : [as(batch)]
  const straight = [...batch, ...rows, ...columns]
  const crossed = [...batch, ...columns, ...rows]
  const upright = [...stack, as(rows), as(columns)]
  const turned = [...stack, as(columns), as(rows)]
  if (still(shape, straight)) return { name: fitted(g, { name: g.full(x), shape }, upright), swapped: false }
  if (still(shape, crossed)) return { name: fitted(g, { name: g.full(x), shape }, turned), swapped: true }
  // Whole rows are moved where the last axis stays last, and both orders of one operand move alike.
  const swapped = straight.at(-1) !== shape.length - 1 && crossed.at(-1) === shape.length - 1
  const order = swapped ? crossed : straight
  const moved = g.node('Transpose', [g.full(x)], { perm: order })
  return { name: fitted(g, { name: moved, shape: pick(shape, order) }, swapped ? turned : upright), swapped }
}

/** `Gemm` for two matrices, `MatMul` for stacks of them, `FusedMatMul` where a stack's matrices are swapped. */
const product = (g: OnnxGraph, dtype: Type['dtype'], stacked: boolean, a: Matrix, b: Matrix): string => {
  const swaps = { transA: Number(a.swapped), transB: Number(b.swapped) }
  if (!stacked && dtype === 'f32') return g.node('Gemm', [a.name, b.name], swaps)
  if (dtype === 'f32' && (a.swapped || b.swapped))
    return g.node('FusedMatMul', [a.name, b.name], swaps, 'com.microsoft')
  const upright = (m: Matrix): string =>
    m.swapped ? g.node('Transpose', [m.name], { perm: stacked ? [0, 2, 1] : [1, 0] }) : m.name
  return g.node('MatMul', [upright(a), upright(b)])
}

// the operation --------------------------------------------------------------------------

export const contract: Op = primitive<Contract, 2>({
  name: 'contract',
  equation: 'z[b,i,j] = Σₖ x[b,i,k] · y[b,k,j]',
  arity: 2,
  typing: giving(numeric, 'contract', typing),
  examples: [
    {
      params: { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } },
      inputs: [draw([2, 3], 1), draw([3, 4], 1)]
    },
    {
      params: { left: { batch: [], over: [2] }, right: { batch: [], over: [1] } },
      inputs: [draw([2, 2, 3], 1), draw([4, 3], 1)]
    },
    {
      params: { left: { batch: [0, 2], over: [3] }, right: { batch: [0, 2], over: [3] } },
      inputs: [draw([2, 3, 2, 2], 1), draw([2, 4, 2, 2], 1)]
    },
    {
      params: { left: { batch: [], over: [0, 1] }, right: { batch: [], over: [1, 0] } },
      inputs: [draw([2, 3, 2], 1), draw([3, 2], 1)]
    },
    { params: { left: { batch: [], over: [] }, right: { batch: [], over: [] } }, inputs: [draw([2], 1), draw([3], 1)] }
  ],
  meaning,
  vjp:
    ($) =>
    ({ inputs: [x, y], params, cotangent: g }) => {
      const { xs, ys, zs } = labelsOf(x.shape, y.shape, params)
      return [labelled($, [g, zs], [y, ys], xs), labelled($, [x, xs], [g, zs], ys)]
    },
  jvp:
    ($) =>
    ({ inputs: [x, y], tangents: [v, w], params }) =>
      plus($, [v && $.contract(v, y, params), w && $.contract(x, w, params)]),
  batch,
  wgsl: { _tag: 'Contract' },
  onnx:
    (g) =>
    ({ inputs: [x, y], params: { left, right }, type }) => {
      const a = matrix(g, x, left.batch, freeOf(x.type.shape, left), left.over)
      const b = matrix(g, y, right.batch, right.over, freeOf(y.type.shape, right))
      const stacked = left.batch.length > 0
      const { batch, m, n } = sizesOf(x.type.shape, y.type.shape, { left, right })
      const name = product(g, type.dtype, stacked, a, b)
      return fitted(g, { name, shape: [...(stacked ? [batch] : []), m, n] }, type.shape)
    }
})

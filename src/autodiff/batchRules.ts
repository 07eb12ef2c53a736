/**
 * How operations with axes are done for a stack of rows: the rows are a new first axis, so that most of them do the same
 * one axis further on. Operations that are not here are elementwise or batched by their definition: see `batched.ts`.
 */
import { apply, type Expr, type Params } from '../core/Expr.ts'
import type { Batch, Builder, Rows } from '../core/Op.ts'
import { range } from '../core/Shape.ts'
import type { Contract, Side } from '../ops/contract.ts'
import type { Concat, Pad, Slice } from '../ops/cut.ts'
import type { Indexed, Scattered } from '../ops/gather.ts'
import type { BroadcastTo, Reshape, Transpose } from '../ops/rearrange.ts'
import type { Axes } from '../ops/reduce.ts'

// what rules share -----------------------------------------------------------------------

type List = ReadonlyArray<number>

const up = (axes: List): List => axes.map((axis) => axis + 1)

/** The same for every row. */
export const stackOf = ($: Builder, x: Expr, rows: number): Expr =>
  $.broadcast(x, { shape: [rows, ...x.shape], axes: up(range(x.shape.length)) })

/** Every operand as a stack. */
const full = ($: Builder, { inputs, stacks, rows }: Rows<never>): ReadonlyArray<Expr> =>
  inputs.map((x, i) => stacks[i] ?? stackOf($, x, rows))

/** The axis `from` as the first. */
const toFront = ($: Builder, x: Expr, from: number): Expr => {
  const rest = range(x.shape.length).filter((axis) => axis !== from)
  return from === 0 ? x : $.transpose(x, { order: [from, ...rest] })
}

/** A run of axes somewhere else: `order` of the result, in axes of `x`. */
const moved = ($: Builder, x: Expr, from: number, count: number, to: number): Expr => {
  const run = range(count).map((i) => from + i)
  const rest = range(x.shape.length).filter((axis) => !run.includes(axis))
  return $.transpose(x, { order: [...rest.slice(0, to), ...run, ...rest.slice(to)] })
}

/** The record's parameters are of its own type: only `batched` hands them to a rule, and it goes by name. */
const rule = <P>(batch: Batch<P>): Batch<Params> => batch as unknown as Batch<Params>

/** The same operation on stacks, with other parameters. */
const same = <P extends object>(shift: (params: P) => P): Batch<Params> =>
  rule<P>(($) => (site) => apply(site.op, full($, site as Rows<never>), shift(site.params) as Params))

const unchanged: Batch<Params> = same((params) => params)
const axisUp: Batch<Params> = same<Indexed>((params) => ({ ...params, axis: params.axis + 1 }))
const axesUp: Batch<Params> = same<Axes>(({ axes }) => ({ axes: up(axes) }))

// views ----------------------------------------------------------------------------------

const reshape = rule<Reshape>(($) => ({ stacks: [x], rows, params: { shape }, output }) => {
  return x === undefined ? output : $.reshape(x, { shape: [rows, ...shape] })
})

const transpose = same<Transpose>(({ order }) => ({ order: [0, ...up(order)] }))

const broadcast = rule<BroadcastTo>(($) => ({ stacks: [x], rows, params: { shape, axes }, output }) => {
  return x === undefined ? output : $.broadcast(x, { shape: [rows, ...shape], axes: [0, ...up(axes)] })
})

const slice = rule<Slice>(($) => ({ stacks: [x], rows, params: { start, stop, step }, output }) => {
  return x === undefined ? output : $.slice(x, { start: [0, ...start], stop: [rows, ...stop], step: [1, ...step] })
})

const pad = same<Pad>(({ low, high, interior, value }) => ({
  low: [0, ...low],
  high: [0, ...high],
  interior: [0, ...interior],
  value
}))

const concat = same<Concat>(({ axis }) => ({ axis: axis + 1 }))

// contraction ----------------------------------------------------------------------------

const sideUp = ({ batch, over }: Side): Side => ({ batch: up(batch), over: up(over) })

/** Rows on both sides are one more batch axis; rows on one side are a free axis of it, which is brought to the front. */
const contract = rule<Contract>(($) => ({ inputs: [x, y], stacks: [xs, ys], params: { left, right }, output }) => {
  if (x === undefined || y === undefined) return output
  const first = ({ batch, over }: Side): Side => ({ batch: [0, ...batch], over })
  if (xs !== undefined && ys !== undefined)
    return $.contract(xs, ys, { left: first(sideUp(left)), right: first(sideUp(right)) })
  if (xs !== undefined) return toFront($, $.contract(xs, y, { left: sideUp(left), right }), left.batch.length)
  const free = x.shape.length - left.over.length
  return ys === undefined ? output : toFront($, $.contract(x, ys, { left, right: sideUp(right) }), free)
})

// indices --------------------------------------------------------------------------------

/** Indices into rows of `length` that lie one after another: clipped to the row, then moved to it. */
const intoRows = ($: Builder, indices: Expr, length: number): Expr => {
  const clipped = $.minimum($.maximum(indices, $.fill(0, indices)), $.fill(length - 1, indices))
  const row = $.iota({ shape: indices.shape, axis: 0, dtype: indices.dtype })
  return $.add(clipped, $.mul(row, $.fill(length, indices)))
}

const merged = ($: Builder, x: Expr): Expr => {
  const [rows = 0, length = 0, ...rest] = x.shape
  return $.reshape(x, { shape: [rows * length, ...rest] })
}

const take = rule<Indexed>(($) => ({ inputs: [x, indices], stacks: [xs, places], params: { axis }, output }) => {
  if (x === undefined || indices === undefined) return output
  if (places === undefined) return xs === undefined ? output : $.take(xs, indices, { axis: axis + 1 })
  if (xs === undefined) return toFront($, $.take(x, places, { axis }), axis)
  const flat = merged($, moved($, xs, axis + 1, 1, 1))
  const taken = $.take(flat, intoRows($, places, x.shape[axis] ?? 1), { axis: 0 })
  return moved($, taken, 1, indices.shape.length, axis + 1)
})

const scatterAdd = rule<Scattered>(($) => (site) => {
  const { inputs, stacks, params, rows, output } = site
  const [values, places] = [stacks[0] ?? (inputs[0] && stackOf($, inputs[0], rows)), stacks[1]]
  const indices = inputs[1]
  if (values === undefined || indices === undefined) return output
  if (places === undefined) return $.scatterAdd(values, indices, { ...params, axis: params.axis + 1 })
  const first = moved($, values, params.axis + 1, indices.shape.length, 1)
  const added = $.scatterAdd(first, intoRows($, places, params.size), { axis: 0, size: rows * params.size })
  const [, ...rest] = added.shape
  return moved($, $.reshape(added, { shape: [rows, params.size, ...rest] }), 1, 1, params.axis + 1)
})

// samples --------------------------------------------------------------------------------

const split = ($: Builder, x: Expr, rows: number): Expr => {
  const [all = 0, ...rest] = x.shape
  return $.reshape(x, { shape: [rows, all / Math.max(1, rows), ...rest] })
}

/** Rows of an operand whose first axis is samples anyway are more samples; the other operands are the same for all. */
const moreSamples =
  (otherwise: Batch<Params>): Batch<Params> =>
  ($) =>
  (site) => {
    const { op, inputs, stacks, params, rows } = site
    const [x, ...others] = stacks
    if (x === undefined || rows === 0 || others.some((stack) => stack !== undefined)) return otherwise($)(site)
    return split($, apply(op, [merged($, x), ...inputs.slice(1)], params), rows)
  }

// the table ------------------------------------------------------------------------------

/** Rules of operations by name; `byDefinition` is for cases that a rule leaves to the definition of a composite. */
export const rulesWith = (byDefinition: Batch<Params>): Readonly<Record<string, Batch<Params>>> => ({
  stopGradient: unchanged,
  after: unchanged,
  sum: axesUp,
  max: axesUp,
  min: axesUp,
  prod: axesUp,
  flip: axesUp,
  reshape,
  transpose,
  broadcast,
  slice,
  pad,
  concat,
  contract,
  cumulativeSum: axisUp,
  cumulativeProduct: axisUp,
  ranks: axisUp,
  argsort: axisUp,
  softmax: axisUp,
  logSoftmax: axisUp,
  maskedSoftmax: axisUp,
  logSumExp: axesUp,
  cholesky: unchanged,
  inverse: unchanged,
  triangularSolve: unchanged,
  normalise: unchanged,
  inverseDeviation: unchanged,
  rmsNormalise: unchanged,
  geluTanh: unchanged,
  gelu: unchanged,
  silu: unchanged,
  softplus: unchanged,
  windows: unchanged,
  overlap: unchanged,
  take,
  scatterAdd,
  takeAlong: axisUp,
  addAlong: axisUp,
  rope: moreSamples(byDefinition),
  convolve: moreSamples(byDefinition),
  deconvolve: moreSamples(byDefinition)
})

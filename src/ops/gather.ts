/**
 * Reading and writing by index. Reading is linear in what is read, and its adjoint adds what was read back into place:
 * `take` and `scatterAdd` are each other's adjoints, and so are `takeAlong` and `addAlong`. An index that is out of
 * range is clipped to the nearest that is not, on every target.
 */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph, OnnxValue, Scope } from '../core/Lowering.ts'
import { primitive, type Batch, type Builder, type Draw, type Op, type Operands } from '../core/Op.ts'
import { equal, ofAxis, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { elementAt, type Tensor } from '../core/Tensor.ts'
import { axisUp, merged, moved, stackOf } from './batch.ts'
import { draw } from './draw.ts'
import { giving, numeric } from './kinds.ts'
import { reshapeOnnx } from './onnx.ts'
import { coordinate, fromAxes } from './place.ts'
import { everyIndex, weighed } from './view.ts'
import { adding, wgslNumber } from './wgsl.ts'

/** The axis of the table that is indexed. */
export type Indexed = { readonly axis: number }
/** The axis that is indexed, and how long it is where values are added up. */
export type Scattered = { readonly axis: number; readonly size: number }

declare module '../core/Op.ts' {
  interface Builder {
    /** `x` with `axis` replaced by the axes of the `i32` indices. */
    readonly take: <D extends DType>(x: Expr<D>, indices: Expr, params: Indexed) => Expr<D>
    /** The adjoint of `take`: `values` added up by index along an axis of the given size. */
    readonly scatterAdd: <D extends DType>(values: Expr<D>, indices: Expr, params: Scattered) => Expr<D>
    /** `x` at the given place along `axis`, every element by its own index. */
    readonly takeAlong: <D extends DType, S extends Shape>(
      x: Expr<D>,
      indices: Expr<DType, S>,
      params: Indexed
    ) => Expr<D, S>
    /** The adjoint of `takeAlong`. */
    readonly addAlong: <D extends DType>(values: Expr<D>, indices: Expr, params: Scattered) => Expr<D>
  }
}

/** Some of them out of range. */
const places = (shape: Shape, length: number): Draw => ({ dtype: 'i32', shape, min: -1, max: length })

// typing ---------------------------------------------------------------------------------

/** What is indexed, or what is put in place, and the indices. */
type Pair = Operands<2, Type>

const indexFault = (op: string, [x, indices]: Pair, axis: number, rank: number): Fault | undefined => {
  if (indices.dtype !== 'i32') return { _tag: 'WrongDType', op, expected: 'i32 indices', got: indices.dtype }
  return axis < 0 || axis >= rank ? { _tag: 'AxisOutOfRange', op, axis, shape: x.shape } : undefined
}

/** The list with `count` entries from `axis` on replaced. */
const replaced = <A>(list: ReadonlyArray<A>, axis: number, count: number, by: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...list.slice(0, axis),
  ...by,
  ...list.slice(axis + count)
]

const empty = (op: string, x: Shape): Fault => ({ _tag: 'Invalid', op, why: `nothing to index in [${x}]` })

const takeTyping = (inputs: Pair, { axis }: Indexed): Type | Fault => {
  const [x, indices] = inputs
  const fault = indexFault('take', inputs, axis, x.shape.length)
  if (fault !== undefined) return fault
  return x.shape[axis] === 0
    ? empty('take', x.shape)
    : { dtype: x.dtype, shape: replaced(x.shape, axis, 1, indices.shape) }
}

const scatterTyping = (inputs: Pair, params: Scattered): Type | Fault => {
  const [values, indices] = inputs
  const rank = values.shape.length - indices.shape.length + 1
  const fault = indexFault('scatterAdd', inputs, params.axis, rank)
  if (fault !== undefined) return fault
  if (params.size < 1) return empty('scatterAdd', [params.size])
  const places = values.shape.slice(params.axis, params.axis + indices.shape.length)
  return equal(places, indices.shape)
    ? { dtype: values.dtype, shape: replaced(values.shape, params.axis, indices.shape.length, [params.size]) }
    : { _tag: 'ShapesDiffer', op: 'scatterAdd', left: places, right: indices.shape }
}

const alongTyping = (op: string, inputs: Pair, axis: number, length: number): Type | Fault => {
  const [x, indices] = inputs
  const fault = indexFault(op, inputs, axis, x.shape.length)
  return fault ?? { dtype: x.dtype, shape: replaced(indices.shape, axis, 1, [length]) }
}

// meaning --------------------------------------------------------------------------------

const clipped = (index: number, length: number): number => Math.min(Math.max(index, 0), length - 1)

/** Elements of a table as `[before, length, after]`, of values as `[before, count, after]`: visits what belongs together. */
const matched = (
  table: Shape,
  axis: number,
  indices: Tensor,
  visit: (inTable: number, inValues: number) => void
): void => {
  const after = size(table.slice(axis + 1))
  const before = size(table.slice(0, axis))
  const length = ofAxis(table, axis)
  const count = indices.data.length
  for (let b = 0; b < before; b++)
    for (let k = 0; k < count; k++) {
      const row = b * length + clipped(elementAt(indices.data, k), length)
      for (let a = 0; a < after; a++) visit(row * after + a, (b * count + k) * after + a)
    }
}

/** As `matched`, where every element has its own index. */
const matchedAlong = (
  table: Shape,
  axis: number,
  indices: Tensor,
  visit: (inTable: number, inValues: number) => void
): void => {
  const own = sizeAt(strides(table), axis)
  const others = strides(table).with(axis, 0)
  const length = ofAxis(table, axis)
  everyIndex(indices.shape, (place, i) =>
    visit(weighed(place, others) + own * clipped(elementAt(indices.data, i), length), i)
  )
}

type Matched = typeof matched

const read =
  (pairs: Matched) =>
  ([x, indices]: Operands<2, Tensor>, { axis }: Indexed, type: Type): Tensor => {
    const data = new Float64Array(size(type.shape)) // local
    pairs(x.shape, axis, indices, (from, to) => {
      data[to] = elementAt(x.data, from)
    })
    return { ...type, data }
  }

const added =
  (pairs: Matched) =>
  ([values, indices]: Operands<2, Tensor>, { axis }: Scattered, type: Type): Tensor => {
    const data = new Float64Array(size(type.shape)) // local
    pairs(type.shape, axis, indices, (to, from) => {
      data[to] = elementAt(data, to) + elementAt(values.data, from)
    })
    return { ...type, data }
  }

// lowering to WGSL -------------------------------------------------------------------------

const clippedWgsl = (index: string, length: number): string => `u32(clamp(${index}, 0, ${length - 1}))`

/** The value where its index, clipped, is the place being computed; else 0. */
const matching = (
  { type, bind }: Pick<Scope<Scattered>, 'type' | 'bind'>,
  index: string,
  length: number,
  here: string,
  value: string
) => `select(${wgslNumber(0, type)}, ${value}, ${bind('u32', clippedWgsl(index, length))} == ${here})`

const scatterBody = (scope: Scope<Scattered, 2>, k: string): string => {
  const { at, inputs, params, load, bind } = scope
  const axes = at.axes()
  const indexShape = inputs[1].shape
  const steps = strides(indexShape)
  const place = indexShape.map((d, i) => (d === 1 ? '0u' : bind('u32', `(${k} / ${steps[i]}u) % ${d}u`)))
  const value = load(0, fromAxes(inputs[0].shape, replaced(axes, params.axis, 1, place)))
  return matching(scope, load(1, fromAxes(indexShape, place)), params.size, coordinate(axes, params.axis), value)
}

const alongBody = (scope: Scope<Scattered, 2>, k: string): string => {
  const { at, inputs, params, load } = scope
  const axes = at.axes()
  const place = axes.map((axis, i) => (i === params.axis ? k : axis))
  const value = load(0, fromAxes(inputs[0].shape, place))
  return matching(scope, load(1, fromAxes(inputs[1].shape, place)), params.size, coordinate(axes, params.axis), value)
}

// lowering to ONNX -------------------------------------------------------------------------

const clippedOnnx = (g: OnnxGraph, indices: OnnxValue, length: number): string =>
  g.node('Min', [g.node('Max', [g.full(indices), g.constant('i32', [0])]), g.constant('i32', [length - 1])])

/** Zeros with values added; one thread, in order, so that the sum is the same on every run. */
const addOnnx = (g: OnnxGraph, type: Type, shape: Shape, indices: string, values: string, axis: number): string => {
  const zeros = g.node('Expand', [g.constant(type.dtype, [0]), g.ints(shape)])
  return g.node('ScatterElements', [zeros, indices, values], { axis, reduction: 'add' })
}

const scatterOnnx = (g: OnnxGraph, values: OnnxValue, indices: OnnxValue, params: Scattered, type: Type): string => {
  const count = size(indices.type.shape)
  const before = size(type.shape.slice(0, params.axis))
  const after = size(type.shape.slice(params.axis + 1))
  const column = reshapeOnnx(g, clippedOnnx(g, indices, params.size), [1, count, 1])
  const every = before * after === 1 ? column : g.node('Expand', [column, g.ints([before, count, after])])
  const flat = reshapeOnnx(g, g.full(values), [before, count, after])
  return reshapeOnnx(g, addOnnx(g, type, [before, params.size, after], every, flat, 1), type.shape)
}

// batching -------------------------------------------------------------------------------

/** Indices into rows of `length` that lie one after another: clipped to the row, then moved to it. */
const intoRows = ($: Builder, indices: Expr, length: number): Expr => {
  const clipped = $.minimum($.maximum(indices, $.fill(0, indices)), $.fill(length - 1, indices))
  const row = $.iota({ shape: indices.shape, axis: 0, dtype: indices.dtype })
  return $.add(clipped, $.mul(row, $.fill(length, indices)))
}

const takeRows: Batch<Indexed, Expr, 2> =
  ($) =>
  ({ inputs: [x, indices], stacks: [xs, places], params: { axis }, rows }) => {
    if (places === undefined) return $.take(xs ?? stackOf($, x, rows), indices, { axis: axis + 1 })
    if (xs === undefined) return moved($, $.take(x, places, { axis }), axis, 1, 0)
    const flat = merged($, moved($, xs, axis + 1, 1, 1))
    const taken = $.take(flat, intoRows($, places, sizeAt(x.shape, axis)), { axis: 0 })
    return moved($, taken, 1, indices.shape.length, axis + 1)
  }

const scatterRows: Batch<Scattered, Expr, 2> =
  ($) =>
  ({ inputs: [own, indices], stacks, params: { axis, size: length }, rows }) => {
    const values = stacks[0] ?? stackOf($, own, rows)
    if (stacks[1] === undefined) return $.scatterAdd(values, indices, { axis: axis + 1, size: length })
    const first = moved($, values, axis + 1, indices.shape.length, 1)
    const added = $.scatterAdd(first, intoRows($, stacks[1], length), { axis: 0, size: rows * length })
    const [, ...rest] = added.shape
    return moved($, $.reshape(added, { shape: [rows, length, ...rest] }), 1, 1, axis + 1)
  }

// operations -----------------------------------------------------------------------------

export const take: Op = primitive<Indexed, 2>({
  name: 'take',
  equation: 'y[…, i…, …] = x[…, indices[i…], …]',
  arity: 2,
  typing: takeTyping,
  examples: [
    { params: { axis: 0 }, inputs: [draw([4, 3]), places([2, 3], 4)] },
    { params: { axis: 1 }, inputs: [draw([2, 3, 2]), places([4], 3)] },
    { params: { axis: 0 }, inputs: [draw([3]), places([], 3)] }
  ],
  meaning: read(matched),
  vjp:
    ($) =>
    ({ inputs: [x, indices], params: { axis }, cotangent: g }) => [
      $.scatterAdd(g, indices, { axis, size: ofAxis(x.shape, axis) }),
      undefined
    ],
  jvp:
    ($) =>
    ({ inputs: [, indices], tangents: [v], params }) =>
      v && $.take(v, indices, params),
  batch: takeRows,
  wgsl: {
    _tag: 'Map',
    element: ({ at, params: { axis }, inputs, load, bind }) => {
      const table = inputs[0].shape
      const indexShape = inputs[1].shape
      const axes = at.axes()
      const index = load(1, fromAxes(indexShape, axes.slice(axis, axis + indexShape.length)))
      const row = bind('u32', clippedWgsl(index, sizeAt(table, axis)))
      return load(0, fromAxes(table, replaced(axes, axis, indexShape.length, [row])))
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x, indices], params: { axis } }) =>
      g.node('Gather', [g.full(x), clippedOnnx(g, indices, sizeAt(x.type.shape, axis))], { axis })
})

export const scatterAdd: Op = primitive<Scattered, 2>({
  name: 'scatterAdd',
  equation: 'y[…, j, …] = Σ values[…, i…, …] over i with indices[i…] = j',
  arity: 2,
  typing: giving(numeric, 'scatterAdd', scatterTyping),
  examples: [
    { params: { axis: 0, size: 4 }, inputs: [draw([2, 3, 3]), places([2, 3], 4)] },
    { params: { axis: 1, size: 3 }, inputs: [draw([2, 4, 2]), places([4], 3)] },
    { params: { axis: 0, size: 3 }, inputs: [draw([]), places([], 3)] }
  ],
  meaning: added(matched),
  vjp:
    ($) =>
    ({ inputs: [, indices], params: { axis }, cotangent: g }) => [$.take(g, indices, { axis }), undefined],
  jvp:
    ($) =>
    ({ inputs: [, indices], tangents: [v], params }) =>
      v && $.scatterAdd(v, indices, params),
  batch: scatterRows,
  wgsl: {
    ...adding,
    count: ([, indices]) => size(indices.shape),
    body: scatterBody
  },
  onnx:
    (g) =>
    ({ inputs: [values, indices], params, type }) =>
      scatterOnnx(g, values, indices, params, type)
})

export const takeAlong: Op = primitive<Indexed, 2>({
  name: 'takeAlong',
  equation: 'y[…, i, …] = x[…, indices[…, i, …], …]',
  arity: 2,
  typing: (inputs, { axis }) => {
    const [x, indices] = inputs
    const typed = alongTyping('takeAlong', inputs, axis, ofAxis(indices.shape, axis))
    if ('_tag' in typed) return typed
    if (x.shape[axis] === 0) return empty('takeAlong', x.shape)
    return equal(replaced(x.shape, axis, 1, [ofAxis(indices.shape, axis)]), indices.shape)
      ? typed
      : { _tag: 'ShapesDiffer', op: 'takeAlong', left: x.shape, right: indices.shape }
  },
  examples: [
    { params: { axis: 1 }, inputs: [draw([2, 3]), places([2, 4], 3)] },
    { params: { axis: 0 }, inputs: [draw([3, 2, 2]), places([2, 2, 2], 3)] }
  ],
  meaning: read(matchedAlong),
  vjp:
    ($) =>
    ({ inputs: [x, indices], params: { axis }, cotangent: g }) => [
      $.addAlong(g, indices, { axis, size: ofAxis(x.shape, axis) }),
      undefined
    ],
  jvp:
    ($) =>
    ({ inputs: [, indices], tangents: [v], params }) =>
      v && $.takeAlong(v, indices, params),
  batch: axisUp,
  wgsl: {
    _tag: 'Map',
    element: ({ at, params, inputs, load, bind }) => {
      const table = inputs[0].shape
      const own = bind('u32', clippedWgsl(load(1, at), sizeAt(table, params.axis)))
      return load(
        0,
        fromAxes(
          table,
          at.axes().map((axis, i) => (i === params.axis ? own : axis))
        )
      )
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x, indices], params: { axis } }) =>
      g.node('GatherElements', [g.full(x), clippedOnnx(g, indices, sizeAt(x.type.shape, axis))], { axis })
})

export const addAlong: Op = primitive<Scattered, 2>({
  name: 'addAlong',
  equation: 'y[…, j, …] = Σ values[…, i, …] over i with indices[…, i, …] = j',
  arity: 2,
  typing: giving(numeric, 'addAlong', (inputs: Pair, { axis, size: length }: Scattered) => {
    const [values, indices] = inputs
    const typed = alongTyping('addAlong', inputs, axis, length)
    if ('_tag' in typed) return typed
    if (length < 1) return empty('addAlong', [length])
    return equal(values.shape, indices.shape)
      ? typed
      : { _tag: 'ShapesDiffer', op: 'addAlong', left: values.shape, right: indices.shape }
  }),
  examples: [
    { params: { axis: 1, size: 3 }, inputs: [draw([2, 4]), places([2, 4], 3)] },
    { params: { axis: 0, size: 3 }, inputs: [draw([2, 2, 2]), places([2, 2, 2], 3)] }
  ],
  meaning: added(matchedAlong),
  vjp:
    ($) =>
    ({ inputs: [, indices], params: { axis }, cotangent: g }) => [$.takeAlong(g, indices, { axis }), undefined],
  jvp:
    ($) =>
    ({ inputs: [, indices], tangents: [v], params }) =>
      v && $.addAlong(v, indices, params),
  batch: axisUp,
  wgsl: {
    ...adding,
    count: ([, indices], { axis }) => ofAxis(indices.shape, axis),
    body: alongBody
  },
  onnx:
    (g) =>
    ({ inputs: [values, indices], params: { axis, size: length }, type }) =>
      addOnnx(g, type, type.shape, clippedOnnx(g, indices, length), g.full(values), axis)
})

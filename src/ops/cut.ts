/** Views that cut and join: parts of the operand, the operand with something around it, operands side by side. */
import type { DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { OnnxGraph } from '../core/Lowering.ts'
import { primitive, type Op } from '../core/Op.ts'
import { drop, equal, isAxis, ofAxis, range, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { axisUp, shifted } from './batch.ts'
import { draw } from './draw.ts'
import { reshapeOnnx } from './onnx.ts'
import { coordinate, fromAxes } from './place.ts'
import { linear } from './tangent.ts'
import { gatherBy, only, weighed } from './view.ts'
import { wgslNumber } from './wgsl.ts'

/** Per axis the half-open range `[start, stop)` and the step ≥ 1. */
export type Slice = {
  readonly start: ReadonlyArray<number>
  readonly stop: ReadonlyArray<number>
  readonly step: ReadonlyArray<number>
}
/** Per axis elements added before (`low`), after (`high`) and between (`interior`); negative `low`, `high` cut. */
export type Pad = {
  readonly low: ReadonlyArray<number>
  readonly high: ReadonlyArray<number>
  readonly interior: ReadonlyArray<number>
  readonly value: number
}
export type Concat = { readonly axis: number }

declare module '../core/Op.ts' {
  interface Builder {
    readonly slice: <D extends DType>(x: Expr<D>, params: Slice) => Expr<D>
    readonly pad: <D extends DType>(x: Expr<D>, params: Pad) => Expr<D>
    readonly concat: <D extends DType>(xs: ReadonlyArray<Expr<D>>, params: Concat) => Expr<D>
  }
}

// parts ----------------------------------------------------------------------------------

const ceil = (n: number, d: number): number => Math.max(0, Math.ceil(n / d))

export const slice: Op = primitive<Slice, 1>({
  name: 'slice',
  equation: 'x[start : stop : step] on every axis',
  arity: 1,
  typing: ([x], { start, stop, step }): Type | Fault =>
    [start, stop, step].some((list) => list.length !== x.shape.length) ||
    x.shape.some(
      (d, i) => ofAxis(start, i) < 0 || ofAxis(stop, i) > d || ofAxis(stop, i) < ofAxis(start, i) || ofAxis(step, i) < 1
    )
      ? {
          _tag: 'Invalid',
          op: 'slice',
          why: `[${start}] to [${stop}] by [${step}] does not lie in [${x.shape}]`
        }
      : { dtype: x.dtype, shape: x.shape.map((_, i) => ceil(ofAxis(stop, i) - ofAxis(start, i), sizeAt(step, i))) },
  examples: [
    { params: { start: [1, 0], stop: [5, 6], step: [2, 3] }, inputs: [draw([5, 6])] },
    { params: { start: [2], stop: [3], step: [1] }, inputs: [draw([4])] }
  ],
  meaning: (inputs, { start, step }, type) => {
    const x = only(inputs)
    const steps = strides(x.shape)
    const times = steps.map((s, i) => s * sizeAt(step, i))
    const first = steps.reduce((sum, s, i) => sum + s * ofAxis(start, i), 0)
    return gatherBy(x, type, (index) => first + weighed(index, times))
  },
  vjp:
    ($) =>
    ({ inputs: [x], output, params: { start, step }, cotangent: g }) => {
      const end = output.shape.map((n, i) => ofAxis(start, i) + (n - 1) * sizeAt(step, i) + 1)
      const high = x.shape.map((d, i) => d - ofAxis(end, i))
      return [
        output.shape.includes(0)
          ? $.fill(0, x)
          : $.pad(g, { low: start, high, interior: step.map((s) => s - 1), value: 0 })
      ]
    },
  jvp: linear(($) => $.slice),
  batch:
    ($) =>
    ({ stacks: [x], rows, params: { start, stop, step } }) =>
      $.slice(x, { start: [0, ...start], stop: [rows, ...stop], step: [1, ...step] }),
  wgsl: {
    _tag: 'Map',
    element: ({ at, params: { start, step }, inputs, load }) => {
      const place = (axis: string, i: number): string => {
        const scaled = step[i] === 1 ? axis : `${axis} * ${step[i]}u`
        return start[i] === 0 ? (step[i] === 1 ? axis : `(${scaled})`) : `(${scaled} + ${start[i]}u)`
      }
      return load(0, fromAxes(inputs[0].shape, at.axes().map(place)))
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params: { start, stop, step } }) => {
      const cut = range(start.length).filter((i) => start[i] !== 0 || stop[i] !== x.type.shape[i] || step[i] !== 1)
      const pick = (values: ReadonlyArray<number>): string => g.ints(cut.map((i) => ofAxis(values, i)))
      return cut.length === 0 ? x : g.node('Slice', [g.full(x), pick(start), pick(stop), g.ints(cut), pick(step)])
    }
})

// margins --------------------------------------------------------------------------------

const paddedSize = (d: number, { low, high, interior }: Pad, i: number): number =>
  ofAxis(low, i) + d + Math.max(0, d - 1) * ofAxis(interior, i) + ofAxis(high, i)

/** Spreads elements along the axes by reshaping with a padded axis of size 1 between them. */
const spread = (g: OnnxGraph, name: string, shape: Shape, interior: ReadonlyArray<number>, value: string): string => {
  const paired = shape.flatMap((d) => [d, 1])
  const pads = [...paired.map(() => 0), ...shape.flatMap((_, i) => [0, ofAxis(interior, i)])]
  const apart = shape.map((d, i) => d * (ofAxis(interior, i) + 1))
  const wide = g.node('Pad', [reshapeOnnx(g, name, paired), g.ints(pads), value])
  const flat = reshapeOnnx(g, wide, apart)
  const stop = shape.map((d, i) => d + (d - 1) * ofAxis(interior, i))
  return g.node('Slice', [
    flat,
    g.ints(shape.map(() => 0)),
    g.ints(stop),
    g.ints(range(shape.length)),
    g.ints(shape.map(() => 1))
  ])
}

export const pad: Op = primitive<Pad, 1>({
  name: 'pad',
  equation: 'x with a constant before, after and between its elements',
  arity: 1,
  typing: ([x], params): Type | Fault =>
    [params.low, params.high, params.interior].some((list) => list.length !== x.shape.length) ||
    params.interior.some((n) => n < 0) ||
    x.shape.some((d, i) => paddedSize(d, params, i) < 0)
      ? { _tag: 'Invalid', op: 'pad', why: `low [${params.low}], high [${params.high}] do not fit [${x.shape}]` }
      : { dtype: x.dtype, shape: x.shape.map((d, i) => paddedSize(d, params, i)) },
  examples: [
    { params: { low: [1, 0], high: [2, 3], interior: [0, 0], value: 0 }, inputs: [draw([2, 3])] },
    { params: { low: [-1, 2], high: [1, -2], interior: [0, 0], value: 0 }, inputs: [draw([3, 4])] },
    { params: { low: [0, 1], high: [1, 0], interior: [2, 1], value: 0.75 }, inputs: [draw([2, 3])] }
  ],
  meaning: (inputs, { low, interior, value }, type) => {
    const x = only(inputs)
    // What each coordinate of the result adds to the place in the operand; a sum that is not finite is outside.
    const parts = strides(x.shape).map((step, axis) =>
      range(sizeAt(type.shape, axis)).map((i) => {
        const place = (i - ofAxis(low, axis)) / (ofAxis(interior, axis) + 1)
        return Number.isInteger(place) && place >= 0 && place < sizeAt(x.shape, axis) ? place * step : -Infinity
      })
    )
    return gatherBy(
      x,
      type,
      (index) => parts.reduce((sum, part, axis) => sum + ofAxis(part, ofAxis(index, axis)), 0),
      value
    )
  },
  vjp:
    ($) =>
    ({ inputs: [x], params: { low, high, interior }, cotangent: g }) => {
      if (x.shape.includes(0) || g.shape.includes(0)) return [$.fill(0, x)]
      const none = low.map(() => 0)
      const cut = $.pad(g, { low: low.map((n) => -n), high: high.map((n) => -n), interior: none, value: 0 })
      return [$.slice(cut, { start: none, stop: cut.shape, step: interior.map((n) => n + 1) })]
    },
  jvp:
    ($) =>
    ({ tangents: [v], params }) =>
      $.pad(v, { ...params, value: 0 }),
  batch: shifted(({ low, high, interior, value }) => ({
    low: [0, ...low],
    high: [0, ...high],
    interior: [0, ...interior],
    value
  })),
  wgsl: {
    _tag: 'Map',
    element: ({ at, params: { low, high, interior, value }, inputs, type, load, bind }) => {
      const shape = inputs[0].shape
      const kept = shape.map((_, i) => low[i] === 0 && high[i] === 0 && interior[i] === 0)
      // Below `low` the difference wraps to a huge index, which is outside like those above.
      const moved = at
        .axes()
        .map((axis, i) =>
          ofAxis(low, i) === 0
            ? axis
            : bind('u32', low[i]! > 0 ? `${axis} - ${low[i]}u` : `${axis} + ${-ofAxis(low, i)}u`)
        )
      const places = moved.map((axis, i) => (interior[i] === 0 ? axis : `(${axis} / ${ofAxis(interior, i) + 1}u)`))
      const inside = places.flatMap((place, i) =>
        kept[i]
          ? []
          : [
              `${place} < ${shape[i]}u`,
              ...(interior[i] === 0 ? [] : [`${moved[i]} % ${ofAxis(interior, i) + 1}u == 0u`])
            ]
      )
      const held = places.map((place, i) => (kept[i] ? place : `min(${place}, ${Math.max(0, sizeAt(shape, i) - 1)}u)`))
      const loaded = load(0, fromAxes(shape, held))
      return inside.length === 0 ? loaded : `select(${wgslNumber(value, type)}, ${loaded}, ${inside.join(' && ')})`
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x], params: { low, high, interior, value }, type }) => {
      const filler = g.constant(type.dtype, [value])
      const full = g.full(x)
      const apart = interior.some((n) => n > 0) ? spread(g, full, x.type.shape, interior, filler) : full
      return [...low, ...high].every((n) => n === 0) ? apart : g.node('Pad', [apart, g.ints([...low, ...high]), filler])
    }
})

// side by side ---------------------------------------------------------------------------

/** Where each operand begins along the axis. */
const startsOf = (inputs: ReadonlyArray<{ readonly shape: Shape }>, axis: number): ReadonlyArray<number> =>
  range(inputs.length + 1).map((k) => inputs.slice(0, k).reduce((n, x) => n + ofAxis(x.shape, axis), 0))

export const concat: Op = primitive<Concat>({
  name: 'concat',
  equation: 'the operands one after another along an axis',
  arity: -1,
  typing: (inputs, { axis }): Type | Fault => {
    const head = inputs[0]
    if (head === undefined) return { _tag: 'WrongInputs', op: 'concat', expected: 1, got: 0 }
    if (!isAxis(head.shape, axis)) return { _tag: 'AxisOutOfRange', op: 'concat', axis, shape: head.shape }
    const odd = inputs.find(
      (x) => !equal(drop(x.shape, [axis]), drop(head.shape, [axis])) || x.shape.length !== head.shape.length
    )
    if (odd !== undefined) return { _tag: 'ShapesDiffer', op: 'concat', left: head.shape, right: odd.shape }
    const other = inputs.find((x) => x.dtype !== head.dtype)
    if (other !== undefined) return { _tag: 'DTypesDiffer', op: 'concat', left: head.dtype, right: other.dtype }
    const total = inputs.reduce((n, x) => n + ofAxis(x.shape, axis), 0)
    return { dtype: head.dtype, shape: head.shape.map((d, i) => (i === axis ? total : d)) }
  },
  examples: [
    { params: { axis: 1 }, inputs: [draw([2, 3]), draw([2, 1]), draw([2, 2])] },
    { params: { axis: 0 }, inputs: [draw([2]), draw([3])] }
  ],
  meaning: (inputs, { axis }, type) => {
    const data = new Float64Array(size(type.shape)) // local
    const inner = size(type.shape.slice(axis + 1))
    const row = ofAxis(type.shape, axis) * inner
    const offsets = startsOf(inputs, axis)
    inputs.forEach((x, k) => {
      const width = ofAxis(x.shape, axis) * inner
      const start = ofAxis(offsets, k) * inner
      for (let from = 0, to = start; from < x.data.length; from += width, to += row)
        data.set(x.data.subarray(from, from + width), to)
    })
    return { ...type, data }
  },
  vjp:
    ($) =>
    ({ inputs, params: { axis }, cotangent: g }) => {
      const offsets = startsOf(inputs, axis)
      return inputs.map((x, k) =>
        $.slice(g, {
          start: x.shape.map((_, i) => (i === axis ? ofAxis(offsets, k) : 0)),
          stop: x.shape.map((d, i) => (i === axis ? ofAxis(offsets, k) + d : d)),
          step: x.shape.map(() => 1)
        })
      )
    },
  jvp:
    ($) =>
    ({ inputs, tangents, params }) =>
      $.concat(
        inputs.map((x, i) => tangents[i] ?? $.fill(0, x)),
        params
      ),
  batch: axisUp,
  wgsl: {
    _tag: 'Map',
    element: ({ at, params: { axis }, inputs, load, bind }) => {
      const offsets = startsOf(inputs, axis)
      const here = coordinate(at.axes(), axis)
      const from = ({ shape }: Type, k: number): string => {
        const shifted = bind('u32', `min(${here} - ${offsets[k]}u, ${Math.max(0, sizeAt(shape, axis) - 1)}u)`)
        return load(
          k,
          fromAxes(
            shape,
            at.axes().map((a, i) => (i === axis ? shifted : a))
          )
        )
      }
      return inputs.map(from).reduceRight((rest, own, k) => `select(${rest}, ${own}, ${here} < ${offsets[k + 1]}u)`)
    }
  },
  onnx:
    (g) =>
    ({ inputs, params: { axis } }) =>
      g.node('Concat', inputs.map(g.full), { axis })
})

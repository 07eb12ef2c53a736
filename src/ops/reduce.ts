/** Reductions: a fold over some axes, which disappear. */
import { isFloat, type DType } from '../core/DType.ts'
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import {
  primitive,
  type Builder,
  type Draw,
  type Example,
  type Jvp,
  type Op,
  type Operands,
  type Vjp
} from '../core/Op.ts'
import { drop, isAxis, ofAxis, range, size, sizeAt, strides, type Shape } from '../core/Shape.ts'
import { elementAt, type Tensor } from '../core/Tensor.ts'
import type { OnnxGraph, OnnxValue, Scope } from '../core/Lowering.ts'
import { axesUp } from './batch.ts'
import { giving, numeric } from './kinds.ts'
import { fitted, ranked, reshapeOnnx } from './onnx.ts'
import { coordinate, fromAxes } from './place.ts'
import { behind } from './scan.ts'
import { linear } from './tangent.ts'
import { everyIndex, weighed } from './view.ts'
import { wgslNumber } from './wgsl.ts'

/** Axes in ascending order, each once, none negative. */
export type Axes = { readonly axes: ReadonlyArray<number> }

/** A reduction over some axes, which disappear. */
export type Fold = <D extends DType>(x: Expr<D>, params: Axes) => Expr<D>

declare module '../core/Op.ts' {
  interface Builder {
    readonly sum: Fold
    readonly max: Fold
    readonly min: Fold
    readonly prod: Fold
  }
}

/** A reduced value spread again over the axes that it lost. */
export const spreadAgain = <D extends DType>(
  $: Builder,
  y: Expr<D>,
  shape: Shape,
  axes: ReadonlyArray<number>
): Expr<D> => $.broadcast(y, { shape, axes: range(shape.length).filter((axis) => !axes.includes(axis)) })

/** The type of a fold, for operations of another name. */
export const foldTyping =
  (op: string) =>
  ([x]: Operands<1, Type>, { axes }: Axes): Type | Fault => {
    const bad = axes.find((axis, i) => !isAxis(x.shape, axis) || axes.indexOf(axis) !== i)
    return bad !== undefined
      ? { _tag: 'AxisOutOfRange', op, axis: bad, shape: x.shape }
      : { dtype: x.dtype, shape: drop(x.shape, axes) }
  }

const counted = ([x]: Operands<1, Type>, { axes }: Axes): number =>
  axes.reduce((n, axis) => n * sizeAt(x.shape, axis), 1)

/** The element of the operand that is the `k`-th of this fold. */
const body = ({ at, inputs, params: { axes }, load, bind }: Scope<Axes, 1>, k: string): string => {
  const shape = inputs[0].shape
  const reduced = axes.map((axis) => sizeAt(shape, axis))
  const steps = strides(reduced)
  const live = axes.filter((axis) => shape[axis] !== 1).length
  const kept = at.axes()
  const place = (axis: number): string => {
    const j = axes.indexOf(axis)
    if (j < 0) return coordinate(kept, range(axis).filter((i) => !axes.includes(i)).length)
    if (reduced[j] === 1) return '0u'
    return live === 1 ? k : bind('u32', `(${k} / ${steps[j]}u) % ${reduced[j]}u`)
  }
  return load(0, fromAxes(shape, range(shape.length).map(place)))
}

interface Folding {
  readonly equation: string
  readonly start: number
  readonly combine: (a: number, b: number) => number
  /** The same modulo 2³², where doubles would lose digits. */
  readonly integers?: (a: number, b: number) => number
  /** Whether it gives one of its operands. */
  readonly compares?: true
  readonly wgsl: (a: string, b: string, type: Type) => string
  readonly identity: (type: Type) => string
  readonly onnx: string
  /** The fold of `count` equal values, for the ONNX target. */
  readonly repeated: (g: OnnxGraph, name: string, count: number, type: Type) => string
  readonly vjp: Vjp<Axes, 1>
  readonly jvp: Jvp<Axes, 1>
  readonly draw: Omit<Draw, 'shape'>
  /** The laws are to hold at 0 too. */
  readonly zeros?: boolean
}

const meaning =
  (fold: Folding) =>
  ([x]: Operands<1, Tensor>, { axes }: Axes, type: Type): Tensor => {
    const data = new Float64Array(size(type.shape)).fill(fold.start) // local
    const combine = isFloat(type.dtype) ? fold.combine : (fold.integers ?? fold.combine)
    const steps = strides(type.shape)
    const kept = range(x.shape.length).filter((axis) => !axes.includes(axis))
    const times = x.shape.map((_, axis) => ofAxis(steps, kept.indexOf(axis)))
    everyIndex(x.shape, (index, i) => {
      const j = weighed(index, times)
      data[j] = combine(elementAt(data, j), elementAt(x.data, i))
    })
    return { ...type, data }
  }

/** A long sum in two stages: onnxruntime adds up all of a row in one accumulator, and loses digits. */
const staged = (g: OnnxGraph, op: string, name: string, shape: Shape, axes: ReadonlyArray<number>): string => {
  const last = axes.at(-1)
  const reduce = (x: string, over: ReadonlyArray<number>): string => g.node(op, [x, g.ints(over)], { keepdims: 0 })
  return last !== undefined && axes.length > 1 && size(axes.map((axis) => sizeAt(shape, axis))) > 4096
    ? reduce(reduce(name, [last]), axes.slice(0, -1))
    : reduce(name, axes)
}

/** A product of integers along an axis, modulo 2³², by halves: onnxruntime's own saturates, its multiplication wraps. */
const byHalves = (g: OnnxGraph, name: string, shape: Shape, axis: number): string => {
  const n = sizeAt(shape, axis)
  if (n === 1) return name
  const half = Math.floor(n / 2)
  const part = (from: number, to: number): string =>
    g.node('Slice', [name, g.ints([from]), g.ints([to]), g.ints([axis])])
  const product = g.node('Mul', [part(0, half), part(half, 2 * half)])
  const all = n % 2 === 0 ? product : g.node('Concat', [product, part(n - 1, n)], { axis })
  return byHalves(g, all, shape.with(axis, n - half), axis)
}

const wholeProduct = (g: OnnxGraph, name: string, shape: Shape, axes: ReadonlyArray<number>): string => {
  const [axis, ...rest] = axes
  return axis === undefined ? name : wholeProduct(g, byHalves(g, name, shape, axis), shape.with(axis, 1), rest)
}

/** onnxruntime's own extrema may pass over a NaN: whether there is one is the extremum of what is ±∞ there, else 0. */
const keepingNaN = (g: OnnxGraph, { start }: Folding, name: string, reduce: (name: string) => string): string => {
  const most = g.constant('f32', [-start])
  const found = reduce(g.node('Where', [g.node('IsNaN', [name]), most, g.constant('f32', [0])]))
  return g.node('Where', [g.node('Equal', [found, most]), g.constant('f32', [NaN]), reduce(name)])
}

/**
 * A reduction in a type that onnxruntime has a right kernel of: it reduces signed integers and floats only, and its
 * extrema of 64 bits compare but 32.
 */
const within = (g: OnnxGraph, fold: Folding, dtype: DType, name: string, reduce: (name: string) => string): string => {
  if (dtype === 'u32' && fold.compares === true) {
    const half = g.constant('i64', [2 ** 31])
    const shifted = g.cast(g.node('Sub', [g.cast(name, 'i64'), half]), 'i32')
    return g.cast(g.node('Add', [g.cast(reduce(shifted), 'i64'), half]), dtype)
  }
  if (dtype === 'u32') return g.cast(reduce(g.cast(name, 'i64')), dtype)
  return isFloat(dtype) && fold.compares === true ? keepingNaN(g, fold, name, reduce) : reduce(name)
}

/** Reduces what is there, and makes up for the repetitions that are not: equal elements are never written out. */
const lowered = (g: OnnxGraph, fold: Folding, given: OnnxValue, axes: ReadonlyArray<number>, type: Type): OnnxValue => {
  const full = given.type.shape
  // A power would lose the digits that a product of integers keeps.
  const exact = !isFloat(type.dtype) && fold.integers !== undefined && size(full) > 0
  const x = exact ? { ...given, name: g.full(given), shape: full } : given
  const shape = ranked(x.shape, full.length)
  const name = fitted(g, x, shape)
  const kept = drop(shape, axes)
  if (exact) return { name: reshapeOnnx(g, wholeProduct(g, name, shape, axes), kept), shape: kept, type }
  const count = axes.reduce((n, axis) => (shape[axis] === full[axis] ? n : n * sizeAt(full, axis)), 1)
  const reduced = within(g, fold, type.dtype, name, (wide) => staged(g, fold.onnx, wide, shape, axes))
  return { name: count === 1 ? reduced : fold.repeated(g, reduced, count, type), shape: kept, type }
}

const examplesOf = ({ draw, zeros = false }: Folding): ReadonlyArray<Example<Axes, 1>> => [
  { params: { axes: [1] }, inputs: [{ ...draw, shape: [2, 3] }] },
  { params: { axes: [0, 2] }, inputs: [{ ...draw, shape: [2, 2, 2] }] },
  { params: { axes: [0] }, inputs: [{ ...draw, shape: [3, 2] }] },
  ...(zeros ? [{ params: { axes: [0] }, inputs: [{ ...draw, min: 0, max: 0, shape: [1, 2] }] as const }] : [])
]

const reduction = (name: string, fold: Folding): Op =>
  primitive<Axes, 1>({
    name,
    equation: fold.equation,
    arity: 1,
    typing: giving(numeric, name, foldTyping(name)),
    examples: examplesOf(fold),
    meaning: meaning(fold),
    vjp: fold.vjp,
    jvp: fold.jvp,
    batch: axesUp,
    wgsl: { _tag: 'Reduce', count: counted, identity: fold.identity, combine: fold.wgsl, body },
    onnx:
      (g) =>
      ({ inputs: [x], params: { axes }, type }) =>
        axes.length === 0 ? x : lowered(g, fold, x, axes, type)
  })

const smooth = { dtype: 'f32', min: -2, max: 2 } as const

export const sum: Op = reduction('sum', {
  equation: 'Σ x',
  start: 0,
  combine: (a, b) => a + b,
  wgsl: (a, b) => `(${a} + ${b})`,
  identity: (type) => wgslNumber(0, type),
  onnx: 'ReduceSum',
  repeated: (g, name, count, { dtype }) => g.node('Mul', [name, g.constant(dtype, [count])]),
  draw: smooth,
  vjp:
    ($) =>
    ({ inputs: [x], params: { axes }, cotangent: g }) => [spreadAgain($, g, x.shape, axes)],
  jvp: linear(($) => $.sum)
})

/** The operands that attain the extremum, each with an equal share of the gradient. */
const shares = ($: Builder, x: Expr, y: Expr, axes: ReadonlyArray<number>): Expr => {
  const hit = $.where($.equal(x, spreadAgain($, y, x.shape, axes)), $.fill(1, x), $.fill(0, x))
  return $.div(hit, spreadAgain($, $.sum(hit, { axes }), x.shape, axes))
}

const extremum = (name: string, equation: string, op: string, f: (a: number, b: number) => number, start: number): Op =>
  reduction(name, {
    equation,
    start,
    combine: f,
    compares: true,
    wgsl: (a, b, { dtype }) => `${isFloat(dtype) ? `${name}_f32` : name}(${a}, ${b})`,
    identity: (type) =>
      wgslNumber(
        type.dtype === 'u32'
          ? start < 0
            ? 0
            : 2 ** 32 - 1
          : type.dtype === 'i32'
            ? start < 0
              ? -(2 ** 31)
              : 2 ** 31 - 1
            : start,
        type
      ),
    onnx: op,
    repeated: (_, name) => name,
    draw: { ...smooth, apart: 0.02 },
    vjp:
      ($) =>
      ({ inputs: [x], output, params: { axes }, cotangent: g }) => [
        $.mul(spreadAgain($, g, x.shape, axes), shares($, x, output, axes))
      ],
    jvp:
      ($) =>
      ({ inputs: [x], output, tangents: [v], params: { axes } }) =>
        $.sum($.mul(v, shares($, x, output, axes)), { axes })
  })

export const max: Op = extremum('max', 'max x', 'ReduceMax', Math.max, -Infinity)
export const min: Op = extremum('min', 'min x', 'ReduceMin', Math.min, Infinity)

/** For each element of the last axis the product of those before it, or of those after it. */
const exclusive = ($: Builder, x: Expr, reverse: boolean): Expr => {
  const scan = { axis: x.shape.length - 1, reverse }
  return behind($, $.cumulativeProduct(x, scan), 1, scan, 1)
}

/** For each element the product of the others. Nothing is divided, so that factors of 0 do no harm. */
const productOfOthers = ($: Builder, x: Expr, axes: ReadonlyArray<number>): Expr => {
  const rest = range(x.shape.length).filter((axis) => !axes.includes(axis))
  const order = [...rest, ...axes]
  const last = $.transpose(x, { order })
  const lines = $.reshape(last, { shape: [...last.shape.slice(0, rest.length), size(last.shape.slice(rest.length))] })
  const others = $.mul(exclusive($, lines, false), exclusive($, lines, true))
  return $.transpose($.reshape(others, { shape: last.shape }), { order: order.map((_, axis) => order.indexOf(axis)) })
}

export const prod: Op = reduction('prod', {
  equation: 'Π x',
  start: 1,
  combine: (a, b) => a * b,
  integers: Math.imul,
  wgsl: (a, b) => `(${a} * ${b})`,
  identity: (type) => wgslNumber(1, type),
  onnx: 'ReduceProd',
  repeated: (g, name, count, { dtype }) =>
    g.cast(g.node('Pow', [g.cast(name, 'f64'), g.constant('f64', [count])]), dtype),
  draw: smooth,
  zeros: true,
  vjp:
    ($) =>
    ({ inputs: [x], params: { axes }, cotangent: g }) => [
      $.mul(spreadAgain($, g, x.shape, axes), productOfOthers($, x, axes))
    ],
  jvp:
    ($) =>
    ({ inputs: [x], tangents: [v], params }) =>
      $.sum($.mul(v, productOfOthers($, x, params.axes)), params)
})

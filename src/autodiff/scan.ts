/**
 * Loops of a fixed number of steps: `scan : ((c, x) → (c, y)) → c → [x] → (c, [y])`. The body is one graph, however many
 * steps there are; so is the body of the gradient, which runs over the kept carries from the last step to the first.
 *
 * A node has one value: the results of a loop are packed into one vector for each element type, and taken out by views.
 *
 * Laws: `laws/scan.ts` (a loop and its derivatives are those of the steps written out).
 * Source: Bradbury et al. 2018 (JAX), `lax.scan`.
 */
import { isFloat, type DType } from '../core/DType.ts'
import { apply, literal, misfit, variable, type Expr, type Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { RA } from '../core/fp.ts'
import { at, close, closed, type Lambda } from '../core/Lambda.ts'
import type { OnnxGraph, OnnxSite } from '../core/Lowering.ts'
import { composite, type Op } from '../core/Op.ts'
import { equal, range, size, type Dim, type Shape } from '../core/Shape.ts'
import { tensor } from '../core/Tensor.ts'
import { rowOf, stackOf } from '../ops/batch.ts'
import { $ } from '../ops/registry.ts'
import { batched, rowType, rowVariable } from './batched.ts'
import { exprs, leavesOf, refilled } from './exprs.ts'
import { jvp } from './jvp.ts'
import { vjp } from './vjp.ts'
import { rowTree, stackTree, unevenFault, type Stack } from './vmap.ts'

// model ----------------------------------------------------------------------------------

type Exprs = ReadonlyArray<Expr>

/** Operands are carries, sequences `[steps, …]`, and what is the same in every step; results are carries and outputs. */
export type Loop = {
  readonly body: Lambda
  readonly carries: number
  readonly sequences: number
  readonly steps: number
  /** From the last step to the first. Outputs lie where their step's elements of the sequences do. */
  readonly reverse: boolean
  /** The last outputs are the carries that each step began with: what the gradient reads. */
  readonly kept: boolean
}

/** The results of one element type. */
type Packed = Loop & { readonly dtype: DType }

interface Split<A> {
  readonly carries: ReadonlyArray<A>
  readonly sequences: ReadonlyArray<A>
  readonly constants: ReadonlyArray<A>
}

const split = <A>(operands: ReadonlyArray<A>, { carries, sequences }: Loop): Split<A> => ({
  carries: operands.slice(0, carries),
  sequences: operands.slice(carries, carries + sequences),
  constants: operands.slice(carries + sequences)
})

const typeOf = ({ dtype, shape }: Type): Type => ({ dtype, shape })
const isReal = ({ dtype }: Type): boolean => isFloat(dtype)

/** Final carries as they are, outputs of all steps along a new first axis. */
const resultTypes = ({ body, carries, steps }: Loop): ReadonlyArray<Type> =>
  body.results.map(({ dtype, shape }, i) => ({ dtype, shape: i < carries ? shape : [steps, ...shape] }))

// packing --------------------------------------------------------------------------------

const flat = (x: Expr): Expr => $.reshape(x, { shape: [size(x.shape)] })

const pack = (values: Exprs): Expr => $.concat(values.map(flat), { axis: 0 })

const part = (packed: Expr, start: number, shape: Shape): Expr =>
  $.reshape($.slice(packed, { start: [start], stop: [start + size(shape)], step: [1] }), { shape })

/** The values of one element type, where they belong among all. */
const unpack = (packed: Expr, types: ReadonlyArray<Type>): ReadonlyArray<Expr | undefined> => {
  const own = types.map(({ dtype, shape }) => (dtype === packed.dtype ? size(shape) : 0))
  return types.map(({ dtype, shape }, i) =>
    dtype === packed.dtype
      ? part(
          packed,
          own.slice(0, i).reduce((sum, n) => sum + n, 0),
          shape
        )
      : undefined
  )
}

const packedShape = (loop: Packed): Shape => {
  const own = resultTypes(loop).filter(({ dtype }) => dtype === loop.dtype)
  return [own.reduce((sum, { shape }) => sum + size(shape), 0)]
}

/** All results of a loop. */
const run = (loop: Loop, operands: Exprs): Exprs => {
  const types = resultTypes(loop)
  const dtypes = [...new Set(types.map(({ dtype }) => dtype))]
  const found = dtypes.map((dtype) => unpack(apply(looped, operands, { ...loop, dtype }), types))
  return types.map((type, i) => found[dtypes.indexOf(type.dtype)]?.[i] ?? $.fill(0, type))
}

// meaning --------------------------------------------------------------------------------

const asRow = (x: Expr): Expr => $.reshape(x, { shape: [1, ...x.shape] })

/** The row at a place that is data, not text, and so the same kernel in every step. See Note [Places as data] */
const rowAt = (x: Expr, step: number): Expr => {
  const places = literal(tensor('i32', [2], Int32Array.of(step, -1)))
  return rowOf($, $.take(x, places, { axis: 0 }), 0)
}

/** The steps written out. */
const unrolled = (loop: Loop, operands: Exprs): Exprs => {
  const { carries, sequences, constants } = split(operands, loop)
  const order = loop.reverse ? range(loop.steps).toReversed() : range(loop.steps)
  const outputs: Array<Exprs> = [] // local
  const last = order.reduce<Exprs>((carry, step) => {
    const results = at(loop.body, [...carry, ...sequences.map((x) => rowAt(x, step)), ...constants])
    outputs.push(results.slice(loop.carries).map(asRow))
    return results.slice(0, loop.carries)
  }, carries)
  const inOrder = loop.reverse ? outputs.toReversed() : outputs
  const stacked = resultTypes(loop)
    .slice(loop.carries)
    .map((type, k) =>
      loop.steps === 0
        ? $.fill(0, type)
        : $.concat(
            inOrder.flatMap((rows) => rows.slice(k, k + 1)),
            { axis: 0 }
          )
    )
  return [...last, ...stacked]
}

// reverse mode ---------------------------------------------------------------------------

/** A loop that hands out the carries that each step began with. */
const keeping = (loop: Loop): Loop => ({
  ...loop,
  kept: true,
  body: { ...loop.body, results: [...loop.body.results, ...loop.body.variables.slice(0, loop.carries)] }
})

const keptCarries = (loop: Loop, operands: Exprs): Exprs => {
  const results = run(loop.kept ? loop : keeping(loop), operands)
  return results.slice(results.length - loop.carries)
}

const zeros = (types: ReadonlyArray<Type>): Exprs => types.map((type) => $.fill(0, type))

/** Cotangents of real numbers, zero where there are none. */
const cotangentsOf = (types: ReadonlyArray<Type>, found: ReadonlyArray<Expr | undefined>): Exprs =>
  types.flatMap((type, i) => (isReal(type) ? [found[i] ?? $.fill(0, type)] : []))

const chunks = <A>(xs: ReadonlyArray<A>, sizes: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<A>> =>
  sizes.map((n, i) => {
    const start = sizes.slice(0, i).reduce((sum, m) => sum + m, 0)
    return xs.slice(start, start + n)
  })

/** One step back: cotangents of carries, sums of those of constants; gives out those of sequences. */
const backward = (loop: Loop, types: Split<Type>): Loop => {
  const [carries, constants] = [types.carries.filter(isReal), types.constants.filter(isReal)]
  const outputs = loop.body.results.slice(loop.carries).filter(isReal)
  const primal = [...types.carries, ...types.sequences, ...types.constants]
  const operands = [...carries, ...constants, ...outputs, ...primal]
  const sizes = [carries.length, constants.length, outputs.length, primal.length]
  const step = (...given: Exprs): Exprs => {
    const [gc = [], sums = [], gy = [], xs = []] = chunks(given, sizes)
    const pulled = vjp(at(loop.body, xs).filter(isReal), xs.filter(isReal))([...gc, ...gy])
    const [next = [], out = [], more = []] = chunks(pulled, [
      gc.length,
      types.sequences.filter(isReal).length,
      sums.length
    ])
    return [...next, ...RA.zipWith(sums, more, $.add), ...out]
  }
  return {
    body: close(operands.map(typeOf), step).lambda,
    carries: carries.length + constants.length,
    sequences: outputs.length + loop.carries + loop.sequences,
    steps: loop.steps,
    reverse: !loop.reverse,
    kept: false
  }
}

const pulledBack = (loop: Packed, operands: Exprs, cotangent: Expr): ReadonlyArray<Expr | undefined> => {
  const { carries, sequences, constants } = split(operands, loop)
  const types: Split<Type> = { carries, sequences: sequences.map(rowType), constants }
  const all = resultTypes(loop)
  const found = unpack(cotangent, all)
  const ends = cotangentsOf(all.slice(0, loop.carries), found.slice(0, loop.carries))
  const outputs = cotangentsOf(all.slice(loop.carries), found.slice(loop.carries))
  const sums = zeros(constants.filter(isReal))
  const kept = keptCarries(loop, operands)
  const results = run(backward(loop, types), [...ends, ...sums, ...outputs, ...kept, ...sequences, ...constants])
  const [first = [], summed = [], each = []] = chunks(results, [ends.length, sums.length, results.length])
  const real = [...first, ...each, ...summed]
  const places = operands.flatMap((x, i) => (isReal(x) ? [i] : []))
  return operands.map((_, i) => real[places.indexOf(i)])
}

// forward mode ---------------------------------------------------------------------------

/** The loop of values and tangents side by side; `moving` are the sequences and constants that move. */
const pushedForward = (loop: Packed, operands: Exprs, tangents: ReadonlyArray<Expr | undefined>): Expr => {
  const { carries, sequences, constants } = split(operands, loop)
  const given = split(tangents, loop)
  const starts = carries.flatMap((x, i) => (isReal(x) ? [given.carries[i] ?? $.fill(0, x)] : []))
  const moving = [...given.sequences, ...given.constants].map((v) => v !== undefined)
  const rows = given.sequences.filter((v) => v !== undefined)
  const held = given.constants.filter((v) => v !== undefined)
  const parts = [carries, starts, sequences, rows, constants, held]
  const types = parts.map((xs, i) => xs.map(i === 2 || i === 3 ? rowType : typeOf))
  const step = (...xs: Exprs): Exprs => {
    const [c = [], vc = [], x = [], vx = [], w = [], vw = []] = chunks(
      xs,
      parts.map((p) => p.length)
    )
    const primal = [...c, ...x, ...w]
    const wrt = [...c.filter(isReal), ...[...x, ...w].filter((_, i) => moving[i])]
    const results = at(loop.body, primal)
    const pushed = jvp(results.filter(isReal), wrt)([...vc, ...vx, ...vw])
    const n = vc.length
    return [
      ...results.slice(0, loop.carries),
      ...pushed.slice(0, n),
      ...results.slice(loop.carries),
      ...pushed.slice(n)
    ]
  }
  const both: Loop = {
    ...loop,
    body: close(types.flat(), step).lambda,
    carries: carries.length + starts.length,
    sequences: sequences.length + rows.length,
    kept: false
  }
  const results = run(both, parts.flat())
  const outputs = loop.body.results.length - loop.carries
  const [, ends = [], , along = []] = chunks(results, [carries.length, starts.length, outputs, results.length])
  const real = resultTypes(loop).filter(isReal)
  return pack([...ends, ...along].filter((_, i) => real[i]?.dtype === loop.dtype))
}

// rows -----------------------------------------------------------------------------------

const exchanged = (x: Expr): Expr =>
  $.transpose(x, { order: [1, 0, ...range(Math.max(0, x.shape.length - 2)).map((i) => i + 2)] })

/** All carries are stacks, since a step may make them so; the others are where they were. */
const ofRows = (loop: Packed, operands: Exprs, stacks: ReadonlyArray<Expr | undefined>, rows: number): Expr => {
  const isCarry = (i: number): boolean => i < loop.carries
  const isSequence = (i: number): boolean => i >= loop.carries && i < loop.carries + loop.sequences
  const given = operands.map((x, i) => {
    const stack = stacks[i]
    return isCarry(i)
      ? (stack ?? stackOf($, x, rows))
      : stack === undefined
        ? x
        : isSequence(i)
          ? exchanged(stack)
          : stack
  })
  const stacked = operands.map((_, i) => isCarry(i) || stacks[i] !== undefined)
  const step = (...xs: Exprs): Exprs => {
    const row = xs.map((x, i) => (stacked[i] ? rowVariable(x) : x))
    const moving = <A>(all: ReadonlyArray<A>): ReadonlyArray<A> => all.filter((_, i) => stacked[i])
    return batched(at(loop.body, row), moving(row), moving(xs), rows)
  }
  const types = given.map((x, i) => (isSequence(i) ? rowType(x) : typeOf(x)))
  const results = run({ ...loop, body: close(types, step).lambda }, given)
  const flats = results.flatMap((y, i) => {
    const own = isCarry(i) ? y : exchanged(y)
    return y.dtype === loop.dtype ? [$.reshape(own, { shape: [rows, size(own.shape.slice(1))] })] : []
  })
  return $.concat(flats, { axis: 1 })
}

// lowering to ONNX -------------------------------------------------------------------------

const loopOnnx = (g: OnnxGraph, { inputs, params }: OnnxSite<Packed>): ReadonlyArray<string> =>
  g.scan({ body: params.body, ...split(inputs, params), reverse: params.reverse })

/** The results of one element type end to end. */
const packedOnnx = (g: OnnxGraph, loop: Packed, results: ReadonlyArray<string>): string => {
  const own = results.filter((_, i) => loop.body.results[i]?.dtype === loop.dtype)
  const flats = own.map((name) => g.node('Reshape', [name, g.ints([-1])]))
  const [first, ...more] = flats
  if (first === undefined) return g.constant(loop.dtype, [], [0])
  return more.length === 0 ? first : g.node('Concat', flats, { axis: 0 })
}

/** Without a step, carries are what they were, and outputs have no elements. */
const nothing = (g: OnnxGraph, { inputs, params }: OnnxSite<Packed>): string => {
  const carries = inputs.slice(0, params.carries).map(g.full)
  return packedOnnx(
    g,
    { ...params, body: { ...params.body, results: params.body.results.slice(0, params.carries) } },
    carries
  )
}

// the operation --------------------------------------------------------------------------

export const looped: Op = composite<Packed>({
  name: 'scan',
  equation: 'c, y[t] = f(c, x[t]) for t = 0, 1, …',
  arity: -1,
  typing: (_, loop) => ({ dtype: loop.dtype, shape: packedShape(loop) }),
  examples: [],
  define: () => (operands, loop) => pack(unrolled(loop, operands).filter(({ dtype }) => dtype === loop.dtype)),
  vjp:
    () =>
    ({ inputs, params, cotangent }) =>
      pulledBack(params, inputs, cotangent),
  jvp:
    () =>
    ({ inputs, params, tangents }) =>
      pushedForward(params, inputs, tangents),
  batch:
    () =>
    ({ inputs, params, stacks, rows }) =>
      ofRows(params, inputs, stacks, rows),
  wgsl: 'derived',
  onnx: (g) => (site) => (site.params.steps === 0 ? nothing(g, site) : packedOnnx(g, site.params, loopOnnx(g, site)))
})

// of trees -------------------------------------------------------------------------------

/** What a step gives: the carry of the next, and an output of its own. */
export interface Step<C, Y> {
  readonly carry: C
  readonly output: Y
}

/** The last carry, and the outputs of all steps, `[steps, …]`. */
export interface Scanned<C, Y, Steps extends Dim = Dim> {
  readonly carry: C
  readonly outputs: Stack<Y, Steps>
}

/** Why a carry is not what the next step takes. */
const carryFault = (before: Expr, after: Expr): Fault | undefined =>
  before.dtype !== after.dtype
    ? { _tag: 'DTypesDiffer', op: 'scan', left: before.dtype, right: after.dtype }
    : equal(before.shape, after.shape)
      ? undefined
      : { _tag: 'ShapesDiffer', op: 'scan', left: before.shape, right: after.shape }

/** A part of the carry after a step; one that does not fit is nothing but its fault. */
const carried = (before: Expr, after: Expr | undefined): Expr => {
  if (after === undefined)
    return misfit({ _tag: 'Invalid', op: 'scan', why: 'a step does not give back every part of the carry' })
  const fault = after.faults.length > 0 ? undefined : carryFault(before, after)
  return fault === undefined ? after : misfit(fault)
}

/** All results of a step. */
const resultsOf = <C, Y>(init: C, step: Step<C, Y>): Exprs => {
  const found = new Map(exprs.flatten(step.carry))
  const carry = exprs.flatten(init).map(([name, before]) => carried(before, found.get(name)))
  return [...carry, ...leavesOf(step.output)]
}

/**
 * `f` step by step along the first axis of a tree of sequences, with a carry from each step to the next. The carry's
 * form, shapes and element types stay the same. What `f` captures is the same in every step, and has a gradient too.
 *
 * - each leaf of `xs` `[steps, …]`, `f` sees `[…]`; each leaf of `outputs` `[steps, …]`
 * - faults: sequences of different lengths; a carry that changes its type
 *
 * @example scan((sum: Real, x: Real) => ({ carry: add(sum, x), output: sum }))(zero, xs)
 */
export const scan =
  <C, X, Y>(f: (carry: C, x: X) => Step<C, Y>) =>
  <Steps extends Dim>(init: C, xs: Stack<X, Steps>): Scanned<C, Y, Steps> => {
    const [starts, sequences] = [leavesOf(init), leavesOf(xs)]
    const [carry, row] = [starts.map(variable), sequences.map(rowVariable)]
    const step = f(refilled(init, carry), rowTree<X, Steps>(xs, row))
    const { lambda, captured } = closed([...carry, ...row], resultsOf(init, step))
    const counts = { carries: starts.length, sequences: sequences.length, steps: sequences[0]?.shape[0] ?? 0 }
    const uneven = unevenFault('scan', sequences)
    const faulty = [...starts, ...sequences, ...lambda.results].find((x) => x.faults.length > 0)
    const wrong = faulty ?? (uneven && misfit(uneven))
    const loop = keeping({ body: lambda, ...counts, reverse: false, kept: false })
    const results =
      wrong === undefined ? run(loop, [...starts, ...sequences, ...captured]) : lambda.results.map(() => wrong)
    return {
      carry: refilled(init, results.slice(0, starts.length)),
      outputs: stackTree(step.output, results.slice(starts.length))
    }
  }

/** `f` so many times, each on what the one before gave, with the number of the step, an `i32` scalar. */
export const iterate =
  <C>(steps: number, f: (carry: C, step: Expr<'i32', readonly []>) => C) =>
  (init: C): C =>
    scan((carry: C, step: Expr<'i32', readonly []>) => ({ carry: f(carry, step), output: {} }))(
      init,
      $.iota({ shape: [steps], axis: 0, dtype: 'i32' })
    ).carry

// Note [Places as data]
// A target without loops runs the steps as launches one after another. Read by a slice, each step would have its number
// in the text of its kernels, and each text is compiled. Read by an index that lies in a buffer, all steps have one text.
// The index is one of two numbers that differ: what is the same everywhere is written into the text.

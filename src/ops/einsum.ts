/**
 * Einstein's sums: every axis has a name, operands are multiplied along axes of equal names, and what the result does not
 * name is summed over. An equation is a chain of contractions from left to right.
 */
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { range, type Shape, ofAxis } from '../core/Shape.ts'
import { labelled, type Labelled } from './contract.ts'
import { draw } from './draw.ts'
import { giving, numeric } from './kinds.ts'

/** `b i d, b j d -> b i j` (words apart by spaces) or `bid,bjd->bij` (letters, no spaces). */
export type Equation = { readonly equation: string }

declare module '../core/Op.ts' {
  interface Builder {
    readonly einsum: (xs: ReadonlyArray<Expr>, params: Equation) => Expr
  }
}

// equations ------------------------------------------------------------------------------

type Names = ReadonlyArray<string>

interface Parsed {
  readonly operands: ReadonlyArray<Names>
  readonly result: Names
}

const parse = ({ equation }: Equation): Parsed | undefined => {
  const names = (term: string): Names => term.split(equation.includes(' ') ? ' ' : '').filter((name) => name !== '')
  const [left, right, ...more] = equation.split('->')
  return left === undefined || right === undefined || more.length > 0
    ? undefined
    : { operands: left.split(',').map(names), result: names(right) }
}

// typing ---------------------------------------------------------------------------------

const invalid = (why: string): Fault => ({ _tag: 'Invalid', op: 'einsum', why })

/** The sizes of the axes by name; `undefined` where two disagree. */
const sizesOf = (
  operands: ReadonlyArray<Names>,
  inputs: ReadonlyArray<Type>
): ReadonlyMap<string, number> | undefined => {
  const sizes = new Map<string, number>() // local
  for (const [i, names] of operands.entries())
    for (const [axis, name] of names.entries()) {
      const size = inputs[i]?.shape[axis] ?? NaN
      if ((sizes.get(name) ?? size) !== size) return undefined
      sizes.set(name, size)
    }
  return sizes
}

const showAll = (inputs: ReadonlyArray<Type>): string => inputs.map(({ shape }) => `[${shape}]`).join(' and ')

const typing = (inputs: ReadonlyArray<Type>, params: Equation): Type | Fault => {
  const { equation } = params
  const parsed = parse(params)
  const [head] = inputs
  if (parsed === undefined || head === undefined) return invalid(`'${equation}' needs one '->' and an operand`)
  const { operands, result } = parsed
  const other = inputs.find((x) => x.dtype !== head.dtype)
  if (other !== undefined) return { _tag: 'DTypesDiffer', op: 'einsum', left: head.dtype, right: other.dtype }
  if (operands.length !== inputs.length || operands.some((names, i) => names.length !== inputs[i]?.shape.length))
    return invalid(`'${equation}' does not name the axes of ${showAll(inputs)}`)
  const sizes = sizesOf(operands, inputs)
  if (sizes === undefined) return invalid(`sizes differ, '${equation}' of ${showAll(inputs)}`)
  const strange = result.find((name, i) => !sizes.has(name) || result.indexOf(name) !== i)
  return strange === undefined
    ? { dtype: head.dtype, shape: result.map((name) => sizes.get(name) ?? 0) }
    : invalid(`'${strange}' of the result is ${sizes.has(strange) ? 'there twice' : 'in no operand'}, '${equation}'`)
}

// sums and diagonals -----------------------------------------------------------------------

/** The diagonal of two axes of equal size, as the last axis. */
const diagonal = ($: Builder, x: Expr, a: number, b: number): Expr => {
  const rest = range(x.shape.length).filter((axis) => axis !== a && axis !== b)
  const n = ofAxis(x.shape, a)
  const lead: Shape = rest.map((axis) => ofAxis(x.shape, axis))
  const flat = $.reshape($.transpose(x, { order: [...rest, a, b] }), { shape: [...lead, n * n] })
  const zeros = lead.map(() => 0)
  return $.slice(flat, { start: [...zeros, 0], stop: [...lead, n * n], step: [...lead.map(() => 1), n + 1] })
}

/** Each label once: where it is there twice, the diagonal. */
const single = ($: Builder, [x, labels]: Labelled): Labelled => {
  const b = labels.findIndex((label, i) => labels.indexOf(label) !== i)
  if (b < 0) return [x, labels]
  const a = labels.indexOf(ofAxis(labels, b))
  return single($, [diagonal($, x, a, b), [...labels.filter((_, i) => i !== a && i !== b), ofAxis(labels, b)]])
}

/** Summed over the labels that nobody needs. */
const summed = ($: Builder, [x, labels]: Labelled, needed: ReadonlyArray<number>): Labelled => {
  const axes = range(labels.length).filter((axis) => !needed.includes(labels[axis] ?? -1))
  return axes.length === 0 ? [x, labels] : [$.sum(x, { axes }), labels.filter((label) => needed.includes(label))]
}

const arranged = ($: Builder, [x, labels]: Labelled, target: ReadonlyArray<number>): Expr =>
  labels.every((label, i) => label === target[i])
    ? x
    : $.transpose(x, { order: target.map((label) => labels.indexOf(label)) })

/** The product of two, with those of their labels that are still needed; the last product is arranged as the result. */
const product = (
  $: Builder,
  a: Labelled,
  b: Labelled,
  later: ReadonlyArray<number>,
  result: ReadonlyArray<number>
): Labelled => {
  const needed = [...later, ...result]
  const left = summed($, a, [...needed, ...b[1]])
  const right = summed($, b, [...needed, ...a[1]])
  const kept = [...new Set([...left[1], ...right[1]])].filter((label) => needed.includes(label))
  const batch = kept.filter((label) => left[1].includes(label) && right[1].includes(label))
  const target =
    later.length === 0
      ? result.filter((label) => kept.includes(label))
      : [...batch, ...kept.filter((label) => !batch.includes(label))]
  return [labelled($, left, right, target), target]
}

/** The value of an equation that fits its operands. */
const contracted = ($: Builder, xs: ReadonlyArray<Expr>, { operands, result }: Parsed): Expr => {
  const all = [...new Set(operands.flat())]
  const labels = (names: Names): ReadonlyArray<number> => names.map((name) => all.indexOf(name))
  const [first, ...rest] = xs.map((x, i) => single($, [x, labels(operands[i] ?? [])]))
  // An equation that fits has an operand.
  if (first === undefined) return $.fill(0, { dtype: 'f32', shape: [] })
  const target = labels(result)
  const whole = rest.reduce<Labelled>(
    (sum, next, i) =>
      product(
        $,
        sum,
        next,
        rest.slice(i + 1).flatMap((x) => x[1]),
        target
      ),
    first
  )
  return arranged($, summed($, whole, target), target)
}

// the operation --------------------------------------------------------------------------

export const einsum: Op = composite<Equation>({
  name: 'einsum',
  equation: 'the sum of products that the equation says',
  arity: -1,
  typing: giving(numeric, 'einsum', typing),
  examples: [
    { params: { equation: 'b i d, b j d -> b j i' }, inputs: [draw([2, 2, 3], 1), draw([2, 2, 3], 1)] },
    { params: { equation: 'iji->j' }, inputs: [draw([3, 2, 3], 1)] },
    { params: { equation: 'i,j,ki->kj' }, inputs: [draw([3], 1), draw([2], 1), draw([2, 3], 1)] },
    { params: { equation: 'ij,kl->i' }, inputs: [draw([2, 3], 1), draw([2, 2], 1)] }
  ],
  define: ($) => (xs, params) => contracted($, xs, parse(params) ?? { operands: [], result: [] }),
  vjp: 'derived',
  jvp: 'derived',
  batch: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

/**
 * Einstein's sums: every axis has a name, operands are multiplied along axes of equal names, and what the result does not
 * name is summed over. An equation is a chain of contractions from left to right.
 */
import type { Expr, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { RA } from '../core/fp.ts'
import { composite, type Builder, type Op } from '../core/Op.ts'
import { ofAxis, range, type Shape } from '../core/Shape.ts'
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
  /** One, if it is an equation. */
  readonly arrows: number
}

const parse = ({ equation }: Equation): Parsed => {
  const names = (term: string): Names => term.split(equation.includes(' ') ? ' ' : '').filter((name) => name !== '')
  const [left = '', ...right] = equation.split('->')
  return { operands: left.split(',').map(names), result: right.flatMap(names), arrows: right.length }
}

// typing ---------------------------------------------------------------------------------

const invalid = (why: string): Fault => ({ _tag: 'Invalid', op: 'einsum', why })

/** The sizes of the axes by name; `undefined` where two disagree. */
const sizesOf = (
  operands: ReadonlyArray<Names>,
  inputs: ReadonlyArray<Type>
): ReadonlyMap<string, number> | undefined => {
  const named = RA.zip(operands, inputs).flatMap(([names, { shape }]) => RA.zip(names, shape))
  const sizes = new Map(named)
  return named.every(([name, size]) => sizes.get(name) === size) ? sizes : undefined
}

const showAll = (inputs: ReadonlyArray<Type>): string => inputs.map(({ shape }) => `[${shape}]`).join(' and ')

const typing = (inputs: ReadonlyArray<Type>, params: Equation): Type | Fault => {
  const { equation } = params
  const { operands, result, arrows } = parse(params)
  const [head] = inputs
  if (arrows !== 1 || head === undefined) return invalid(`'${equation}' needs one '->' and an operand`)
  const other = inputs.find((x) => x.dtype !== head.dtype)
  if (other !== undefined) return { _tag: 'DTypesDiffer', op: 'einsum', left: head.dtype, right: other.dtype }
  const paired = RA.zip(operands, inputs)
  if (operands.length !== inputs.length || paired.some(([names, { shape }]) => names.length !== shape.length))
    return invalid(`'${equation}' does not name the axes of ${showAll(inputs)}`)
  const sizes = sizesOf(operands, inputs)
  if (sizes === undefined) return invalid(`sizes differ, '${equation}' of ${showAll(inputs)}`)
  const shape = result.flatMap((name) => sizes.get(name) ?? [])
  const strange = result.find((name, i) => !sizes.has(name) || result.indexOf(name) !== i)
  return strange === undefined
    ? { dtype: head.dtype, shape }
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
  const axes = labels.flatMap((label, axis) => (needed.includes(label) ? [] : [axis]))
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
  const singles = RA.zip(xs, operands).map(([x, names]) => single($, [x, labels(names)]))
  const target = labels(result)
  const whole = singles.reduce((sum, next, i) =>
    product(
      $,
      sum,
      next,
      singles.slice(i + 1).flatMap((x) => x[1]),
      target
    )
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
  define: ($) => (xs, params) => contracted($, xs, parse(params)),
  vjp: 'derived',
  jvp: 'derived',
  batch: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

/** Factors that are repeated along axes, scalars above all: multiplied together while small, applied once, and late. */
import type { Expr } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { $, type Axes, type Contract, type Reshape, type Transpose } from '../../ops/registry.ts'
import { apply, type Apply } from '../../core/Expr.ts'
import type { Rule } from '../rewrite.ts'
import {
  float,
  isSmaller,
  numberOf,
  onPair,
  onUnary,
  pointwise,
  repeated,
  rescaled,
  sameFrame,
  splat,
  spread,
  under,
  type Repeated
} from './match.ts'

// model ----------------------------------------------------------------------------------

/** A product of a value and a factor with fewer elements. */
interface Scaled {
  readonly value: Expr
  readonly factor: Expr
}

const smaller = (node: Expr): Repeated | undefined => {
  const found = repeated(node)
  return found !== undefined && isSmaller(found, node.shape) ? found : undefined
}

const scaled = (node: Expr | undefined): Scaled | undefined => {
  const [x, y] = (node && float(node) && under(node, 'mul')) || []
  if (x === undefined || y === undefined) return undefined
  return smaller(y) && !smaller(x)
    ? { value: x, factor: y }
    : smaller(x) && !smaller(y)
      ? { value: y, factor: x }
      : undefined
}

/** Scaled by one number throughout. */
const scaledEvenly = (node: Expr | undefined): { readonly value: Expr; readonly scalar: Expr } | undefined => {
  const found = scaled(node)
  const scalar = found && splat(found.factor)
  return found && scalar && { value: found.value, scalar }
}

// small work first -------------------------------------------------------------------------

/** Whether the factors multiply without growing: one of them is a scalar, or they repeat alike. */
const meet = (a: Expr, b: Expr): boolean => {
  const p = smaller(a)
  const q = smaller(b)
  if (p === undefined || q === undefined) return false
  return p.source.shape.length === 0 || q.source.shape.length === 0 || sameFrame(p, q)
}

/** The operand as it is before repetition, in the frame of the others. */
const inFrame = (x: Repeated, frame: Repeated): Expr =>
  x.source.shape.length === 0 && frame.source.shape.length > 0
    ? $.broadcast(x.source, { shape: frame.source.shape, axes: [] })
    : x.source

/** `f` of values that repeat alike is `f` of the values, repeated. */
const lifted = (node: Apply): Expr | undefined => {
  const { op, inputs, params } = node.term
  if (node.shape.length === 0) return undefined
  const parts = inputs.map(smaller)
  if (!parts.every((part) => part !== undefined) || parts.length === 0) return undefined
  const frame = parts.find((part) => part.source.shape.length > 0) ?? parts[0]
  if (frame === undefined || !parts.every((part) => part.source.shape.length === 0 || sameFrame(part, frame)))
    return undefined
  const small = apply(
    op,
    parts.map((part) => inFrame(part, frame)),
    params
  )
  return $.broadcast(small, { shape: node.shape, axes: frame.axes })
}

const early: ReadonlyArray<Rule> = [
  onUnary('−(x · a) = x · (−a)', 'neg', (x) => {
    const inner = scaled(x)
    return inner && $.mul(inner.value, $.neg(inner.factor))
  }),
  { name: 'what repeats is computed once', on: pointwise, rewrite: lifted },
  onPair('(x · a) · b = x · (a · b)', 'mul', (x, b) => {
    const inner = smaller(x) === undefined ? scaled(x) : undefined
    return inner && meet(inner.factor, b) ? $.mul(inner.value, $.mul(inner.factor, b)) : undefined
  }),
  onPair('(x · c) · d = x · cd of numbers', 'mul', (product, d) => {
    const [x, c] = (float(product) && under(product, 'mul')) || []
    const [p, q] = [c && numberOf(c), numberOf(d)]
    return x !== undefined && p !== undefined && q !== undefined ? rescaled(x, p * q) : undefined
  }),
  onPair('(x · a) · (y · b) = (x · y) · (a · b)', 'mul', (x, y) => {
    const left = scaled(x)
    const right = scaled(y)
    return left && right && meet(left.factor, right.factor)
      ? $.mul($.mul(left.value, right.value), $.mul(left.factor, right.factor))
      : undefined
  }),
  onPair('((x · a) · y) · b = (x · y) · (a · b)', 'mul', (product, b) => {
    const [x, y] = (float(product) && under(product, 'mul')) || []
    if (x === undefined || y === undefined || scaled(product) !== undefined) return undefined
    const [inner, other] = scaled(x) === undefined ? [scaled(y), x] : [scaled(x), y]
    return inner && meet(inner.factor, b) ? $.mul($.mul(inner.value, other), $.mul(inner.factor, b)) : undefined
  })
]

// scalars last -----------------------------------------------------------------------------

/** A factor of an operand as one of the result; `worth` says where that is better. */
const contracted =
  (worth: (from: Expr, to: Expr, scalar: Expr) => boolean) =>
  (node: Apply): Expr | undefined => {
    const [x, y] = node.term.inputs
    const params = node.term.params as Contract
    const [left, right] = [scaledEvenly(x), scaledEvenly(y)]
    if (x && y && left && worth(x, node, left.scalar))
      return $.mul($.contract(left.value, y, params), spread(left.scalar, node))
    return x && y && right && worth(y, node, right.scalar)
      ? $.mul($.contract(x, right.value, params), spread(right.scalar, node))
      : undefined
  }

/** For targets whose products take a number as a factor: it costs nothing there. */
export const freeFactor: Rule = {
  name: 'Σ (x · c) y = (Σ x y) · c',
  on: ['contract'],
  rewrite: contracted((_, __, scalar) => numberOf(scalar) !== undefined)
}

const late: ReadonlyArray<Rule> = [
  onUnary<Axes>('Σ (x · s) = (Σ x) · s', 'sum', (x, params, node) => {
    const inner = scaledEvenly(x)
    return inner && $.mul($.sum(inner.value, params), spread(inner.scalar, node))
  }),
  {
    name: 'Σ (x · s) y = (Σ x y) · s',
    on: ['contract'],
    rewrite: contracted((from, to) => size(to.shape) < size(from.shape))
  },
  onUnary<Reshape & Transpose>('a view of x · s = (a view of x) · s', ['reshape', 'transpose'], (x, params, node) => {
    const inner = scaledEvenly(x)
    return inner && $.mul(apply(node.term.op, [inner.value], params), spread(inner.scalar, node))
  }),
  onUnary<Reshape & Transpose & Axes>(
    'a view or sum of −x = −(a view or sum of x)',
    ['reshape', 'transpose', 'sum'],
    (x, params, node) => {
      const inner = under(x, 'neg')?.[0]
      return inner && $.neg(apply(node.term.op, [inner], params))
    }
  )
]

export const factors: ReadonlyArray<Rule> = [...early, ...late]

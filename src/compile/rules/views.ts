/** Views of views, and views that change nothing. */
import type { Apply, Expr } from '../../core/Expr.ts'
import { RA } from '../../core/fp.ts'
import { equal, range, size, type Shape } from '../../core/Shape.ts'
import {
  $,
  type Axes,
  type BroadcastTo,
  type Concat,
  type Contract,
  type Pad,
  type Reshape,
  type Side,
  type Slice,
  type Transpose
} from '../../ops/registry.ts'
import { freeOf } from '../../ops/contract.ts'
import { apply } from '../../core/Expr.ts'
import type { Rule } from '../rewrite.ts'
import { float, is, nth, onUnary, pick, rescaled, splat, spread, under } from './match.ts'

const paramsOf = <P>(node: Apply): P => node.term.params as P

/** The operand and parameters of a node of `op`. */
const inner = <P>(node: Expr, op: string): { readonly x: Expr; readonly params: P } | undefined => {
  if (!is(node, op)) return undefined
  const [x] = node.term.inputs
  return x && { x, params: paramsOf<P>(node) }
}

const isZero = (values: ReadonlyArray<number>): boolean => values.every((n) => n === 0)

/** The order of the axes that are not of size 1 is kept. */
const still = (shape: Shape, order: ReadonlyArray<number>): boolean => {
  const moving = order.filter((axis) => shape[axis] !== 1)
  return equal(
    moving,
    moving.toSorted((a, b) => a - b)
  )
}

// rearrangements ---------------------------------------------------------------------------

const rearrangements: ReadonlyArray<Rule> = [
  onUnary<Reshape>('a reshape to the same shape', 'reshape', (x, { shape }) => (equal(x.shape, shape) ? x : undefined)),
  onUnary<Reshape>('a reshape of a reshape', 'reshape', (x, params) => {
    const below = inner<Reshape>(x, 'reshape')
    return below && $.reshape(below.x, params)
  }),
  onUnary<Transpose>('a transpose that moves nothing', 'transpose', (x, { order }, node) =>
    still(x.shape, order) ? $.reshape(x, { shape: node.shape }) : undefined
  ),
  onUnary<Transpose>('a transpose of a transpose', 'transpose', (x, { order }) => {
    const below = inner<Transpose>(x, 'transpose')
    return below && $.transpose(below.x, { order: pick(below.params.order, order) })
  }),
  onUnary<Reshape>('a reshape of a scalar', 'reshape', (x, _, node) =>
    x.shape.length === 0 ? spread(x, node) : undefined
  ),
  onUnary('a view of a scalar repeated', ['reshape', 'transpose', 'slice', 'flip', 'broadcast'], (x, _, node) => {
    const scalar = x.shape.length === 0 ? undefined : splat(x)
    return scalar && spread(scalar, node)
  })
]

// repetition -----------------------------------------------------------------------------

/** The axes of a shape that are not of size 1, where taking the others away is all that `from` needs to become it. */
const insertedOnes = (from: Shape, to: Shape): ReadonlyArray<number> | undefined => {
  const real = range(to.length).filter((axis) => to[axis] !== 1)
  return equal(from, pick(to, real)) ? real : undefined
}

const repetitions: ReadonlyArray<Rule> = [
  onUnary<BroadcastTo>('a broadcast to the same shape', 'broadcast', (x, { shape }) =>
    equal(x.shape, shape) ? x : undefined
  ),
  onUnary<BroadcastTo>('a broadcast of a broadcast', 'broadcast', (x, { shape, axes }) => {
    const below = inner<BroadcastTo>(x, 'broadcast')
    return below && $.broadcast(below.x, { shape, axes: pick(axes, below.params.axes) })
  }),
  onUnary<BroadcastTo>('a broadcast of one element', 'broadcast', (x, { shape }) =>
    x.shape.length > 0 && size(x.shape) === 1
      ? $.broadcast($.reshape(x, { shape: [] }), { shape, axes: [] })
      : undefined
  ),
  onUnary<BroadcastTo>('a broadcast of axes of size 1', 'broadcast', (x, { shape, axes }) => {
    const below = inner<Reshape>(x, 'reshape')
    const real = below && insertedOnes(below.x.shape, x.shape)
    return below && real && $.broadcast(below.x, { shape, axes: pick(axes, real) })
  }),
  onUnary<Reshape>('a broadcast that adds axes of size 1', 'broadcast', (x, { shape }) =>
    x.shape.length > 0 && size(shape) === size(x.shape) && size(shape) > 0 ? $.reshape(x, { shape }) : undefined
  )
]

// cuts and joints --------------------------------------------------------------------------

const whole = (shape: Shape, { start, stop, step }: Slice): boolean =>
  isZero(start) && equal(stop, shape) && step.every((n) => n === 1)

/** The operand of a concatenation that a slice cuts out whole. */
const piece = (x: Expr, { start, stop, step }: Slice): Expr | undefined => {
  if (!is(x, 'concat') || step.some((n) => n !== 1)) return undefined
  const { axis } = paramsOf<Concat>(x)
  if (start.some((n, i) => i !== axis && (n !== 0 || stop[i] !== x.shape[i]))) return undefined
  const ends = RA.scanLeft(0, (at, part: Expr) => at + nth(part.shape, axis))(x.term.inputs)
  const i = ends.findIndex((end, k) => end === start[axis] && ends[k + 1] === stop[axis])
  return x.term.inputs[i]
}

const cuts: ReadonlyArray<Rule> = [
  onUnary<Slice>('a slice of everything', 'slice', (x, params) => (whole(x.shape, params) ? x : undefined)),
  onUnary<Slice>('a slice of a slice', 'slice', (x, { start, stop, step }) => {
    const below = inner<Slice>(x, 'slice')
    if (below === undefined) return undefined
    const at = (n: number, i: number): number => nth(below.params.start, i) + n * nth(below.params.step, i)
    return $.slice(below.x, {
      start: start.map(at),
      stop: stop.map((n, i) => (n === start[i] ? at(n, i) : at(n - 1, i) + 1)),
      step: step.map((n, i) => n * nth(below.params.step, i))
    })
  }),
  onUnary<Slice>('a slice of a concatenation', 'slice', piece),
  onUnary<Slice>('a slice of what was padded', 'slice', (x, { start, stop, step }) => {
    const below = inner<Pad>(x, 'pad')
    return below &&
      isZero(below.params.interior) &&
      step.every((n) => n === 1) &&
      equal(start, below.params.low) &&
      stop.every((n, i) => n === nth(start, i) + nth(below.x.shape, i))
      ? below.x
      : undefined
  }),
  onUnary<Pad>('a pad by nothing', 'pad', (x, { low, high, interior }) =>
    isZero(low) && isZero(high) && isZero(interior) ? x : undefined
  ),
  {
    name: 'a concatenation of one',
    on: ['concat'],
    rewrite: ({ term }) => (term.inputs.length === 1 ? term.inputs[0] : undefined)
  },
  {
    name: 'a concatenation of concatenations',
    on: ['concat'],
    rewrite: (node) => {
      const { axis } = paramsOf<Concat>(node)
      const parts = node.term.inputs.map((x) =>
        is(x, 'concat') && paramsOf<Concat>(x).axis === axis ? x.term.inputs : [x]
      )
      return parts.some((part) => part.length > 1) ? $.concat(parts.flat(), { axis }) : undefined
    }
  }
]

// See Note [Sum of pads]
interface Part {
  readonly x: Expr
  readonly axis: number
  readonly start: number
}

/** A part of a larger tensor of zeros, apart from the rest along one axis. */
const partOf = (node: Expr): Part | undefined => {
  const below = inner<Pad>(node, 'pad')
  if (below === undefined) return undefined
  const { low, high, interior, value } = below.params
  const padded = range(low.length).filter((axis) => low[axis] !== 0 || high[axis] !== 0)
  const [axis, ...others] = padded
  if (axis === undefined || others.length > 0 || value !== 0 || !isZero(interior)) return undefined
  const start = nth(low, axis)
  return start >= 0 && nth(high, axis) >= 0 ? { x: below.x, axis, start } : undefined
}

/** The parts that a sum of pads is made of, in order; `undefined` where a term is something else. */
const partsOf = (sum: Expr): ReadonlyArray<Part> | undefined => {
  const pending: Array<Expr> = [sum] // local
  const parts: Array<Part> = [] // local
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const terms = under(node, 'add')
    const part = terms ? undefined : partOf(node)
    if (terms) pending.push(...terms)
    else if (part && part.axis === (parts[0] ?? part).axis) parts.push(part)
    else return undefined
  }
  return parts.sort((a, b) => a.start - b.start)
}

const joined = (node: Apply): Expr | undefined => {
  const parts = partsOf(node)
  const axis = parts?.[0]?.axis
  if (parts === undefined || axis === undefined) return undefined
  const end = parts.reduce((at, { x, start }) => (at === start ? at + nth(x.shape, axis) : NaN), 0)
  return end === node.shape[axis]
    ? $.concat(
        parts.map(({ x }) => x),
        { axis }
      )
    : undefined
}

// folds ----------------------------------------------------------------------------------

/** A fold over axes along which the operand repeats: the fold of what it repeats, and how often. */
const foldOfRepetition = (node: Apply): { readonly small: Expr; readonly count: number } | undefined => {
  const [x] = node.term.inputs
  const below = x && inner<BroadcastTo>(x, 'broadcast')
  if (x === undefined || below === undefined) return undefined
  const { axes } = paramsOf<Axes>(node)
  const placed = below.params.axes
  const real = (axis: number): boolean => placed.includes(axis) && below.x.shape[placed.indexOf(axis)] === x.shape[axis]
  const count = axes.reduce((n, axis) => (real(axis) ? n : n * nth(x.shape, axis)), 1)
  if (count === 1) return undefined
  const gone = placed.flatMap((axis, i) => (axes.includes(axis) ? [i] : []))
  const kept = range(x.shape.length).filter((axis) => !axes.includes(axis))
  const small = apply(node.term.op, [below.x], { axes: gone })
  const places = placed.filter((axis) => !axes.includes(axis)).map((axis) => kept.indexOf(axis))
  return { small: $.broadcast(small, { shape: node.shape, axes: places }), count }
}

const foldNames = ['sum', 'max', 'min', 'prod']

const folds: ReadonlyArray<Rule> = [
  onUnary<Axes>('a fold over no axes', foldNames, (x, { axes }) => (axes.length === 0 ? x : undefined)),
  onUnary<Axes>('a fold over axes of size 1', foldNames, (x, { axes }, node) =>
    axes.every((axis) => x.shape[axis] === 1) ? $.reshape(x, { shape: node.shape }) : undefined
  ),
  onUnary<Axes>('a fold of a fold', foldNames, (x, { axes }, node) => {
    const below = inner<Axes>(x, node.term.op.name)
    if (below === undefined) return undefined
    const kept = range(below.x.shape.length).filter((axis) => !below.params.axes.includes(axis))
    const both = [...below.params.axes, ...pick(kept, axes)]
    return apply(node.term.op, [below.x], { axes: both.sort((a, b) => a - b) })
  }),
  {
    name: 'a sum of what repeats',
    on: ['sum'],
    rewrite: (node) => {
      const found = float(node) ? foldOfRepetition(node) : undefined
      return found && rescaled(found.small, found.count)
    }
  },
  {
    name: 'an extremum of what repeats',
    on: ['max', 'min'],
    rewrite: (node) => foldOfRepetition(node)?.small
  }
]

// contractions ---------------------------------------------------------------------------

/** One operand read in place instead of transposed, where the result's axes keep their order. */
const straightened = (x: Expr, side: Side): { readonly x: Expr; readonly side: Side } | undefined => {
  const below = inner<Transpose>(x, 'transpose')
  if (below === undefined) return undefined
  const from = (axis: number): number => nth(below.params.order, axis)
  const moved = { batch: side.batch.map(from), over: side.over.map(from) }
  return equal(freeOf(x.shape, side).map(from), freeOf(below.x.shape, moved)) ? { x: below.x, side: moved } : undefined
}

const contractions: ReadonlyArray<Rule> = [
  {
    name: 'a contraction of a transpose',
    on: ['contract'],
    rewrite: (node) => {
      const [x, y] = node.term.inputs
      const { left, right } = paramsOf<Contract>(node)
      const [a, b] = [x && straightened(x, left), y && straightened(y, right)]
      if (a && y) return $.contract(a.x, y, { left: a.side, right })
      return x && b && $.contract(x, b.x, { left, right: b.side })
    }
  }
]

export const views: ReadonlyArray<Rule> = [
  ...rearrangements,
  ...repetitions,
  ...cuts,
  { name: 'a sum of pads that lie side by side', on: ['add'], rewrite: joined },
  ...folds,
  ...contractions
]

// Note [Sum of pads]
// The pullback of a slice is a pad, and cotangents add up: the pullback of a tensor that is split into n slices is a sum
// of n padded tensors, each as large as the whole. Where the slices lie side by side that sum is their concatenation.

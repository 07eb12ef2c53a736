/** Small graphs drawn at random, of what programs and their derivatives are made of; every one is well typed. */
import fc from 'fast-check'
import { input, type Expr } from '../../src/core/Expr.ts'
import { key, uniform } from '../../src/core/Key.ts'
import { range, size, type Shape } from '../../src/core/Shape.ts'
import { tensor, type Tensor } from '../../src/core/Tensor.ts'
import { $ } from '../../src/ops/registry.ts'

const shapes: ReadonlyArray<Shape> = [[2, 3], [3], [2, 1], [], [1, 3], [2, 3, 2]]

const leaves: ReadonlyArray<Expr> = shapes.flatMap((shape, i) =>
  ['a', 'b'].map((name) => input(`${name}${i}`, 'f32', shape))
)

export const environment: ReadonlyMap<string, Tensor> = new Map(
  leaves.flatMap(({ shape, term }, i) =>
    term._tag === 'Input'
      ? [
          [
            term.name,
            tensor(
              'f32',
              shape,
              uniform(key(i), size(shape)).map((u) => 0.5 + u)
            )
          ] as const
        ]
      : []
  )
)

/** One step of building: numbers that choose an operation, operands and parameters. */
type Step = readonly [op: number, x: number, y: number, n: number]

const pick = <A>(xs: ReadonlyArray<A>, n: number): A => xs[n % xs.length] as A

const numbers = [0, 1, -1, 2, 0.5, -3]

/** The operand as an equal shape of another: repeated, or summed up and then repeated. */
const like = (y: Expr, x: Expr): Expr => {
  const axes = y.shape.map((_, i) => i + x.shape.length - y.shape.length)
  const fits = axes.every((axis, i) => axis >= 0 && (y.shape[i] === 1 || y.shape[i] === x.shape[axis]))
  const scalar = $.sum(y, { axes: range(y.shape.length) })
  return fits ? $.broadcast(y, { shape: x.shape, axes }) : $.broadcast(scalar, { shape: x.shape, axes: [] })
}

const subset = (n: number, rank: number): ReadonlyArray<number> => range(rank).filter((i) => (n >> i) & 1)

const rotated = (rank: number, n: number): ReadonlyArray<number> => range(rank).map((i) => (i + n) % Math.max(1, rank))

const cut = (x: Expr, n: number): Expr => {
  const start = x.shape.map((d, i) => (d > 1 && (n >> i) & 1 ? 1 : 0))
  return $.slice(x, { start, stop: x.shape, step: x.shape.map(() => 1) })
}

/** Cut in two along the first axis and put together again by pads, as pullbacks of slices do. */
const split = (x: Expr, scale: number): Expr => {
  const [d = 0, ...rest] = x.shape
  if (d < 2) return x
  const at = (from: number, to: number): Expr => {
    const zeros = rest.map(() => 0)
    const part = $.slice(x, { start: [from, ...zeros], stop: [to, ...rest], step: x.shape.map(() => 1) })
    const scaled = $.mul(part, $.fill(scale, part))
    const interior = x.shape.map(() => 0)
    return $.pad(scaled, { low: [from, ...zeros], high: [d - to, ...zeros], interior, value: 0 })
  }
  return $.add(at(1, d), at(0, 1))
}

const moves: ReadonlyArray<(x: Expr, y: Expr, n: number) => Expr> = [
  (x, y) => $.add(x, like(y, x)),
  (x, y) => $.sub(x, like(y, x)),
  (x, y) => $.mul(x, like(y, x)),
  (x, y) => $.mul(like(y, x), x),
  (x, _, n) => $.mul(x, $.fill(pick(numbers, n), x)),
  (x, _, n) => $.add($.fill(pick(numbers, n), x), x),
  (x, _, n) => $.sub(x, $.fill(pick(numbers, n), x)),
  (x, _, n) => $.sub($.fill(pick(numbers, n), x), x),
  (x, _, n) => $.div(x, $.fill(pick([1, 2, -4], n), x)),
  (x) => $.neg(x),
  (x) => $.mul(x, x),
  (x) => $.tanh(x),
  (x) => $.reciprocal($.add($.mul(x, x), $.fill(1, x))),
  (x, y) => $.div(x, $.add($.mul(like(y, x), like(y, x)), $.fill(1, x))),
  (x, _, n) => $.pow($.sigmoid(x), $.fill(pick([1, 2, 3, 0.5, -0.5, -1], n), x)),
  (x, y, n) => $.where($.less($.fill(pick(numbers, n), x), like(y, x)), x, $.neg(x)),
  (x, y) => $.where($.not($.not($.less(like(y, x), x))), x, x),
  (x) => $.maximum($.minimum(x, x), x),
  (x) => $.cast($.stopGradient(x), { to: 'f32' }),
  (x, _, n) => $.sum(x, { axes: subset(n, x.shape.length) }),
  (x, _, n) => $.max(x, { axes: subset(n, x.shape.length) }),
  (x, _, n) => $.prod(x, { axes: subset(n, x.shape.length) }),
  (x, _, n) => $.transpose(x, { order: rotated(x.shape.length, n) }),
  (x, _, n) => $.reshape(x, { shape: pick([[size(x.shape)], [1, ...x.shape], [...x.shape, 1], x.shape], n) }),
  (x, _, n) => $.broadcast(x, { shape: [pick([1, 2], n), ...x.shape], axes: range(x.shape.length).map((i) => i + 1) }),
  (x, _, n) => cut(x, n),
  (x, _, n) => split(x, pick(numbers, n)),
  (x) => $.pad(x, { low: x.shape.map(() => 0), high: x.shape.map(() => 0), interior: x.shape.map(() => 0), value: 0 }),
  (x, _, n) =>
    x.shape.length === 0 ? x : $.concat([x, $.concat([x, $.neg(x)], { axis: 0 })].slice(n % 2), { axis: 0 }),
  (x, y) =>
    $.contract(x, $.transpose(x, { order: rotated(x.shape.length, 1) }), {
      left: { batch: [], over: x.shape.length === 0 ? [] : [x.shape.length - 1] },
      right: { batch: [], over: x.shape.length < 2 ? range(x.shape.length) : [x.shape.length - 2] }
    }) &&
    $.contract(x, like(y, x), {
      left: { batch: [], over: range(x.shape.length) },
      right: { batch: [], over: range(x.shape.length) }
    }),
  (x) =>
    x.shape.length < 2
      ? x
      : $.contract($.mul(x, $.fill(2, x)), $.transpose(x, { order: rotated(x.shape.length, 1) }), {
          left: { batch: [], over: [0] },
          right: { batch: [], over: [x.shape.length - 1] }
        })
]

// Values stay of moderate size, so that sums keep their digits.
const tame = (x: Expr): Expr => (size(x.shape) > 64 ? $.tanh($.sum(x, { axes: range(x.shape.length) })) : x)

const built = (steps: ReadonlyArray<Step>): Expr => {
  const pool: Array<Expr> = [...leaves] // local
  for (const [op, x, y, n] of steps) {
    const latest = pool.at(-1) as Expr
    pool.push(tame(pick(moves, op)(n % 3 === 0 ? pick(pool, x) : latest, pick(pool, y), n)))
  }
  return pool.at(-1) as Expr
}

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(1000), fc.nat(1000), fc.nat(1000), fc.nat(1000))

export const graphs: fc.Arbitrary<Expr> = fc.array(step, { minLength: 1, maxLength: 14 }).map(built)

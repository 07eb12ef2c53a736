/**
 * Random well-typed graphs over a registry of operations, with values for their inputs. A graph is grown from a list of
 * choices, so that it shrinks by dropping choices, and a counterexample reads as the text of a graph.
 */
import * as fc from 'fast-check'
import { apply, input, type Expr, type Params } from '../src/core/Expr.ts'
import { E, pipe } from '../src/core/fp.ts'
import type { Draw, Example, Op } from '../src/core/Op.ts'
import { equal, range, size } from '../src/core/Shape.ts'
import { generate, type Tensor } from '../src/core/Tensor.ts'
import { evaluate, type Environment } from '../src/interpret/evaluate.ts'
import { $, ops as registry } from '../src/ops/registry.ts'
import { between } from './draw.ts'
import { write, type Given } from './graphText.ts'

// model ----------------------------------------------------------------------------------

export interface Graph extends Given {
  readonly [fc.toStringMethod]: () => string
}

export interface Options {
  readonly ops: ReadonlyArray<Op>
  /** The most operations that are chosen; each may bring a few nodes that make operands fit. */
  readonly size: number
}

interface Choice {
  readonly op: number
  readonly example: number
  readonly operands: ReadonlyArray<number>
}

interface Grown {
  readonly node: Expr
  readonly value: Tensor
}

interface Growth {
  readonly pool: ReadonlyArray<Grown>
  readonly environment: ReadonlyMap<string, Tensor>
}

/** Larger results are not grown upon, so that graphs stay quick to evaluate. */
const largest = 512

// operations -----------------------------------------------------------------------------

/** Operations whose results jump: two ways of rounding may disagree about them by more than any tolerance. */
const jumps = (op: Op): boolean =>
  ['floor', 'sign', 'cast'].includes(op.name) || op.examples.some((e) => e.inputs.some((i) => i.apart !== undefined))

/** Every operation of the registry. */
export const allOps: ReadonlyArray<Op> = Object.values(registry).filter((op) => op.examples.length > 0)

/** Those that are continuous: what devices of other roundings can be compared on. */
export const continuousOps: ReadonlyArray<Op> = allOps.filter((op) => !jumps(op))

// growing --------------------------------------------------------------------------------

const pick = <A>(from: ReadonlyArray<A>, choice: number): A => from[choice % from.length] as A

/** The value of a node whose inputs are all in the environment, `undefined` where there is none. */
const valueOf = (node: Expr, environment: Environment): Tensor | undefined =>
  pipe(
    evaluate(environment)([node]),
    E.match(
      () => undefined,
      (values) => values[0]
    )
  )

/** Evaluates one operation on operands whose values are known, without evaluating what is below them. */
const step = (op: Op, operands: ReadonlyArray<Grown>, params: Params): Grown | undefined => {
  const node = apply(
    op,
    operands.map((x) => x.node),
    params
  )
  if (node.faults.length > 0 || size(node.shape) > largest) return undefined
  const stand = operands.map((x, i) => input(`operand${i}`, x.node.dtype, x.node.shape))
  const value = valueOf(apply(op, stand, params), new Map(operands.map((x, i) => [`operand${i}`, x.value])))
  return value === undefined ? undefined : { node, value }
}

const finite = ({ value }: Grown): boolean =>
  value.dtype !== 'f32' || value.data.every((v) => Number.isFinite(v) && Math.abs(v) < 1e6)

const through = (x: Grown, f: (node: Expr) => Expr): Grown => {
  const stand = input('operand', x.node.dtype, x.node.shape)
  const value = valueOf(f(stand), new Map([['operand', x.value]]))
  return value === undefined ? x : { node: f(x.node), value }
}

/** Values within the operand's domain: as they are where they lie in it, else squashed into it. */
const within = (x: Grown, { min, max }: Draw): Grown =>
  x.value.data.every((v) => v >= min && v <= max)
    ? x
    : through(x, (node) => $.add($.mul($.tanh(node), $.fill((max - min) / 2.5, node)), $.fill((min + max) / 2, node)))

/** As many elements as the shape has, cut or repeated from those there are. */
const fitted = (x: Grown, { shape }: Draw): Grown =>
  through(x, (node) => {
    const have = size(node.shape)
    const want = size(shape)
    const flat = $.reshape(node, { shape: [have] })
    const copies = Math.ceil(want / have)
    const repeated = $.reshape($.broadcast(flat, { shape: [copies, have], axes: [1] }), { shape: [copies * have] })
    return $.reshape($.slice(repeated, { start: [0], stop: [want], step: [1] }), { shape })
  })

const fits =
  ({ dtype, shape, min, max }: Draw) =>
  ({ node, value }: Grown): boolean =>
    node.dtype === dtype && equal(node.shape, shape) && value.data.every((v) => v >= min && v <= max)

/** An operand of another element type: what has grown where it fits, mostly, else an input of its own. */
const whole = (draw: Draw, seed: number, growth: Growth): readonly [Grown, Growth] => {
  const found = growth.pool.filter(fits(draw))
  return found.length > 0 && seed % 4 > 0 ? [pick(found, seed), growth] : fresh(draw, seed, growth)
}

/** An input of its own, drawn from `seed`. */
const fresh = (draw: Draw, seed: number, growth: Growth): readonly [Grown, Growth] => {
  const name = `${draw.dtype}${growth.environment.size}`
  const span = draw.max - draw.min
  const value = generate(draw.dtype, draw.shape, (i) => draw.min + (((seed + 1) * (i + 7919) * 40503) % (span + 1)))
  const grown = { node: input(name, draw.dtype, draw.shape), value }
  return [grown, { pool: [...growth.pool, grown], environment: new Map([...growth.environment, [name, value]]) }]
}

const isReal = ({ node }: Grown): boolean => node.dtype === 'f32'

/** Operands for an example out of what has grown; those of other element types become inputs. */
const operandsFor = (
  example: Example<Params>,
  choice: Choice,
  growth: Growth,
  fit: (x: Grown, draw: Draw) => Grown
): readonly [ReadonlyArray<Grown>, Growth] =>
  example.inputs.reduce<readonly [ReadonlyArray<Grown>, Growth]>(
    ([xs, now], draw, i) => {
      const seed = choice.operands[i % choice.operands.length] ?? 0
      const [x, next] =
        draw.dtype === 'f32'
          ? ([within(fit(pick(now.pool.filter(isReal), seed), draw), draw), now] as const)
          : whole(draw, seed, now)
      return [[...xs, x], next]
    },
    [[], growth]
  )

/** One more operation: on operands as they are if they happen to fit, else on operands made to fit its example. */
const grow =
  (ops: ReadonlyArray<Op>) =>
  (growth: Growth, choice: Choice): Growth => {
    const op = pick(ops, choice.op)
    const example = pick(op.examples, choice.example)
    const attempt = (fit: (x: Grown, draw: Draw) => Grown): Growth | undefined => {
      const [operands, next] = operandsFor(example, choice, growth, fit)
      const grown = step(op, operands, example.params)
      return grown === undefined || !finite(grown) ? undefined : { ...next, pool: [...next.pool, grown] }
    }
    return attempt((x) => x) ?? attempt(fitted) ?? growth
  }

// arbitraries ----------------------------------------------------------------------------

const choice = (ops: ReadonlyArray<Op>): fc.Arbitrary<Choice> =>
  fc.record({
    op: fc.nat(ops.length - 1),
    example: fc.nat(7),
    operands: fc.array(fc.nat(63), { minLength: 1, maxLength: 3 })
  })

const shapes: ReadonlyArray<ReadonlyArray<number>> = [[2, 3], [4], []]

const start = (values: ReadonlyArray<number>): Growth => {
  const inputs = shapes.map((shape, k) => ({
    node: input(`x${k}`, 'f32', shape),
    value: generate('f32', shape, (i) => Math.fround(values[(i + 3 * k) % values.length] ?? 0))
  }))
  return { pool: inputs, environment: new Map(inputs.map(({ value }, k) => [`x${k}`, value])) }
}

const asGraph =
  (rootCount: number) =>
  ({ pool, environment }: Growth): Graph => {
    const last = pool.length - 1
    const roots = range(Math.min(rootCount, pool.length)).flatMap((i) => pool[last - i]?.node ?? [])
    return { roots, environment, [fc.toStringMethod]: () => `\n${write({ roots, environment })}\n` }
  }

/** Graphs of up to `size` operations with one to three roots, and values for their inputs. */
export const graphs = ({ ops, size: most }: Options): fc.Arbitrary<Graph> =>
  fc
    .tuple(
      fc.array(choice(ops), { maxLength: most, size: 'max' }),
      fc.array(between(-2, 2), { minLength: 6, maxLength: 6 }),
      fc.integer({ min: 1, max: 3 })
    )
    .map(([choices, values, roots]) => asGraph(roots)(choices.reduce(grow(ops), start(values))))

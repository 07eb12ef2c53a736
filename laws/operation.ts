/**
 * All laws of one operation, on the parameters and domains that it declares itself: its value, its derivatives, its
 * definition where it has one, what it does for many rows at once, and what a device makes of it.
 */
import * as fc from 'fast-check'
import { isFloat } from '../src/core/DType.ts'
import { f32, type Close } from '../src/measure/Close.ts'
import { apply, input, type Expr, type Params } from '../src/core/Expr.ts'
import type { Example, Op } from '../src/core/Op.ts'
import { show as sentence } from '../src/core/Fault.ts'
import { E, pipe } from '../src/core/fp.ts'
import { equal, size } from '../src/core/Shape.ts'
import { held, stored, type Tensor } from '../src/core/Tensor.ts'
import { evaluate } from '../src/interpret/evaluate.ts'
import { show } from '../src/interpret/show.ts'
import { composite } from './composite.ts'
import { composition, operationCases, transformations } from './composition.ts'
import { derivative } from './derivative.ts'
import { operands, showTensor, unusualOperands } from './draw.ts'
import type { Graph } from './graph.ts'
import { about, firstOf, from, law, type Laws, type Verdict } from './Laws.ts'
import { agreement, target, type Target } from './pass.ts'

const contract = from('the contract of `Op`, `src/core/Op.ts`')

/** What else an operation may be held to. */
export interface OperationOptions {
  /** A device: it agrees with the meaning as closely as `close` says. */
  readonly run?: Target
  readonly close?: Close
}

const graphOf =
  (op: Op, drawn: typeof operands) =>
  (example: Example<Params>): fc.Arbitrary<Graph> => {
    const xs = example.inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
    const roots = [apply(op, xs, example.params)]
    return drawn(example.inputs).map((values) => {
      // As a device holds them, so that both begin from the same numbers.
      const given = values.map((value) => (isFloat(value.dtype) ? stored(value) : value))
      return {
        roots,
        environment: new Map(given.map((value, i) => [`x${i}`, value])),
        [fc.toStringMethod]: () => `\n${show(roots)}\n${given.map(showTensor).join('\n')}\n`
      }
    })
  }

/** An operation at its examples, as graphs with values for their inputs; `undefined` where it has none. */
export const operationGraphs = (op: Op, drawn: typeof operands = operands): fc.Arbitrary<Graph> | undefined =>
  op.examples.length === 0 ? undefined : fc.oneof(...op.examples.map(graphOf(op, drawn)))

const isOfType = (type: Expr, { dtype, shape, data }: Tensor): Verdict =>
  dtype !== type.dtype || !equal(shape, type.shape) || data.length !== size(type.shape)
    ? `${data.length} elements as ${dtype}[${shape}], where the type is ${type.dtype}[${type.shape}]`
    : isFloat(dtype) || data.every((x) => held(dtype, x) === x)
      ? undefined
      : `${data.find((x) => held(dtype, x) !== x)} among elements of ${dtype}`

const isNumber = (_: Expr, { data }: Tensor): Verdict =>
  data.every(Number.isFinite) ? undefined : `${data.find((x) => !Number.isFinite(x))} among the elements`

/** Something about the value of every root. */
const ofValues =
  (check: (root: Expr, value: Tensor) => Verdict) =>
  ({ roots, environment }: Graph): Verdict =>
    pipe(
      evaluate(environment)(roots),
      E.match(
        (faults) => faults.map(sentence).join('; '),
        (values) => firstOf(values.map((value, i) => check(roots[i] as Expr, value)))
      )
    )

/** What an operation gives is of the type that it says, and a number wherever it says that it is defined. */
const values = (op: Op): Laws => {
  const graphs = operationGraphs(op)
  if (graphs === undefined) return {}
  return about(op.name, {
    'its value has its type': law(contract('type(⟦op⟧(x)) = typing(type(x))'), graphs, ofValues(isOfType)),
    'its value is a number where it is defined': law(
      contract('⟦op⟧(x) is finite for x of the examples'),
      graphs,
      ofValues(isNumber)
    )
  })
}

const rows = (op: Op): Laws => {
  const cases = operationCases(op)
  return cases === undefined ? {} : about(op.name, composition(transformations, cases, false))
}

const onDevice = (op: Op, run: Target, close: Close): Laws => {
  const [graphs, beyond] = [operationGraphs(op), operationGraphs(op, unusualOperands)]
  if (graphs === undefined || beyond === undefined) return {}
  return about(op.name, {
    ...target(run, graphs, close),
    'agrees with the meaning where operands are infinite, or no numbers': agreement(run, beyond, close)
  })
}

/** Laws of an operation; each is there where it says something, and that of a device where one is given. */
export const operation = (op: Op, { run, close = f32 }: OperationOptions = {}): Laws => ({
  ...values(op),
  ...derivative(op),
  ...composite(op),
  ...rows(op),
  ...(run === undefined ? {} : onDevice(op, run, close))
})

/** Operations with one thing wrong: a derivative, a definition, a batching rule, a lowering. */
import { exact, f64 } from '../../src/measure/Close.ts'
import { misfit, type Params } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import { composite, primitive, type Composite, type Primitive } from '../../src/core/Op.ts'
import { elementAt, generate, tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { $, ops } from '../../src/ops/registry.ts'
import type { Mutant } from '../Laws.ts'
import { operation } from '../operation.ts'
import type { Target } from '../pass.ts'
import { wrongProducts } from './derivative.ts'
import { offByAThousandth, wrongComposites } from './graph.ts'

const mul = ops['mul'] as Primitive<Params>
const prod = ops['prod'] as Primitive<Params>
const sum = ops['sum'] as Primitive<Params>
const maskedSoftmax = ops['maskedSoftmax'] as Composite<Params>

/** A product that gives every row the result of the first operands. */
const ofOneRow = primitive({
  ...mul,
  batch:
    () =>
    ({ output, rows }) =>
      $.broadcast(output, { shape: [rows, ...output.shape], axes: output.shape.map((_, i) => i + 1) })
})

/** A product whose value has lost its axes. */
const flattened = primitive({
  ...mul,
  meaning: (inputs, params, type) => {
    const { dtype, data } = mul.meaning(inputs, params, type)
    return tensor(dtype, [data.length], data)
  }
})

/** A product of many whose pullback divides, which no factor of 0 allows. */
const dividing = primitive({
  ...prod,
  vjp:
    ($) =>
    ({ inputs: [x], output, cotangent: g, params }) => {
      if (x === undefined) return []
      const axes = params['axes'] as ReadonlyArray<number>
      const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
      return [$.div($.broadcast($.mul(g, output), { shape: x.shape, axes: kept }), x)]
    }
})

/** A masked softmax that divides by the sum of a row, of which there may be none. */
const unguarded = composite({
  ...maskedSoftmax,
  define:
    ($) =>
    ([x, held], { axis }) => {
      if (x === undefined || held === undefined) return misfit()
      const e = $.where(held, $.exp(x), $.fill(0, x))
      const kept = x.shape.flatMap((_, i) => (i === axis ? [] : [i]))
      const total = $.sum(e, { axes: [Number(axis)] })
      return $.div(e, $.broadcast(total, { shape: x.shape, axes: kept }))
    }
})

const large = { dtype: 'i32', shape: [3], min: 2 ** 30, max: 2 ** 31 - 1 } as const

/** Sums that 32 bits do not hold. */
const largeSum = primitive({ ...sum, examples: [{ params: { axes: [0] }, inputs: [large] }] })

/** A device whose integers stop at the largest, where they begin again. */
const saturating: Target = async (roots, environment) => {
  const total = [...environment.values()].flatMap(({ data }) => [...data]).reduce((all, x) => all + x, 0)
  return E.right(roots.map(({ dtype, shape }) => generate(dtype, shape, () => Math.min(total, large.max))))
}

/** A device that has 0 where there is no number, as graphics cards may. */
const forgetful: Target = async (roots, environment) => {
  const values = evaluate(environment)(roots)
  return E.isLeft(values)
    ? E.left(['no value'])
    : E.right(values.right.map((x) => generate(x.dtype, x.shape, (i) => elementAt(x.data, i) || 0)))
}

export const operationMutants: ReadonlyArray<Mutant> = [
  ...[...wrongProducts, ...wrongComposites].map(({ name, brokenLaw, op }) => ({
    name,
    brokenLaw: `${op.name}: ${brokenLaw}`,
    laws: operation(op)
  })),
  {
    name: 'a value without its axes',
    brokenLaw: 'mul: its value has its type',
    laws: operation(flattened)
  },
  {
    name: 'a product whose pullback divides by its factors',
    brokenLaw: 'prod: vjp is the adjoint of the finite-difference pushforward',
    laws: operation(dividing)
  },
  {
    name: 'a softmax of a row that sees nothing',
    brokenLaw: 'maskedSoftmax: its value is a number where it is defined',
    laws: operation(unguarded)
  },
  {
    name: 'integers that do not wrap around',
    brokenLaw: 'sum: agrees with the meaning',
    laws: operation(largeSum, { run: saturating, close: exact })
  },
  {
    name: 'a rule for rows that does one',
    brokenLaw: 'mul: vmap is the function of each row',
    laws: operation(ofOneRow)
  },
  {
    name: 'a device that is a thousandth off',
    brokenLaw: 'mul: agrees with the meaning',
    laws: operation(mul, { run: offByAThousandth, close: f64 })
  },
  {
    name: 'a device that loses what is no number',
    brokenLaw: 'mul: agrees with the meaning where operands are infinite, or no numbers',
    laws: operation(mul, { run: forgetful })
  }
]

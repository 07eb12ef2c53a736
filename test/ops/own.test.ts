/** An operation of one's own, as a user of the package writes and runs it: nothing here is imported but by its name. */
import { apply, batching, composite, evaluate, grad, input, known, parseWith, pipe, primitive } from 'fluxion'
import { E, show, sum, Tensor, vmap, type Composite, type Expr, type Op } from 'fluxion'
import { brokenLater, operation, targetOf } from 'fluxion/laws'
import { describe, expect, it } from 'vitest'
import { reference } from '../../src/runtime/reference/device.ts'
import { evaluateOn } from '../../src/runtime/steps.ts'
import { onEveryTarget } from './onTargets.ts'

const wrong = { _tag: 'WrongInputs', op: 'own', expected: 1, got: 0 } as const

/** `x³`, with everything that an operation says of itself. */
const cubed: Op = primitive<object>({
  name: 'cubed',
  equation: 'x³',
  arity: 1,
  typing: ([x]) => x ?? wrong,
  examples: [{ params: {}, inputs: [{ dtype: 'f32', shape: [3, 4], min: -2, max: 2 }] }],
  meaning: ([x]) => Tensor.map(x as Tensor.Tensor, (v) => v ** 3),
  vjp:
    ($) =>
    ({ inputs: [x], cotangent: g }) => [x && $.mul(g, $.mul($.fill(3, x), $.mul(x, x)))],
  jvp:
    ($) =>
    ({ inputs: [x], tangents: [v] }) =>
      x && v && $.mul(v, $.mul($.fill(3, x), $.mul(x, x))),
  batch: batching.unchanged,
  wgsl: {
    _tag: 'Map',
    element: ({ at, load, bind }) => {
      const x = bind('f32', load(0, at))
      return `(${x} * ${x} * ${x})`
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x] }) => {
      const name = x === undefined ? '' : g.full(x)
      return g.node('Mul', [name, g.node('Mul', [name, name])])
    }
})

const define: Composite<object, 1>['define'] =
  ($) =>
  ([x]) =>
    $.div(x, $.add($.fill(1, x), $.abs(x)))

/** `x / (1 + |x|)`, by its definition alone. */
const softsign: Op = composite<object, 1>({
  name: 'softsign',
  equation: 'x / (1 + |x|)',
  arity: 1,
  typing: ([x]) => x ?? wrong,
  examples: [{ params: {}, inputs: [{ dtype: 'f32', shape: [5], min: 0.1, max: 3 }] }],
  ...{ define, vjp: 'derived', jvp: 'derived', batch: 'derived', wgsl: 'derived', onnx: 'derived' }
})

const x = input('x', 'f32', [3])
const given = new Map([['x', Tensor.floats([3], [-1, 0.5, 2])]])
const near = (values: ReadonlyArray<number>) => values.map((value): unknown => expect.closeTo(value, 5))

describe('an operation of one’s own', () => {
  it('is built, differentiated, batched and evaluated like any other', () => {
    const y = apply(cubed, [x])
    const slope = grad((p: { x: Expr }) => sum('all')(apply(cubed, [p.x])))({ x }).x
    const rows = vmap((row: Expr) => apply(cubed, [row]))(x)

    const found = evaluate(given)([y, slope, rows])

    expect(E.isRight(found) && found.right.map(({ data }) => [...data])).toEqual([
      [-1, 0.125, 8],
      [3, 0.75, 12],
      [-1, 0.125, 8]
    ])
  })

  it('holds to the laws of operations, on a device too', async () => {
    const run = targetOf(evaluateOn(reference()))
    for (const op of [cubed, softsign])
      expect((await brokenLater(operation(op, { run }), { numRuns: 10 })).map(({ law }) => law)).toEqual([])
  })

  it('is caught where its rule for rows is wrong', async () => {
    const lazy = {
      ...cubed,
      batch: () => (site: { readonly stacks: ReadonlyArray<Expr | undefined> }) => site.stacks[0]
    }

    expect((await brokenLater(operation(lazy as Op), { numRuns: 10 })).map(({ law }) => law)).toEqual([
      'cubed: vmap is the function of each row'
    ])
  })

  it('is text that reads back, for those who know it', () => {
    const text = show([apply(cubed, [apply(softsign, [x])])])

    expect(
      pipe(
        parseWith({ ...known, cubed, softsign })(text),
        E.map((roots) => show(roots))
      )
    ).toEqual(E.right(text))
  })
})

await onEveryTarget('an operation of one’s own', (numbers) => {
  it('computes what it means', async () => {
    expect(await numbers(apply(cubed, [x]), given)).toEqual(near([-1, 0.125, 8]))
    expect(await numbers(apply(softsign, [x]), given)).toEqual(near([-0.5, 1 / 3, 2 / 3]))
  })

  it('has the gradient that its rule says', async () => {
    const slope = (op: Op): Expr => grad((p: { x: Expr }) => sum('all')(apply(op, [p.x])))({ x }).x

    expect(await numbers(slope(cubed), given)).toEqual(near([3, 0.75, 12]))
    expect(await numbers(slope(softsign), given)).toEqual(near([1 / 4, 4 / 9, 1 / 9]))
  })
})

/**
 * The law of a device on any graph: it computes what the graph means, as far as single precision lets it. How far that is
 * depends on the graph: the reference is run again with every value on the way shaken by as much as rounding may move it,
 * and a device may be off by some multiple of what that does. See Note [Shaken].
 */
import type * as fc from 'fast-check'
import { isFloat } from '../src/core/DType.ts'
import { difference } from '../src/measure/Close.ts'
import { apply, input, isApply, topological, type Expr } from '../src/core/Expr.ts'
import { E } from '../src/core/fp.ts'
import { key, uniform } from '../src/core/Key.ts'
import { generate, stored, type Tensor } from '../src/core/Tensor.ts'
import { evaluate, type Environment } from '../src/interpret/evaluate.ts'
import type { Given } from './graphText.ts'
import { asyncLaw, firstOf, from, unless, type Laws, type Verdict } from './Laws.ts'
import type { Target } from './pass.ts'
import { largest } from './vectors.ts'

const contract = from('the contract of `Device`, `src/runtime/device.ts`')

type Tensors = ReadonlyArray<Tensor>

// shaking --------------------------------------------------------------------------------

/** Some units in the last place of single precision: what one operation may be off by. */
const unit = 2 ** -22

const shaken = (x: Tensor, seed: number): Tensor => {
  const noise = uniform(key(seed), x.data.length)
  return generate(x.dtype, x.shape, (i) => (x.data[i] ?? NaN) * (1 + unit * (2 * (noise[i] ?? 0) - 1)))
}

const same = (a: Tensor, b: Tensor): boolean => a.data.every((x, i) => x === b.data[i])

const oneValue = (node: Expr, values: ReadonlyMap<Expr, Tensor>, environment: Environment): Tensor | undefined => {
  const { term } = node
  if (term._tag === 'Constant') return term.value
  if (term._tag === 'Input') return environment.get(term.name)
  const stands = term.inputs.map((x, i) => input(`operand${i}`, x.dtype, x.shape))
  const given = new Map(
    term.inputs.flatMap((x, i) => {
      const value = values.get(x)
      return value === undefined ? [] : [[`operand${i}`, value] as const]
    })
  )
  const found = evaluate(given)([apply(term.op, stands, term.params)])
  return E.isRight(found) ? found.right[0] : undefined
}

type Values = ReadonlyMap<Expr, Tensor>

/** The values of all nodes, each changed as it is made. */
const allValues = (given: Given, change: (node: Expr, value: Tensor, place: number) => Tensor): Values => {
  const values = new Map<Expr, Tensor>() // local
  for (const [place, node] of topological(given.roots).entries()) {
    const value = oneValue(node, values, given.environment)
    if (value !== undefined) values.set(node, change(node, value, place))
  }
  return values
}

/** Whether anything that is not a number of a floating type came out otherwise: then a device may well decide otherwise. */
const decided = (exact: Values, other: Values): boolean =>
  [...exact].every(([node, value]) => isFloat(node.dtype) || same(value, other.get(node) ?? value))

const shakes = 3

/** What comes of changing all that is computed in floats. */
const changedValues = (given: Given, change: (value: Tensor, place: number) => Tensor): Values =>
  allValues(given, (node, value, place) => (isFloat(node.dtype) && isApply(node) ? change(value, place) : value))

/** Shaken, and rounded: what is nearly equal is never so by chance, and is where both round to one. */
const otherValues = (given: Given): ReadonlyArray<Values> => [
  changedValues(given, stored),
  ...Array.from({ length: shakes }, (_, k) => changedValues(given, (x, place) => shaken(x, shakes * place + k)))
]

/** How far an element of one of several tensors is from one; infinitely where it is no number. */
const spread = (exact: Tensor, others: Tensors): number => {
  const gaps = others.flatMap(({ data }) => Array.from(exact.data, (x, i) => Math.abs(x - (data[i] ?? NaN))))
  return gaps.some(Number.isNaN) ? Infinity : largest(gaps)
}

/** How many times as far as shaking moves it a result may be. */
const slack = 16

/** What single precision can hold, with room for what is computed on the way. */
const holds = (x: Tensor): boolean => x.data.every((v) => Math.abs(v) < 1e18)

const compare = (exact: Tensor, others: Tensors, got: Tensor | undefined): Verdict => {
  if (got === undefined) return 'there is no value'
  const moved = spread(exact, others)
  if (!holds(exact) || !(moved < 0.05 * (1 + largest(Array.from(exact.data))))) return undefined
  return difference({ absolute: 1e-6 + slack * moved, relative: 1e-5 }, got, exact)
}

// laws -----------------------------------------------------------------------------------

const verdict = async (run: Target, given: Given): Promise<Verdict> => {
  const exact = allValues(given, (_, value) => value)
  const others = otherValues(given)
  if (!others.every((other) => decided(exact, other))) return undefined
  const got = await run(given.roots, given.environment)
  if (E.isLeft(got)) return got.left.join('; ')
  return firstOf(
    given.roots.map((root, i) => {
      const value = exact.get(root)
      const moved = others.flatMap((other) => other.get(root) ?? [])
      return value === undefined ? unless(false, () => `root ${i} has no meaning`) : compare(value, moved, got.right[i])
    })
  )
}

/** A device computes what any graph means, as far as rounding lets it. */
export const onDevice = (run: Target, graphs: fc.Arbitrary<Given>): Laws => ({
  'agrees with the meaning, as far as rounding lets it': asyncLaw(
    contract('|device(g) − ⟦g⟧| ≤ 16 · what rounding of every value on the way moves ⟦g⟧ by'),
    graphs,
    (given) => verdict(run, given)
  )
})

// Note [Shaken]
// A fixed tolerance either forgives what is wrong or accuses what is right: 1 − x² near 1 loses digits on every device. To
// shake every value by a few units in the last place shows what rounding can do to this graph at these numbers. What is
// nearly equal stays unequal when it is shaken, and may be equal once it is rounded: so one more time all is rounded. Where
// a comparison or a whole number comes out otherwise, or a result moves by a twentieth, the graph decides nothing, and
// passes; one in eight of the random graphs does.

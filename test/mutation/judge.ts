/** What becomes of a mutant: the laws alone judge it, on the examples that the operation declares itself. */
import * as fc from 'fast-check'
import { joined } from '../../laws/composition.ts'
import { directions, operands } from '../../laws/draw.ts'
import type { Laws } from '../../laws/Laws.ts'
import { operation } from '../../laws/operation.ts'
import { targetOf } from '../../laws/pass.ts'
import { difference, type Close } from '../../src/measure/Close.ts'
import { topological, type Expr, type Params } from '../../src/core/Expr.ts'
import { E, pipe } from '../../src/core/fp.ts'
import type { Draw, Example, Op } from '../../src/core/Op.ts'
import { range } from '../../src/core/Shape.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { $ } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { evaluateOn } from '../../src/runtime/steps.ts'
import type { Mutant, Outcome } from './Mutant.ts'
import { examplesOf, graphRules, rowCount, type GraphRule } from './rules.ts'

type Tensors = ReadonlyArray<Tensor>

/** One seed for ever: the same mutants are caught by the same laws on every machine. */
export const seed = 20260109
/** Draws of each law. */
const runs = 25
/** Draws on which a mutant is compared with the rule that it was made of. */
export const comparisons = 12

// draws ----------------------------------------------------------------------------------

/** Three times the range that an operation declares, so that what is equal there is equal for another reason. */
export const widened = (draw: Draw): Draw => {
  const span = draw.max - draw.min
  return draw.dtype === 'bool' || draw.dtype === 'u32' ? draw : { ...draw, min: draw.min - span, max: draw.max + span }
}

const sampled = <A>(arbitrary: fc.Arbitrary<A>): ReadonlyArray<A> =>
  fc.sample(arbitrary, { numRuns: comparisons, seed })

/** Operands where the operation declares them, and beyond. */
export const drawsOf = ({ inputs }: Example<Params>): ReadonlyArray<Tensors> => [
  ...sampled(operands(inputs)),
  ...sampled(operands(inputs.map(widened)))
]

// equivalence ----------------------------------------------------------------------------

const rounding: Close = { absolute: 1e-12, relative: 1e-9 }

const valuesOf = (roots: ReadonlyArray<Expr>, environment: ReadonlyMap<string, Tensor>): Tensors =>
  pipe(
    E.tryCatch(() => evaluate(environment)(roots), String),
    E.flatMap((values) => values),
    E.getOrElse((): Tensors => [])
  )

const same = (a: Tensors, b: Tensors): boolean =>
  a.length === b.length && b.every((y, i) => difference(rounding, a[i] ?? y, y) === undefined)

/** What the inputs of rules are called: operands, stacks of them, cotangents, tangents. */
const leafName = /^([xsgv])(\d+)$/

/** Values of the inputs of graphs that rules made at an example, draw by draw. */
const environmentsFor = (
  roots: ReadonlyArray<Expr>,
  example: Example<Params>
): ReadonlyArray<ReadonlyMap<string, Tensor>> => {
  const draws = drawsOf(example)
  const operand = (k: number, i: number): Tensor => (draws[k % draws.length] as Tensors)[i] as Tensor
  const leaves = topological(roots).flatMap(({ term, shape }) => {
    const [name, kind, place] = (term._tag === 'Input' && leafName.exec(term.name)) || []
    if (name === undefined) return []
    const i = Number(place)
    const moves = kind === 'g' || kind === 'v' ? sampled(directions([{ shape }])) : []
    const valueAt = (k: number): Tensor =>
      kind === 'x'
        ? operand(k, i)
        : kind === 's'
          ? joined(range(rowCount).map((row) => operand(k + row, i)))
          : ((moves[k % moves.length] as Tensors)[0] as Tensor)
    return [{ name, valueAt }]
  })
  return draws.map((_, k) => new Map(leaves.map(({ name, valueAt }) => [name, valueAt(k)])))
}

/** The results of a rule, each time that it is called at an example; zeros where it gives none. */
const resultsOf = (rule: GraphRule, op: Op, example: Example<Params>): ReadonlyArray<Expr> =>
  graphRules[rule]
    .calls(op, example)
    .flatMap(({ leaves, results }) =>
      results.map((y, i) => y ?? $.fill(0, { dtype: 'f32', shape: (leaves[i] ?? leaves[0])?.shape ?? [] }))
    )

const sameAt =
  (rule: GraphRule, op: Op, broken: Op) =>
  (example: Example<Params>): boolean => {
    const right = resultsOf(rule, op, example)
    const wrong = resultsOf(rule, broken, example)
    return environmentsFor([...right, ...wrong], example).every((environment) =>
      same(valuesOf(wrong, environment), valuesOf(right, environment))
    )
  }

// laws -----------------------------------------------------------------------------------

const breaks = (property: fc.IRawProperty<unknown>): boolean => {
  const outcome = fc.check(property, { numRuns: runs, seed, endOnFailure: true })
  return outcome instanceof Promise ? false : outcome.failed
}

/** The first of the laws that does not hold. */
const firstBroken = (laws: Laws): string | undefined =>
  Object.entries(laws).find(([, property]) => breaks(property))?.[0]

/** What becomes of a mutant that no device is needed for. */
const judgedBy = (laws: (op: Op) => Laws, broken: Op): Outcome =>
  pipe(
    E.tryCatch(() => firstBroken(laws(broken)), String),
    E.match(
      (thrown): Outcome => ({ _tag: 'Caught', law: `a graph without a value: ${thrown}` }),
      (law): Outcome => (law === undefined ? { _tag: 'Survived' } : { _tag: 'Caught', law })
    )
  )

/** What becomes of a mutant of a rule that makes graphs. */
export const judgeRule =
  (rule: GraphRule, laws: (op: Op) => Laws = operation) =>
  ({ op, broken }: Pick<Mutant, 'op' | 'broken'>): Outcome =>
    examplesOf(rule, op).every(sameAt(rule, op, broken)) ? { _tag: 'Equivalent' } : judgedBy(laws, broken)

/** The first of the laws that does not hold, of which some ask a device. */
const firstBrokenLater = async (laws: Laws): Promise<string | undefined> => {
  for (const [name, property] of Object.entries(laws))
    if ((await fc.check(property, { numRuns: runs, seed, endOnFailure: true })).failed) return name
  return undefined
}

/** What becomes of a mutant of a typing rule: each gives another type at one of the examples at least. */
export const judgeTyping =
  (device: Device) =>
  async ({ broken }: Pick<Mutant, 'broken'>): Promise<Outcome> => {
    const law = await firstBrokenLater(operation(broken, { run: targetOf(evaluateOn(device)) }))
    return law === undefined ? { _tag: 'Survived' } : { _tag: 'Caught', law }
  }

// Note [Equivalent]
// A mutant that computes the same as what it was made of breaks no law, and none should notice: operands of a sum
// exchanged, a zero negated, an index clipped twice. Such a mutant is set aside by one test, never by name: at every
// example it is compared with the rule on operands drawn from the example's ranges and on operands drawn from ranges
// three times as wide, and is equivalent only where all results agree to rounding (NaN with NaN): of double precision for
// derivatives, of single precision for lowerings, whose own rule runs beside them on the target. The wider ranges keep
// the test stricter than the laws: a mutant that differs only where the examples do not reach is a survivor, and says
// that the examples are too narrow.

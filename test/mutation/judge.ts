/** What becomes of a mutant: the laws alone judge it, on the examples that the operation declares itself. */
import * as fc from 'fast-check'
import { composite } from '../../laws/composite.ts'
import { derivative } from '../../laws/derivative.ts'
import { directions, operands } from '../../laws/draw.ts'
import type { Laws } from '../../laws/Laws.ts'
import { difference, type Close } from '../../src/core/Close.ts'
import type { Expr, Params } from '../../src/core/Expr.ts'
import { E, pipe } from '../../src/core/fp.ts'
import type { Draw, Example, Op } from '../../src/core/Op.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { $ } from '../../src/ops/registry.ts'
import type { Mutant, Outcome } from './Mutant.ts'
import { derivativeRules, movingExamples } from './rules.ts'

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

const named = (prefix: string, values: Tensors): ReadonlyArray<readonly [string, Tensor]> =>
  values.map((value, i) => [`${prefix}${i}`, value])

const valuesOf = (roots: ReadonlyArray<Expr>, environment: ReadonlyMap<string, Tensor>): Tensors =>
  pipe(
    E.tryCatch(() => evaluate(environment)(roots), String),
    E.flatMap((values) => values),
    E.getOrElse((): Tensors => [])
  )

const same = (a: Tensors, b: Tensors): boolean =>
  a.length === b.length && b.every((y, i) => difference(rounding, a[i] ?? y, y) === undefined)

/** The results of a rule at an example, zeros where it gives none. */
const resultsOf = (rule: 'vjp' | 'jvp', op: Op, example: Example<Params>): ReadonlyArray<Expr> => {
  const { leaves, results } = derivativeRules[rule].call(op, example)
  return results.map((y, i) => y ?? $.fill(0, { dtype: 'f32', shape: (leaves[i] ?? leaves[0])?.shape ?? [] }))
}

const sameAt =
  (rule: 'vjp' | 'jvp', op: Op, broken: Op) =>
  (example: Example<Params>): boolean => {
    const right = resultsOf(rule, op, example)
    const wrong = resultsOf(rule, broken, example)
    const output = derivativeRules[rule]
      .call(op, example)
      .leaves.slice(example.inputs.length, example.inputs.length + 1)
    const g = sampled(directions(output))
    const v = sampled(directions(example.inputs))
    return drawsOf(example).every((x, k) => {
      const moves = [...named('g', g[k % g.length] ?? []), ...named('v', v[k % v.length] ?? [])]
      const environment = new Map([...named('x', x), ...moves])
      return same(valuesOf(wrong, environment), valuesOf(right, environment))
    })
  }

// laws -----------------------------------------------------------------------------------

const breaks = (property: fc.IRawProperty<unknown>): boolean => {
  const outcome = fc.check(property, { numRuns: runs, seed, endOnFailure: true })
  return outcome instanceof Promise ? false : outcome.failed
}

/** The first of the laws that does not hold. */
const firstBroken = (laws: Laws): string | undefined =>
  Object.entries(laws).find(([, property]) => breaks(property))?.[0]

/** The laws that judge derivatives. */
export const derivativeLaws = (op: Op): Laws => ({ ...derivative(op), ...composite(op) })

/** What becomes of a mutant of a derivative. */
export const judgeRule =
  (laws: (op: Op) => Laws) =>
  ({ op, rule, broken }: Mutant): Outcome => {
    if (rule !== 'vjp' && rule !== 'jvp') return { _tag: 'Refused', why: 'not a derivative' }
    if (movingExamples(op).every(sameAt(rule, op, broken))) return { _tag: 'Equivalent' }
    return pipe(
      E.tryCatch(() => firstBroken(laws(broken)), String),
      E.match(
        (thrown): Outcome => ({ _tag: 'Caught', law: `a graph without a value: ${thrown}` }),
        (law): Outcome => (law === undefined ? { _tag: 'Survived' } : { _tag: 'Caught', law })
      )
    )
  }

// Note [Equivalent]
// A mutant that computes the same as what it was made of breaks no law, and none should notice: operands of a sum
// exchanged, a zero negated, an index clipped twice. Such a mutant is set aside by one test, never by name: at every
// example it is compared with the rule on operands drawn from the example's ranges and on operands drawn from ranges
// three times as wide, and is equivalent only where all results agree to rounding (NaN with NaN): of double precision for
// derivatives, of single precision for lowerings, whose own rule runs beside them on the target. The wider ranges keep
// the test stricter than the laws: a mutant that differs only where the examples do not reach is a survivor, and says
// that the examples are too narrow.

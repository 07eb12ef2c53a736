/** Laws of a pass: a function from graphs to graphs that changes how they compute, never what. */
import type * as fc from 'fast-check'
import type { Close } from '../src/measure/Close.ts'
import type { Expr } from '../src/core/Expr.ts'
import { show as sentence, type Faults } from '../src/core/Fault.ts'
import { E, pipe } from '../src/core/fp.ts'
import { equal } from '../src/core/Shape.ts'
import type { Tensor } from '../src/core/Tensor.ts'
import { evaluate, type Environment } from '../src/interpret/evaluate.ts'
import type { Graph } from './graph.ts'
import { asyncLaw, closeTensors, firstOf, from, law, unless, type Law, type Laws, type Verdict } from './Laws.ts'

const semantics = from('Leroy 2009, semantic preservation')
const meaningOf = from('the contract of `Device`, `src/runtime/device.ts`')

export type Pass = (roots: ReadonlyArray<Expr>) => ReadonlyArray<Expr>

type Values = E.Either<ReadonlyArray<string>, ReadonlyArray<Tensor>>

const meaning = (roots: ReadonlyArray<Expr>, environment: Environment): Values =>
  pipe(
    evaluate(environment)(roots),
    E.mapLeft((faults) => faults.map(sentence))
  )

const agree = (close: Close, before: Values, after: Values): Verdict =>
  E.isLeft(before)
    ? before.left.join('; ')
    : E.isLeft(after)
      ? after.left.join('; ')
      : after.right.length !== before.right.length
        ? `${before.right.length} results became ${after.right.length}`
        : firstOf(before.right.map((value, i) => closeTensors(close, after.right[i] ?? value, value)))

const sameType = (before: Expr, after: Expr | undefined): Verdict =>
  unless(
    after !== undefined && after.dtype === before.dtype && equal(after.shape, before.shape),
    () => `${before.dtype}[${before.shape}] became ${after?.dtype}[${after?.shape ?? []}]`
  )

/** A pass preserves meaning and types, and has nothing left to do when it has run. */
export const pass = (run: Pass, graphs: fc.Arbitrary<Graph>, close: Close): Laws => ({
  'preserves meaning': law(semantics('⟦run(g)⟧ = ⟦g⟧'), graphs, ({ roots, environment }) =>
    agree(close, meaning(roots, environment), meaning(run(roots), environment))
  ),
  'preserves types': law(semantics('type(run(g)) = type(g)'), graphs, ({ roots }) => {
    const after = run(roots)
    return firstOf(roots.map((root, i) => sameType(root, after[i])))
  }),
  'is idempotent': law(semantics('run(run(g)) = run(g)'), graphs, ({ roots }) => {
    const once = run(roots)
    const twice = run(once)
    return unless(
      once.every((root, i) => root === twice[i]),
      () => 'a second run changes the graph again'
    )
  })
})

/** What a device gives for a graph: its roots' values, or why there are none. */
export type Target = (roots: ReadonlyArray<Expr>, environment: Environment) => Promise<Values>

/** Values of roots, given those of inputs, as `evaluateOn(device)` finds them. */
type Evaluate = (
  environment: Environment
) => (roots: ReadonlyArray<Expr>) => () => Promise<E.Either<Faults, ReadonlyArray<Tensor>>>

/** A device as the laws see it: `targetOf(runtime.evaluateOn(device))`. */
export const targetOf =
  (run: Evaluate): Target =>
  async (roots, environment) =>
    pipe(
      await run(environment)(roots)(),
      E.mapLeft((faults) => faults.map(sentence))
    )

/** That a device gives what some graphs mean. */
export const agreement = (run: Target, graphs: fc.Arbitrary<Graph>, close: Close): Law =>
  asyncLaw(meaningOf('device(g) = ⟦g⟧'), graphs, async ({ roots, environment }) =>
    agree(close, meaning(roots, environment), await run(roots, environment))
  )

/** A device computes what a graph means. */
export const target = (run: Target, graphs: fc.Arbitrary<Graph>, close: Close): Laws => ({
  'agrees with the meaning': agreement(run, graphs, close)
})

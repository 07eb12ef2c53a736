/** What a case comes to on a target: every expected tensor that was not met, and how near the others came. */
import type { Faults } from '../../src/core/Fault.ts'
import { difference } from '../../src/measure/Close.ts'
import { pipe, TE } from '../../src/core/fp.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import type { Execute, Expected, Graph, Procedure, Tensors } from './case.ts'

export interface Verdict {
  readonly failures: ReadonlyArray<string>
  /** The largest difference, as a share of its tolerance. */
  readonly worst: number
  readonly compared: number
}

const share = (a: number, b: number, tolerance: number): number =>
  Object.is(a, b) || a === b ? 0 : Math.abs(a - b) / tolerance

const shareOf = (got: Tensor, { tensor, tolerance }: Expected): number =>
  Array.from(tensor.data).reduce((most, b, i) => Math.max(most, share(got.data[i] ?? NaN, b, tolerance)), 0)

const failure = (name: string, expected: Expected, got: Tensor | undefined): ReadonlyArray<string> => {
  if (got === undefined) return [`${name}: was not computed`]
  const why = difference({ absolute: expected.tolerance, relative: 0 }, got, expected.tensor)
  return why === undefined ? [] : [`${name}: ${why}`]
}

const verdict = (expected: Graph['expected'], computed: Tensors): Verdict => {
  const pairs = [...expected].map(([name, stored]) => ({ name, stored, got: computed.get(name) }))
  return {
    failures: pairs.flatMap(({ name, stored, got }) => failure(name, stored, got)),
    worst: pairs.reduce(
      (most, { stored, got }) => (got === undefined ? most : Math.max(most, shareOf(got, stored))),
      0
    ),
    compared: pairs.length
  }
}

/** A case that expects nothing proves nothing. */
const vacuous: Verdict = { failures: ['the case expects no tensor'], worst: 0, compared: 0 }

export const compare =
  (execute: Execute) =>
  (given: Graph | Procedure): TE.TaskEither<Faults, Verdict> =>
    given.expected.size === 0
      ? TE.right(vacuous)
      : pipe(
          'compute' in given ? given.compute(execute) : execute(given.outputs, given.inputs),
          TE.map((computed) => verdict(given.expected, computed))
        )

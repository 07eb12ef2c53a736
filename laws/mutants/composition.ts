/** Transformations that are right alone and wrong in a composition, or for rows that differ. */
import type * as fc from 'fast-check'
import { isFloat } from '../../src/core/DType.ts'
import { $ } from '../../src/ops/registry.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { composition, transformations, type Case, type Transformations } from '../composition.ts'
import type { Mutant } from '../Laws.ts'
import { mutantsOf } from './mutant.ts'

type Exprs = ReadonlyArray<Expr>

const { vjp, jvp, vmap, checkpoint } = transformations

const constant = (x: Expr): Expr => $.stopGradient(x)

/** The first row for all. */
const firstRow = (x: Expr): Expr => {
  const [rows = 0, ...shape] = x.shape
  const step = x.shape.map(() => 1)
  const first = $.slice(x, { start: step.map(() => 0), stop: [1, ...shape], step })
  return $.broadcast($.reshape(first, { shape }), { shape: [rows, ...shape], axes: shape.map((_, i) => i + 1) })
}

/** A `vmap` that does one row. */
export const ofFirstRow =
  (sound: Transformations['vmap']): Transformations['vmap'] =>
  (outputs, variables, stacks, rows) =>
    sound(outputs, variables, stacks, rows).map(firstRow)

/** A `vmap` whose rows forget one of the stacks in backward mode. */
const detached: Transformations['vmap'] = (outputs, variables, stacks, rows) =>
  vmap(
    outputs,
    variables,
    stacks.map((x, i) => (i === 0 && isFloat(x.dtype) ? constant(x) : x)),
    rows
  )

export const compositionMutants = (cases: fc.Arbitrary<Case>): ReadonlyArray<Mutant> => {
  const mutant = mutantsOf((t: Transformations) => composition(t, cases), transformations)
  const firstDerivativeOnly = (outputs: Exprs, wrt: Exprs) => (gs: Exprs) => vjp(outputs, wrt)(gs).map(constant)
  return [
    mutant('a vjp that is constant', 'grad ∘ grad agrees with finite differences of grad', {
      vjp: firstDerivativeOnly
    }),
    mutant('a jvp that is constant', 'jvp ∘ vjp agrees with vjp ∘ jvp', {
      jvp: (outputs, wrt) => (vs) => jvp(outputs, wrt)(vs).map(constant)
    }),
    mutant('a vmap that does one row', 'vmap is the function of each row', { vmap: ofFirstRow(vmap) }),
    mutant('a vmap that does one row', 'vmap ∘ grad is the gradient of each row', { vmap: ofFirstRow(vmap) }),
    mutant('a vmap that does one row', 'vmap ∘ jvp is the tangent of each row', { vmap: ofFirstRow(vmap) }),
    mutant('a vmap with a stack that does not move', 'grad ∘ vmap is the gradient of each row', { vmap: detached }),
    mutant('a checkpoint with an operand that does not move', 'grad ∘ checkpoint is grad', {
      checkpoint:
        (f) =>
        (...operands) =>
          checkpoint((...xs) => f(...xs.map((x, i) => (i === 0 && isFloat(x.dtype) ? constant(x) : x))))(...operands)
    })
  ]
}

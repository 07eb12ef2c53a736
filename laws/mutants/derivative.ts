/** Operations with a wrong derivative, one for each law that must notice. */
import { primitive, type Op, type Primitive } from '../../src/core/Op.ts'
import type { Params } from '../../src/core/Expr.ts'
import { ops } from '../../src/ops/registry.ts'
import { derivative } from '../derivative.ts'
import type { Mutant } from '../Laws.ts'

/** `mul` with something replaced. */
const product = (fields: Partial<Primitive<Params>>): Op =>
  primitive({ ...(ops['mul'] as Primitive<Params>), ...fields })

/** An operation with one thing wrong, and the law that must notice. */
export interface WrongOperation {
  readonly name: string
  readonly brokenLaw: string
  readonly op: Op
}

const wrong = (name: string, brokenLaw: string, fields: Partial<Primitive<Params>>): WrongOperation => ({
  name,
  brokenLaw,
  op: product(fields)
})

/** Products with one thing wrong. */
export const wrongProducts: ReadonlyArray<WrongOperation> = [
  wrong('a sign error in the pullback', 'vjp is the adjoint of the finite-difference pushforward', {
    vjp:
      ($) =>
      ({ inputs: [x, y], cotangent: g }) => [y && $.mul(g, y), x && $.neg($.mul(g, x))]
  }),
  wrong('a pushforward that forgets one operand', 'jvp agrees with finite differences', {
    jvp:
      ($) =>
      ({ inputs: [, y], tangents: [v] }) =>
        v && y && $.mul(v, y)
  }),
  wrong('a pullback for another function', 'vjp and jvp are dual', {
    vjp:
      ($) =>
      ({ inputs: [x, y], cotangent: g }) => [y && $.mul(g, y), x && $.mul(g, $.mul(x, x))]
  }),
  wrong('a pullback with an offset', 'vjp is linear in the cotangent', {
    vjp:
      ($) =>
      ({ inputs: [x, y], cotangent: g }) => [y && $.add($.mul(g, y), y), x && $.mul(g, x)]
  }),
  wrong('a pullback that holds an operand constant', 'the second derivative is symmetric', {
    vjp:
      ($) =>
      ({ inputs: [x, y], cotangent: g }) => [y && $.mul(g, $.stopGradient(y)), x && $.mul(g, x)]
  }),
  wrong(
    'a pullback that holds both operands constant',
    'the second derivative agrees with finite differences of the first',
    {
      vjp:
        ($) =>
        ({ inputs: [x, y], cotangent: g }) => [y && $.mul(g, $.stopGradient(y)), x && $.mul(g, $.stopGradient(x))]
    }
  )
]

export const derivativeMutants: ReadonlyArray<Mutant> = wrongProducts.map(({ name, brokenLaw, op }) => ({
  name,
  brokenLaw: `${op.name}: ${brokenLaw}`,
  laws: derivative(op)
}))

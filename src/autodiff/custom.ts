/**
 * Functions with derivatives of their own: for what is better differentiated by hand, or as something that it is not.
 *
 * One rule serves both modes. A pullback is linear in the cotangent, so that its transpose is the pushforward, and the
 * other way round: transposition is the pullback of a linear map. A rule that is not linear is honoured in its own mode
 * and is a fault in the other.
 *
 * Laws: `test/autodiff/custom.test.ts`.   Source: Radul et al. 2023, "You Only Linearize Once" (arXiv 2204.10923).
 */
import { isFloat } from '../core/DType.ts'
import { apply, misfit, topological, variable, type Expr } from '../core/Expr.ts'
import { at, type Lambda } from '../core/Lambda.ts'
import { composite, type Composite, type Op } from '../core/Op.ts'
import { equal } from '../core/Shape.ts'
import { stacked } from '../ops/batch.ts'
import { $ } from '../ops/registry.ts'
import { batched, batchedOne, rowVariable } from './batched.ts'
import { calling, type Keeping } from './calling.ts'
import { vjp } from './vjp.ts'

// model ----------------------------------------------------------------------------------

type Operands = ReadonlyArray<Expr>

/** What a rule sees of the call: the operands and the result. */
export interface Call<X extends Operands, Y extends Expr> {
  readonly inputs: X
  readonly output: Y
}

/** The cotangent of every operand, given that of the result; `undefined` is zero. Linear in the cotangent. */
export type Pullback<X extends Operands, Y extends Expr> = (call: Call<X, Y> & { readonly cotangent: Y }) => {
  readonly [I in keyof X]: Expr | undefined
}

/** The tangent of the result, given those of the operands, `undefined` where one does not move. Linear in them. */
export type Pushforward<X extends Operands, Y extends Expr> = (
  call: Call<X, Y> & { readonly tangents: { readonly [I in keyof X]: X[I] | undefined } }
) => Y | undefined

type Body = Lambda<readonly [Expr]> & { readonly operands: number }
type Derivatives = Pick<Composite<Body>, 'vjp' | 'jvp' | 'batch'>

// transposition --------------------------------------------------------------------------

const notLinear = (op: string, mode: string, argument: string): Expr =>
  misfit({ _tag: 'Invalid', op, why: `no ${mode} follows from a rule that is not linear in the ${argument}` })

/** The transpose of a linear map given as a graph; where its derivative still depends on `at`, it was not linear. */
const transposed = (
  results: ReadonlyArray<Expr>,
  at: ReadonlyArray<Expr>,
  cotangents: ReadonlyArray<Expr>,
  otherwise: () => Expr
): ReadonlyArray<Expr> => {
  const pulled = vjp(results, at)(cotangents)
  return topological(pulled).some((node) => at.includes(node)) ? pulled.map(otherwise) : pulled
}

/** Those of a list that are there, each with its partner. */
const present = (
  some: ReadonlyArray<Expr | undefined>,
  others: ReadonlyArray<Expr | undefined>
): ReadonlyArray<readonly [Expr, Expr]> =>
  some.flatMap((x, i) => {
    const other = others[i]
    return x === undefined || other === undefined ? [] : [[x, other] as const]
  })

// the operation --------------------------------------------------------------------------

const resultOf = (body: Body, operands: Operands): Expr => {
  const [result] = at(body, operands)
  return result
}

const operation = (name: string, derivatives: Derivatives): Op =>
  composite<Body>({
    name,
    equation: 'a function with a derivative of its own',
    arity: -1,
    typing: (_, { results: [y] }) => y,
    examples: [],
    define: () => (inputs, body) => resultOf(body, inputs),
    wgsl: 'derived',
    onnx: 'derived',
    ...derivatives
  })

const callsOf = (op: Op): Keeping =>
  calling(({ lambda, operands, captured }) => {
    const body: Body = { ...lambda, operands: operands.length }
    return apply(op, [...operands, ...captured], body)
  })

/** What single rows give, for stacks of them; what is not there stays so. */
const ofRows = (
  results: ReadonlyArray<Expr | undefined>,
  row: ReadonlyArray<Expr | undefined>,
  stacks: ReadonlyArray<Expr | undefined>,
  rows: number
): ReadonlyArray<Expr | undefined> => {
  const pairs = present(row, stacks)
  const done = batched(
    results.filter((x) => x !== undefined),
    pairs.map(([x]) => x),
    pairs.map(([, stack]) => stack),
    rows
  )
  const places = results.flatMap((x, i) => (x === undefined ? [] : [i]))
  return results.map((_, i) => done[places.indexOf(i)])
}

const rowsOfBody =
  (body: Body, rows: number) =>
  (...stacks: Operands): Expr => {
    const row = stacks.map(rowVariable)
    return batchedOne(resultOf(body, row), row, stacks, rows)
  }

// reverse mode ---------------------------------------------------------------------------

const misshapen = (op: string, x: Expr | undefined, gx: Expr | undefined): Expr | undefined =>
  x === undefined || gx === undefined || gx.faults.length > 0 || equal(x.shape, gx.shape)
    ? gx
    : misfit({ _tag: 'ShapesDiffer', op, left: gx.shape, right: x.shape })

type Pull = Pullback<Operands, Expr>

const reverse = (pull: Pull): Op =>
  operation('customVjp', {
    vjp:
      () =>
      ({ inputs, output, cotangent, params }) => {
        const own = inputs.slice(0, params.operands)
        return pull({ inputs: own, output, cotangent }).map((gx, i) => misshapen('customVjp', own[i], gx))
      },
    jvp:
      () =>
      ({ inputs, output, tangents, params }) => {
        const cotangent = variable(output)
        const pairs = present(pull({ inputs: inputs.slice(0, params.operands), output, cotangent }), tangents)
        return transposed(
          pairs.map(([pulled]) => pulled),
          [cotangent],
          pairs.map(([, tangent]) => tangent),
          () => notLinear('customVjp', 'tangent', 'cotangent')
        )[0]
      },
    batch:
      () =>
      ({ inputs, stacks, rows, params }) =>
        callsOf(reverse(pullRows(pull, params, rows)))(rowsOfBody(params, rows))(
          ...stacked($, { inputs, stacks, rows })
        )
  })

/** The pullback of stacks: what was captured is an operand among them, and gets no cotangent. */
const pullRows =
  (pull: Pull, { operands }: Body, rows: number): Pull =>
  ({ inputs, output, cotangent }) => {
    const own = inputs.slice(0, operands)
    const [xs, y, g] = [own.map(rowVariable), rowVariable(output), rowVariable(cotangent)]
    const pulled = pull({ inputs: xs, output: y, cotangent: g })
    return ofRows(pulled, [...xs, y, g], [...own, output, cotangent], rows)
  }

/**
 * `f`, whose pullback is `pull`. What `f` captures is held constant; what `pull` needs is an operand.
 *
 * @example customVjp((x: Real) => round(x), ({ cotangent }) => [cotangent])   // straight through
 */
export const customVjp = <X extends Operands, Y extends Expr>(
  f: (...operands: X) => Y,
  pull: Pullback<X, Y>
): ((...operands: X) => Y) => callsOf(reverse(pull as Pull))(f)

// forward mode ---------------------------------------------------------------------------

type Push = Pushforward<Operands, Expr>

const forward = (push: Push): Op =>
  operation('customJvp', {
    jvp:
      () =>
      ({ inputs, output, tangents, params }) => {
        const own = inputs.slice(0, params.operands)
        const pushed = push({ inputs: own, output, tangents: own.map((_, i) => tangents[i]) })
        return misshapen('customJvp', output, pushed)
      },
    vjp:
      () =>
      ({ inputs, output, cotangent, params }) => {
        const own = inputs.slice(0, params.operands)
        const tangents = own.map((x) => (isFloat(x.dtype) ? variable(x) : undefined))
        const pushed = push({ inputs: own, output, tangents })
        if (pushed === undefined) return []
        const moving = tangents.filter((v) => v !== undefined)
        const otherwise = (): Expr => notLinear('customJvp', 'cotangent', 'tangents')
        const pulled = transposed([pushed], moving, [cotangent], otherwise)
        return tangents.map((v) => (v === undefined ? undefined : pulled[moving.indexOf(v)]))
      },
    batch:
      () =>
      ({ inputs, stacks, rows, params }) =>
        callsOf(forward(pushRows(push, params, rows)))(rowsOfBody(params, rows))(
          ...stacked($, { inputs, stacks, rows })
        )
  })

const pushRows =
  (push: Push, { operands }: Body, rows: number): Push =>
  ({ inputs, output, tangents }) => {
    const [own, moving] = [inputs.slice(0, operands), tangents.slice(0, operands)]
    const [xs, y, vs] = [own.map(rowVariable), rowVariable(output), moving.map((v) => v && rowVariable(v))]
    const pushed = push({ inputs: xs, output: y, tangents: vs })
    return ofRows([pushed], [...xs, y, ...vs], [...own, output, ...moving], rows)[0]
  }

/**
 * `f`, whose pushforward is `push`. What `f` captures is held constant; what `push` needs is an operand.
 *
 * @example customJvp((x: Real) => log(x), ({ inputs: [x], tangents: [v] }) => v && div(v, maximum(x, epsilon)))
 */
export const customJvp = <X extends Operands, Y extends Expr>(
  f: (...operands: X) => Y,
  push: Pushforward<X, Y>
): ((...operands: X) => Y) => callsOf(forward(push as Push))(f)

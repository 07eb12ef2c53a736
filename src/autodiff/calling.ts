/** Functions as operations: a call is one node of the graph, and what the function does is a parameter of it. */
import type { Expr } from '../core/Expr.ts'
import { close, type Lambda } from '../core/Lambda.ts'

type Operands = ReadonlyArray<Expr>

/** A function of expressions as another of the same type. */
export type Keeping = <X extends Operands, Y extends Expr>(f: (...operands: X) => Y) => (...operands: X) => Y

/** A call: what the function captured follows its own operands. */
export interface Called {
  readonly lambda: Lambda<readonly [Expr]>
  readonly operands: Operands
  readonly captured: Operands
}

/** Every call as the node that `node` makes of it, which has the type of the function's result; faults go before. */
export const calling = (node: (call: Called) => Expr): Keeping => {
  const called =
    (f: (...operands: Operands) => Expr) =>
    (...operands: Operands): Expr => {
      const { lambda, captured } = close(operands, (...xs) => [f(...xs)])
      const faulty = [...operands, ...lambda.results].find((x) => x.faults.length > 0)
      return faulty ?? node({ lambda, operands, captured })
    }
  return called as Keeping
}

/** Sentences of a function's own, where those of the operations it is made of would speak of what nobody wrote. */
import type { DType } from '../../core/DType.ts'
import { misfit, type Expr } from '../../core/Expr.ts'
import type { Fault } from '../../core/Fault.ts'
import type { Shape } from '../../core/Shape.ts'
import { unaccepted, type Accepted } from '../kinds.ts'

/** Whether shapes mean something. */
export const sound = (...operands: ReadonlyArray<Expr>): boolean => operands.every(({ faults }) => faults.length === 0)

/** What is wrong, in place of a result; what is wrong with the operand goes before. */
export const instead = <D extends DType, S extends Shape>(x: Expr<D, S>, fault: Fault): Expr<D, S> =>
  sound(x) ? (misfit(fault) as Expr<D, S>) : x

export const outOfRange = <D extends DType>(op: string, axis: number, x: Expr<D>): Expr<D> =>
  instead(x, { _tag: 'AxisOutOfRange', op, axis, shape: x.shape })

export const tooFewAxes = <D extends DType>(op: string, least: number, x: Expr<D>): Expr<D> =>
  instead(x, { _tag: 'TooFewAxes', op, operand: 'the', least, shape: x.shape })

/**
 * A result made by other functions: what they find wrong is said in the name that the user wrote. The first of the
 * operands is of a kind, if one is given.
 */
export const inNameOf = <D extends DType, S extends Shape>(
  op: string,
  operands: ReadonlyArray<Expr>,
  result: Expr<D, S>,
  kind?: Accepted
): Expr<D, S> => {
  const unlike = operands[0] && kind && sound(...operands) ? unaccepted(op, kind, operands[0].dtype) : undefined
  if (unlike !== undefined) return misfit(unlike) as Expr<D, S>
  if (sound(result)) return result
  const given = new Set(operands.flatMap(({ faults }) => faults))
  const ours = (fault: Fault): Fault => ('op' in fault && !given.has(fault) ? { ...fault, op } : fault)
  return misfit(...result.faults.map(ours)) as Expr<D, S>
}

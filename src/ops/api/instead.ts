/** Sentences of a function's own, where those of the operations it is made of would speak of what nobody wrote. */
import type { DType } from '../../core/DType.ts'
import { misfit, type Expr } from '../../core/Expr.ts'
import type { Fault } from '../../core/Fault.ts'

/** Whether shapes mean something. */
export const sound = (...operands: ReadonlyArray<Expr>): boolean => operands.every(({ faults }) => faults.length === 0)

/** What is wrong, in place of a result; what is wrong with the operand goes before. */
export const instead = <D extends DType>(x: Expr<D>, fault: Fault): Expr<D> =>
  sound(x) ? (misfit(fault) as Expr<D>) : x

export const outOfRange = <D extends DType>(op: string, axis: number, x: Expr<D>): Expr<D> =>
  instead(x, { _tag: 'AxisOutOfRange', op, axis, shape: x.shape })

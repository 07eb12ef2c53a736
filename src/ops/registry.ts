/** All operations, and the knot tied: derivatives are written against `Builder`, which is made of the operations. */
import { apply, isExpr, scalar, type Expr, type Params, type Type } from '../core/Expr.ts'
import type { Builder, Op } from '../core/Op.ts'
import * as activation from './activation.ts'
import * as binary from './binary.ts'
import * as cholesky from './cholesky.ts'
import * as contract from './contract.ts'
import * as convolve from './convolve.ts'
import * as cut from './cut.ts'
import * as einsum from './einsum.ts'
import * as gather from './gather.ts'
import * as inverse from './inverse.ts'
import * as logSumExp from './logSumExp.ts'
import * as maskedSoftmax from './maskedSoftmax.ts'
import * as normalise from './normalise.ts'
import * as order from './order.ts'
import * as random from './random.ts'
import * as rearrange from './rearrange.ts'
import * as reduce from './reduce.ts'
import * as rope from './rope.ts'
import * as scan from './scan.ts'
import * as select from './select.ts'
import * as sort from './sort.ts'
import * as triangular from './triangular.ts'
import * as unary from './unary.ts'
import * as windows from './windows.ts'

// Also brings each family's part of `Builder` into the declarations of this module.
export type { Contract, Side } from './contract.ts'
export type { Convolve, Correlate, Deconvolve } from './convolution.ts'
export type * as convolutions from './convolve.ts'
export type { Binary, Relation } from './binary.ts'
export type * as activations from './activation.ts'
export type { Along, Epsilon } from './normalise.ts'
export type * as ordering from './order.ts'
export type { Iota, RandomBits } from './random.ts'
export type { Indexed, Scattered } from './gather.ts'
export type { Axes, Fold } from './reduce.ts'
export type * as rotary from './rope.ts'
export type * as factoring from './cholesky.ts'
export type { Ridge } from './matrices.ts'
export type * as inverses from './inverse.ts'
export type { Equation } from './einsum.ts'
export type { Scan } from './scan.ts'
export type { Sorting } from './sort.ts'
export type * as logSumsExp from './logSumExp.ts'
export type * as maskedSoftmaxes from './maskedSoftmax.ts'
export type { Cast } from './select.ts'
export type { Triangular } from './triangular.ts'
export type { Unary } from './unary.ts'
export type { Overlap, Windows } from './windows.ts'
export type { Concat, Pad, Slice } from './cut.ts'
export type { BroadcastTo, Flip, Reshape, Transpose } from './rearrange.ts'

const families: ReadonlyArray<Readonly<Record<string, unknown>>> = [
  unary,
  binary,
  select,
  rearrange,
  cut,
  reduce,
  contract,
  einsum,
  order,
  random,
  activation,
  normalise,
  logSumExp,
  maskedSoftmax,
  rope,
  gather,
  scan,
  sort,
  windows,
  convolve,
  cholesky,
  triangular,
  inverse
]

const isOp = (value: unknown): value is Op => typeof value === 'object' && value !== null && 'examples' in value

/** Every operation by name. */
export const ops: Readonly<Record<string, Op>> = Object.fromEntries(
  families.flatMap((family) => Object.values(family).filter(isOp)).map((op) => [op.name, op])
)

type Argument = Expr | ReadonlyArray<Expr> | Params

const isParams = (argument: Argument): argument is Params => !isExpr(argument) && !Array.isArray(argument)

const construct =
  (op: Op) =>
  (...given: ReadonlyArray<Argument>): Expr => {
    const operands = given.flatMap((argument) => (isParams(argument) ? [] : argument))
    return apply(op, operands, given.find(isParams) ?? {})
  }

const fill = (value: number, like: Type): Expr =>
  like.shape.length === 0
    ? scalar(value, like.dtype)
    : apply(rearrange.broadcast, [scalar(value, like.dtype)], { shape: [...like.shape], axes: [] })

/** The untyped constructors, for rules and passes. Users build with `api.ts`. */
export const $: Builder = {
  ...Object.fromEntries(Object.values(ops).map((op) => [op.name, construct(op)])),
  fill
} as unknown as Builder

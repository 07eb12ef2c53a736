/**
 * Fluxion: differentiable programs as values, and transition matching distillation on top of them.
 *
 * The language is at the top level; what is built of it is under the names of its folders.
 */

// the language ---------------------------------------------------------------------------
export * from './ops/api.ts'
export type { Apply, Params, Term, Type } from './core/Expr.ts'
export type { Float, Int } from './core/DType.ts'
export type { Broadcast, Matmul, Sym } from './core/Shape.ts'
export * as Close from './measure/Close.ts'
export * as Fault from './core/Fault.ts'
export * as Key from './core/Key.ts'
export * as Tensor from './core/Tensor.ts'
export { leafwise, trees, type Mapped, type Tree, type Trees } from './core/Tree.ts'
export { E, pipe, TE } from './core/fp.ts'

// operations of one's own ------------------------------------------------------------------
export { composite, primitive, type Builder, type Composite, type Draw, type Example, type Op } from './core/Op.ts'
export { apply } from './core/Expr.ts'
export type * as Lowering from './core/Lowering.ts'
export * as batching from './ops/batch.ts'
export { $, ops } from './ops/registry.ts'

// derivatives ----------------------------------------------------------------------------
export { checkpoint } from './autodiff/checkpoint.ts'
export { customJvp, customVjp, type Call, type Pullback, type Pushforward } from './autodiff/custom.ts'
export { exprs, grad, gradOf, pullback, reals, valueAndGrad, type ValueAndGrad } from './autodiff/grad.ts'
export { hessian, hessianVectorProduct, jacobian } from './autodiff/jacobian.ts'
export { jvp } from './autodiff/jvp.ts'
export { iterate, scan, type Scanned, type Step } from './autodiff/scan.ts'
export { vjp } from './autodiff/vjp.ts'
export { vmap, type Stack } from './autodiff/vmap.ts'
export * from './autodiff/finiteDifference.ts'

// meaning and text -------------------------------------------------------------------------
export { evaluate, type Environment } from './interpret/evaluate.ts'
export { known, operationsOf, type Operations } from './interpret/listing.ts'
export { parse, parseWith, showUnreadable, type Unreadable } from './interpret/parse.ts'
export { show } from './interpret/show.ts'

// export -------------------------------------------------------------------------------------
export { toOnnx, toSafetensors } from './io/export.ts'
export { fromJson, fromJsonWith, showNotAGraph, toJson, type GraphJson, type NotAGraph } from './io/graphJson.ts'

// what is built of it --------------------------------------------------------------------
export * as compile from './compile.ts'
export * as data from './data.ts'
export * as flow from './flow.ts'
export * as inspect from './inspect.ts'
export * as io from './io.ts'
export * as measure from './measure.ts'
export * as nn from './nn.ts'
export * as optim from './optim.ts'
export * as runtime from './runtime.ts'
export * as tmd from './tmd.ts'

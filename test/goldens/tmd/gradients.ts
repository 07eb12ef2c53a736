/** Gradients of a tree as the manifests store them: in full by name, and as sums and norms in a stored order. */
import { exprs } from '../../../src/autodiff/grad.ts'
import type { Expr } from '../../../src/core/Expr.ts'
import type { Tensor } from '../../../src/core/Tensor.ts'
import type { Real } from '../../../src/nn/params.ts'
import { sqrt, square, stack, sum } from '../../../src/ops/api.ts'
import { floats } from '../../../src/core/Tensor.ts'
import type { Golden } from './expected.ts'

export const orderOf = ({ manifest }: Golden, network: string): ReadonlyArray<string> =>
  (manifest['parameter_order'] as Readonly<Record<string, ReadonlyArray<string>>>)[network] ?? []

/** `prefix.grad.param.*`, `prefix.grad_sum` and `prefix.grad_norm`, those of them that are stored. */
export const gradientOutputs = (
  set: Golden,
  prefix: string,
  network: string,
  gradient: unknown
): Readonly<Record<string, Expr>> => {
  const leaves = new Map(exprs.flatten(gradient))
  const ordered = orderOf(set, network).map((name) => leaves.get(name) as Real)
  const all: ReadonlyArray<readonly [string, Expr]> = [
    ...[...leaves].map(([name, g]) => [`${prefix}.grad.param.${name}`, g] as const),
    [`${prefix}.grad_sum`, stack(0)(ordered.map((g) => sum('all')(g)))],
    [`${prefix}.grad_norm`, stack(0)(ordered.map((g) => sqrt(sum('all')(square(g)))))]
  ]
  return Object.fromEntries(all.filter(([name]) => set.tensors.has(name)))
}

/** Sums or norms of tensors in a stored order. */
export const sums = (values: ReadonlyArray<Tensor>): ReadonlyArray<number> =>
  values.map(({ data }) => Array.from(data).reduce((total, x) => total + x, 0))
export const norms = (values: ReadonlyArray<Tensor>): ReadonlyArray<number> =>
  values.map(({ data }) => Math.sqrt(Array.from(data).reduce((total, x) => total + x * x, 0)))

/** Rows of one length as one tensor. */
export const rowsOf = (rows: ReadonlyArray<ReadonlyArray<number>>): Tensor =>
  floats([rows.length, rows[0]?.length ?? 0], rows.flat())

/**
 * A comparison with stored numbers. An adapter turns a manifest and its tensors into cases; the runner computes each on
 * every target. Names, shapes and tolerances come from the manifest, never from code.
 */
import type { Expr } from '../../src/core/Expr.ts'
import type { Faults } from '../../src/core/Fault.ts'
import { TE } from '../../src/core/fp.ts'
import type { Tensor } from '../../src/core/Tensor.ts'

// model ----------------------------------------------------------------------------------

export type Tensors = ReadonlyMap<string, Tensor>

/** What `NAME.json` says of `NAME.safetensors`; each adapter knows the fields of its own set. */
export type Manifest = Readonly<Record<string, unknown>> & { readonly file: string }

export interface Expected {
  readonly tensor: Tensor
  /** The largest difference that is allowed, over all elements. */
  readonly tolerance: number
}

/** Computes named outputs on the target that is being tested. */
export type Execute = (outputs: Readonly<Record<string, Expr>>, inputs: Tensors) => TE.TaskEither<Faults, Tensors>

interface Compared {
  readonly name: string
  /** Every expected tensor must be computed, under the same name. */
  readonly expected: ReadonlyMap<string, Expected>
  /** Stored as outputs, though they only say where the others were taken. */
  readonly at?: ReadonlyArray<string>
}

/** One program. */
export interface Graph extends Compared {
  readonly outputs: Readonly<Record<string, Expr>>
  readonly inputs: Tensors
}

/** Several programs in turn, such as steps of training, or none: numbers that are made on the host. */
export interface Procedure extends Compared {
  readonly compute: (execute: Execute) => TE.TaskEither<Faults, Tensors>
}

export interface Skip {
  readonly name: string
  readonly skip: string
}

export type Case = Graph | Procedure | Skip

export type Adapter = (manifest: Manifest, tensors: Tensors) => ReadonlyArray<Case>

// constructors ---------------------------------------------------------------------------

/** Numbers that no device computes, such as time grids. */
export const onHost = (
  name: string,
  values: () => Tensors,
  expected: ReadonlyMap<string, Expected>,
  at: ReadonlyArray<string> = []
): Procedure => ({ name, expected, at, compute: () => TE.fromIO(values) })

/** What a manifest says of the precision of a tensor. */
export interface Precision {
  readonly max_abs?: number
  /** The error of the stored numbers themselves: a tolerance follows from it. */
  readonly err64?: number
  /** The tolerance itself. */
  readonly tol?: number
}

/**
 * The default, where a manifest gives no precision, by how the numbers are stored; the only tolerances that stand in code:
 * - whole numbers are exact
 * - F64, which nobody computes in `f32`: rounding of a few hundred operations, `1e-12` of the largest, at least of 1
 * - F32: one unit in the last place of the largest
 */
const unstated = ({ data }: Tensor): number => {
  const largest = (): number => Array.from(data).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (data instanceof Float64Array) return 1e-12 * Math.max(1, largest())
  return data instanceof Float32Array ? 2 ** -23 * largest() : 0
}

/** `tol` where the manifest gives it, else `max(8 err64, 5e-6 max_abs)`, else the default for such numbers. */
export const tolerance = ({ tol, err64, max_abs: largest }: Precision, stored: Tensor): number =>
  tol ??
  (err64 === undefined && largest === undefined ? unstated(stored) : Math.max(8 * (err64 ?? 0), 5e-6 * (largest ?? 0)))

/** A stored tensor, with what the manifest says of it. The same for every target: no target has exceptions. */
export const expecting = (stored: Tensor, precision: Precision = {}): Expected => ({
  tensor: stored,
  tolerance: tolerance(precision, stored)
})

/** Those of the names that are stored, with the tolerances of a manifest's table. */
export const expectedOf = (
  names: Iterable<string>,
  tensors: Tensors,
  precision: Readonly<Record<string, Precision>>
): ReadonlyMap<string, Expected> =>
  new Map(
    [...names].flatMap((name) => {
      const stored = tensors.get(name)
      return stored === undefined ? [] : [[name, expecting(stored, precision[name])] as const]
    })
  )

export const isSkip = (case_: Case): case_ is Skip => 'skip' in case_

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
export const onHost = (name: string, values: () => Tensors, expected: ReadonlyMap<string, Expected>): Procedure => ({
  name,
  expected,
  compute: () => TE.fromIO(values)
})

/** What a manifest says of the precision of a tensor. */
export interface Precision {
  readonly max_abs?: number
  /** The error of the stored numbers themselves: a tolerance follows from it. */
  readonly err64?: number
  /** The tolerance itself. */
  readonly tol?: number
}

/** `tol` where the manifest gives it, else `max(8 err64, 5e-6 max_abs)`; 0 (exact) where it says nothing. */
export const tolerance = ({ tol, err64 = 0, max_abs: largest = 0 }: Precision = {}): number =>
  tol ?? Math.max(8 * err64, 5e-6 * largest)

export const isSkip = (case_: Case): case_ is Skip => 'skip' in case_

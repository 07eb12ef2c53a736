/** What the WGSL target makes of a program: texts, buffers and launches. A value that can be stored and sent. */
import type { Port } from '../Program.ts'

export type Role =
  | { readonly _tag: 'Input'; readonly name: string }
  | { readonly _tag: 'Output'; readonly name: string }
  | { readonly _tag: 'Constant'; readonly words: ReadonlyArray<number> }
  | { readonly _tag: 'Scratch' }

export interface PlannedBuffer {
  readonly role: Role
  readonly bytes: number
}

/** One run of one kernel. Bindings are buffers in order, each with the bytes that the kernel sees, then the uniform. */
export interface Launch {
  readonly kernel: number
  readonly bindings: ReadonlyArray<{ readonly buffer: number; readonly bytes: number }>
  /** Words of a uniform buffer, bound last. */
  readonly uniform?: ReadonlyArray<number>
  readonly workgroups: readonly [number, number, number]
  /** The operations computed, for people. */
  readonly label: string
}

/** A WGSL module whose entry point is `main`, and its bindings: storage that is read, storage that is written, a uniform. */
export interface KernelText {
  readonly wgsl: string
  readonly reads: number
  readonly writes: number
  readonly uniform: boolean
}

export interface WgslProgram {
  /** Each text once. */
  readonly kernels: ReadonlyArray<KernelText>
  readonly buffers: ReadonlyArray<PlannedBuffer>
  readonly launches: ReadonlyArray<Launch>
  /** Whole buffers copied after the last launch: outputs that are inputs, constants or other outputs. */
  readonly copies: ReadonlyArray<{ readonly from: number; readonly to: number; readonly bytes: number }>
  readonly inputs: ReadonlyArray<Port>
  readonly outputs: ReadonlyArray<Port>
  /** Bytes of all buffers together: what the device must have free. */
  readonly peakBytes: number
}

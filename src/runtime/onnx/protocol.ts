/** What the main thread and the worker that runs onnxruntime say to each other. Buffers never leave the worker unasked. */
import type { DType } from '../../core/DType.ts'
import type { Shape } from '../../core/Shape.ts'

export type Optimization = 'disabled' | 'basic' | 'extended' | 'all'

/** A buffer as a part of a tensor. */
export interface Part {
  readonly buffer: number
  readonly shape: Shape
}

/** A name in the file, and the buffers that stand for it: one, or several laid end to end. */
export type Binding = readonly [label: string, parts: ReadonlyArray<Part>]

export type Request =
  | { readonly _tag: 'Open' }
  | {
      readonly _tag: 'Compile'
      readonly program: number
      readonly bytes: Uint8Array
      readonly optimization: Optimization
      /** Numbers of threads to choose from, by the time that steps take. */
      readonly threads: ReadonlyArray<number>
    }
  | {
      readonly _tag: 'Upload'
      readonly buffer: number
      readonly dtype: DType
      readonly shape: Shape
      readonly data: ArrayBufferLike
    }
  | {
      readonly _tag: 'Run'
      readonly program: number
      readonly inputs: ReadonlyArray<Binding>
      readonly outputs: ReadonlyArray<Binding>
      /** Buffers that nobody will use again. */
      readonly donated: ReadonlyArray<number>
    }
  | { readonly _tag: 'Read'; readonly buffer: number }
  | { readonly _tag: 'Release'; readonly buffers: ReadonlyArray<number> }
  | { readonly _tag: 'Dispose'; readonly program: number }
  | { readonly _tag: 'Close' }

export type Answer =
  | { readonly _tag: 'Done' }
  | { readonly _tag: 'Opened'; readonly version: string }
  | { readonly _tag: 'Data'; readonly data: ArrayBuffer }
  | { readonly _tag: 'Failed'; readonly why: string }

export interface Asked {
  readonly id: number
  readonly request: Request
}

export interface Answered {
  readonly id: number
  readonly answer: Answer
}

/** What can go wrong with files, as data. A sentence is made of it in one place, `show`. */
import { absurd } from '../core/fp.ts'
import type { Shape } from '../core/Shape.ts'

// model ----------------------------------------------------------------------------------

export type IoFault =
  | { readonly _tag: 'Missing'; readonly path: string }
  | { readonly _tag: 'Denied'; readonly path: string }
  | { readonly _tag: 'DiskFull'; readonly path: string }
  | { readonly _tag: 'Exists'; readonly path: string; readonly remedy: string }
  | { readonly _tag: 'Failed'; readonly path: string; readonly why: string }
  | { readonly _tag: 'Truncated'; readonly path: string; readonly expected: number; readonly found: number }
  | { readonly _tag: 'Excess'; readonly path: string; readonly expected: number; readonly found: number }
  | { readonly _tag: 'BadHeader'; readonly path: string; readonly why: string }
  | { readonly _tag: 'BadRecord'; readonly path: string; readonly line: number; readonly why: string }
  | { readonly _tag: 'Altered'; readonly path: string; readonly expected: string; readonly found: string }
  | { readonly _tag: 'NoTensor'; readonly path: string; readonly name: string; readonly known: ReadonlyArray<string> }
  | { readonly _tag: 'UnknownType'; readonly path: string; readonly name: string; readonly dtype: string }
  | { readonly _tag: 'OutOfRange'; readonly path: string; readonly name: string; readonly value: string }
  | { readonly _tag: 'WrongLength'; readonly name: string; readonly shape: Shape; readonly found: number }
  | { readonly _tag: 'ReservedName'; readonly name: string }

// constructors ---------------------------------------------------------------------------

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

/** The fault that an exception of the file system stands for. */
export const fromError =
  (path: string) =>
  (error: unknown): IoFault => {
    switch (codeOf(error)) {
      case 'ENOENT':
        return { _tag: 'Missing', path }
      case 'EACCES':
      case 'EPERM':
      case 'EROFS':
        return { _tag: 'Denied', path }
      case 'ENOSPC':
      case 'EDQUOT':
        return { _tag: 'DiskFull', path }
      default:
        return { _tag: 'Failed', path, why: error instanceof Error ? error.message : String(error) }
    }
  }

// interpretations ------------------------------------------------------------------------

const few = (names: ReadonlyArray<string>): string =>
  names.length > 6 ? `${names.slice(0, 6).join(', ')}, and ${names.length - 6} more` : names.join(', ')

/** One sentence: the file, what is wrong, the values, and what to do if that is known. */
export const show = (fault: IoFault): string => {
  switch (fault._tag) {
    case 'Missing':
      return `${fault.path}: no such file or folder`
    case 'Denied':
      return `${fault.path}: permission denied`
    case 'DiskFull':
      return `${fault.path}: no space left on the disk; nothing that was complete before has changed`
    case 'Exists':
      return `${fault.path}: exists already; ${fault.remedy}`
    case 'Failed':
      return `${fault.path}: ${fault.why}`
    case 'Truncated':
      return `${fault.path}: truncated, expected ${fault.expected} bytes, found ${fault.found}`
    case 'Excess':
      return `${fault.path}: too long, expected ${fault.expected} bytes, found ${fault.found}`
    case 'BadHeader':
      return `${fault.path}: not a safetensors file, ${fault.why}`
    case 'BadRecord':
      return `${fault.path}:${fault.line}: ${fault.why}`
    case 'Altered':
      return `${fault.path}: contents changed after writing, expected sha256 ${fault.expected}, found ${fault.found}`
    case 'NoTensor':
      return `${fault.path}: no tensor '${fault.name}'; there are ${few(fault.known)}`
    case 'UnknownType':
      return `${fault.path}: tensor '${fault.name}' has element type ${fault.dtype}, which is not supported`
    case 'OutOfRange':
      return `${fault.path}: tensor '${fault.name}' holds ${fault.value}, which does not fit in 32 bits`
    case 'WrongLength':
      return `tensor '${fault.name}': [${fault.shape.join(',')}] does not have ${fault.found} elements`
    case 'ReservedName':
      return `tensor '${fault.name}': the name is reserved by the file format`
    default:
      return absurd(fault)
  }
}

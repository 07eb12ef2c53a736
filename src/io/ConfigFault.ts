/** What can be wrong with a configuration, as data. A sentence is made of it in one place, `show`. */
import { absurd } from '../core/fp.ts'
import { show as showIo, type IoFault } from './IoFault.ts'

/** Names from the root, such as `['train', 'steps']`. */
export type Path = ReadonlyArray<string>

/** Where a value was written: `file:line:column`, or the override that gave it, or the defaults. */
export type Place = string

export type ConfigFault =
  | { readonly _tag: 'Syntax'; readonly place: Place; readonly why: string }
  | {
      readonly _tag: 'Wrong'
      readonly place: Place
      readonly path: Path
      readonly expected: string
      readonly got: unknown
    }
  | { readonly _tag: 'Absent'; readonly place: Place; readonly path: Path; readonly expected: string }
  | { readonly _tag: 'Unknown'; readonly place: Place; readonly path: Path; readonly meant: Path | undefined }
  | { readonly _tag: 'BadOverride'; readonly text: string; readonly why: string }
  | { readonly _tag: 'Unreadable'; readonly fault: IoFault }

export type ConfigFaults = ReadonlyArray<ConfigFault>

const dotted = (path: Path): string => path.join('.')
const subject = (path: Path): string => (path.length === 0 ? '' : `${dotted(path)}: `)
const guess = (path: Path | undefined): string => (path === undefined ? '' : `; did you mean ${dotted(path)}?`)
const got = (value: unknown): string =>
  typeof value === 'string'
    ? `"${value}"`
    : typeof value === 'number'
      ? String(value) // JSON has no infinity
      : (JSON.stringify(value) ?? String(value))

/** One sentence: the place, the name, what was expected and what is there, or what was probably meant. */
export const show = (fault: ConfigFault): string => {
  switch (fault._tag) {
    case 'Syntax':
      return `${fault.place}: ${fault.why}`
    case 'Wrong':
      return `${fault.place}: ${subject(fault.path)}expected ${fault.expected}, got ${got(fault.got)}`
    case 'Absent':
      return `${fault.place}: ${dotted(fault.path)} is missing; expected ${fault.expected}`
    case 'Unknown':
      return `${fault.place}: unknown key ${dotted(fault.path)}${guess(fault.meant)}`
    case 'BadOverride':
      return `--set ${fault.text}: ${fault.why}`
    case 'Unreadable':
      return showIo(fault.fault)
    default:
      return absurd(fault)
  }
}

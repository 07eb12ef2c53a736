/**
 * Where configuration comes from: a text of YAML, and overrides on top of it. The one idea: what was given is a plain
 * value, and beside it stands a function from a name to the place where it was written.
 */
import { isMap, isScalar, isSeq, LineCounter, parse as parseYaml, parseDocument, type Document } from 'yaml'
import { E } from '../core/fp.ts'
import { isSection } from './codecs.ts'
import type { ConfigFault, ConfigFaults, Path, Place } from './ConfigFault.ts'

/** A text of YAML, the name it has in messages, and overrides of the form `train.steps=100`. */
export interface Source {
  readonly file: string
  readonly text: string
  readonly overrides: ReadonlyArray<string>
}

/** What was given, and where each name of it stands. */
export interface Located {
  readonly given: unknown
  readonly placeOf: (path: Path, what: 'key' | 'value') => Place
}

const nodeAt = (node: unknown, path: Path, what: 'key' | 'value'): unknown => {
  const [name, ...rest] = path
  if (name === undefined) return node
  if (isSeq(node)) return nodeAt(node.items[Number(name)], rest, what) ?? node
  if (!isMap(node)) return node
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name)
  if (pair === undefined) return node
  const inner = rest.length === 0 ? (what === 'key' ? pair.key : pair.value) : nodeAt(pair.value, rest, what)
  return inner ?? pair.key
}

const offsetOf = (node: unknown): number =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range) ? Number(node.range[0]) : 0

const located = (file: string, document: Document, lines: LineCounter): Located => ({
  given: (document.toJS() as unknown) ?? {},
  placeOf: (path, what) => {
    const { line, col } = lines.linePos(offsetOf(nodeAt(document.contents, path, what)))
    return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}`
  }
})

export const readYaml = ({ file, text }: Source): E.Either<ConfigFaults, Located> => {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const faults = document.errors.map((error): ConfigFault => {
    const { line, col } = lines.linePos(error.pos[0])
    return { _tag: 'Syntax', place: `${file}:${line}:${col}`, why: error.message }
  })
  if (faults.length > 0) return E.left(faults)
  return E.tryCatch(
    () => located(file, document, lines),
    (error): ConfigFaults => [
      { _tag: 'Syntax', place: `${file}:1:1`, why: error instanceof Error ? error.message : '' }
    ]
  )
}

// overrides ------------------------------------------------------------------------------

/** `over` where it says something, else `under`; a section that is named and left empty says nothing. */
export const merge = (under: unknown, over: unknown): unknown => {
  if (!isSection(under) || over === undefined) return over === undefined ? under : over
  if (over === null) return under
  if (!isSection(over)) return over
  const names = [...new Set([...Object.keys(under), ...Object.keys(over)])]
  return Object.fromEntries(names.map((name) => [name, merge(under[name], over[name])]))
}

export interface Override {
  readonly text: string
  readonly path: Path
  readonly value: unknown
}

export const readOverride = (text: string): E.Either<ConfigFaults, Override> => {
  const at = text.indexOf('=')
  const path = text.slice(0, Math.max(at, 0)).trim().split('.')
  if (at < 0 || path.includes(''))
    return E.left([{ _tag: 'BadOverride', text, why: 'expected name=value, as in train.steps=100' }])
  return E.tryCatch(
    () => ({ text, path, value: parseYaml(text.slice(at + 1)) as unknown }),
    (): ConfigFaults => [{ _tag: 'BadOverride', text, why: 'the value is not YAML' }]
  )
}

const nested = ({ path, value }: Override): unknown =>
  path.reduceRight((inner: unknown, name) => ({ [name]: inner }), value)

const isPrefix = (a: Path, b: Path): boolean => a.every((name, i) => name === b[i])

/** The overrides on top of a file, the last of them first. */
export const overridden = (file: Located, overrides: ReadonlyArray<Override>): Located => ({
  given: overrides.reduce((given, override) => merge(given, nested(override)), file.given),
  placeOf: (path, what) => {
    const override = overrides.findLast((o) => isPrefix(o.path, path) || isPrefix(path, o.path))
    return override === undefined ? file.placeOf(path, what) : `--set ${override.text}`
  }
})

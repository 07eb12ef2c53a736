/**
 * Configuration: YAML over defaults, decoded by an io-ts codec. The one idea: every value knows the place that it was
 * written at, so that a mistake is a sentence with a line and a column, and all mistakes are told at once.
 *
 * Laws: `test/io/config.test.ts` (`parse ∘ show = id`).
 */
import { createHash } from 'node:crypto'
import * as t from 'io-ts'
import { stringify } from 'yaml'
import { E, pipe, TE } from '../core/fp.ts'
import { expectation, formOf, isSection, membersOf, tagOf, type Section } from './codecs.ts'
import { show as sentence, type ConfigFault, type ConfigFaults, type Path } from './ConfigFault.ts'
import { readText } from './files.ts'
import { merge, overridden, readOverride, readYaml, type Located, type Source } from './source.ts'

// model ----------------------------------------------------------------------------------

/** What a configuration may be, and what it is where nothing is said. */
export interface Schema<A> {
  readonly codec: t.Type<A, unknown, unknown>
  readonly defaults: unknown
}

/** A configuration as YAML, with everything that the defaults gave. */
export const show = <A>({ codec }: Schema<A>, config: A): string => stringify(codec.encode(config), { lineWidth: 0 })

/** The hash by which checkpoints know the configuration that they belong to. */
export const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

// decoding -------------------------------------------------------------------------------

/** Insertions, deletions and replacements of letters that make `b` of `a`. */
export const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const above = row
    row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced))
    }
  }
  return row[b.length] ?? 0
}

const closest = (name: string, known: ReadonlyArray<string>): string | undefined =>
  known
    .map((other) => ({ other, distance: editDistance(name, other) }))
    .filter(({ other, distance }) => distance <= 2 && distance < Math.min(name.length, other.length))
    .sort((a, b) => a.distance - b.distance)[0]?.other

/** Names in `given` that the codec does not have. Which alternative of a union is meant is seen in `value`. */
const unknownKeys = (
  codec: t.Mixed,
  given: unknown,
  value: unknown,
  { placeOf }: Located,
  path: Path = []
): ConfigFaults => {
  const members = membersOf(codec, value)
  if (members === undefined || typeof given !== 'object' || given === null) return []
  const within: Section = isSection(value) || Array.isArray(value) ? (value as unknown as Section) : {}
  return Object.entries(given).flatMap(([name, child]): ConfigFaults => {
    const here = [...path, name]
    const member = members.get(name)
    if (member !== undefined) return unknownKeys(member, child, within[name], { given, placeOf }, here)
    const meant = closest(name, [...members.keys()])
    return [
      {
        _tag: 'Unknown',
        place: placeOf(here, 'key'),
        path: here,
        meant: meant === undefined ? undefined : [...path, meant]
      }
    ]
  })
}

const isChoice = (entry: t.ContextEntry | undefined): boolean => {
  const form = entry && formOf(entry.type)
  if (form?._tag === 'ExactType' || form?._tag === 'ReadonlyType') return isChoice({ key: '', type: form.type })
  return form?._tag === 'IntersectionType' || form?._tag === 'UnionType'
}

/** The entries of an error that stand for a name: those below a union or an intersection number its parts. */
const named = (context: t.Context): ReadonlyArray<t.ContextEntry> =>
  context.filter((_, i) => i > 0 && !isChoice(context[i - 1]))

const pathOf = (context: t.Context): Path => named(context).map(({ key }) => key)

/** Where no alternative of a union fits, the union is what is wrong, not each of its alternatives. */
const wholeUnion = (error: t.ValidationError, all: t.Errors): t.Context => {
  const parts = (length: number): ReadonlySet<string> =>
    new Set(
      all
        .filter(
          ({ context }) =>
            context.length > length && context.slice(0, length).every((x, i) => x.key === error.context[i]?.key)
        )
        .map(({ context }) => context[length]?.key ?? '')
    )
  const at = error.context.findIndex((entry, i) => formOf(entry.type)?._tag === 'UnionType' && parts(i + 1).size > 1)
  return at < 0 ? error.context : error.context.slice(0, at + 1)
}

const toFault =
  ({ placeOf }: Located) =>
  (context: t.Context): ConfigFault => {
    const wrong = context.at(-1)
    const tag = isSection(wrong?.actual) ? tagOf(wrong.type) : undefined
    const path = tag === undefined ? pathOf(context) : [...pathOf(context), tag.name]
    const actual = tag === undefined ? wrong?.actual : (wrong?.actual as Section)[tag.name]
    const expected = tag?.words ?? (wrong === undefined ? 'something else' : expectation(wrong.type))
    const place = placeOf(path, 'value')
    return actual === undefined
      ? { _tag: 'Absent', place, path, expected }
      : { _tag: 'Wrong', place, path, expected, got: actual }
  }

const distinct = (faults: ConfigFaults): ConfigFaults => [
  ...new Map(faults.map((fault) => [sentence(fault), fault])).values()
]

const decode =
  <A>({ codec, defaults }: Schema<A>) =>
  (source: Located): E.Either<ConfigFaults, A> => {
    const value = merge(defaults, source.given)
    const unknown = unknownKeys(codec as t.Mixed, source.given, value, source)
    const decoded = codec.decode(value)
    const wrong = E.isLeft(decoded) ? decoded.left.map((error) => toFault(source)(wholeUnion(error, decoded.left))) : []
    const faults = distinct([...unknown, ...wrong])
    return E.isRight(decoded) && faults.length === 0 ? decoded : E.left(faults)
  }

/**
 * The configuration that a text of YAML describes, over the defaults and under the overrides.
 *
 * Faults, all at once: `Syntax`, `BadOverride`; then `Wrong`, `Absent`, `Unknown`.
 */
export const parse =
  <A>(schema: Schema<A>) =>
  (source: Source): E.Either<ConfigFaults, A> =>
    pipe(
      E.Do,
      E.apS('file', readYaml(source)),
      E.bind('overrides', () => E.traverseArray(readOverride)(source.overrides)),
      E.flatMap(({ file, overrides }) => decode(schema)(overridden(file, overrides)))
    )

/** The configuration of a file. */
export const load =
  <A>(schema: Schema<A>) =>
  (file: string, overrides: ReadonlyArray<string> = []): TE.TaskEither<ConfigFaults, A> =>
    pipe(
      readText(file),
      TE.mapLeft((fault): ConfigFaults => [{ _tag: 'Unreadable', fault }]),
      TE.flatMapEither((text) => parse(schema)({ file, text, overrides }))
    )

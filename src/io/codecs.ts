/**
 * Codecs that speak plainly: names that a message can use, and what a codec of io-ts expects and contains, read off its
 * structure.
 */
import * as t from 'io-ts'
import { E, pipe } from '../core/fp.ts'

export type Section = Readonly<Record<string, unknown>>

export const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

// constructors ---------------------------------------------------------------------------

const refined = <A>(name: string, of: t.Type<A>, holds: (value: A) => boolean): t.Type<A, A, unknown> =>
  new t.Type<A, A, unknown>(
    name,
    (value): value is A => of.is(value) && holds(value),
    (value, context) =>
      pipe(
        of.validate(value, context),
        E.flatMap((a) => (holds(a) ? t.success(a) : t.failure(value, context)))
      ),
    t.identity
  )

/** Codecs whose names are what messages say. */
export const natural: t.Type<number, number, unknown> = refined(
  'a whole number that is not negative',
  t.number,
  (n) => Number.isSafeInteger(n) && n >= 0
)
export const count: t.Type<number, number, unknown> = refined(
  'a whole number above 0',
  t.number,
  (n) => Number.isSafeInteger(n) && n > 0
)
export const positive: t.Type<number, number, unknown> = refined(
  'a number above 0',
  t.number,
  (n) => Number.isFinite(n) && n > 0
)
export const finite: t.Type<number, number, unknown> = refined('a finite number', t.number, Number.isFinite)
export const notNegative: t.Type<number, number, unknown> = refined(
  'a number that is not negative',
  t.number,
  (n) => Number.isFinite(n) && n >= 0
)
export const fraction: t.Type<number, number, unknown> = refined(
  'a number from 0 to 1',
  t.number,
  (n) => n >= 0 && n <= 1
)
/** Whole numbers from `least` on; `why` says what is wrong with smaller ones. */
export const atLeast = (least: number, why: string): t.Type<number, number, unknown> =>
  refined(`a whole number of at least ${least} (${why})`, t.number, (n) => Number.isSafeInteger(n) && n >= least)
/** One of some words. */
export const oneOf = <const W extends string>(...words: ReadonlyArray<W>): t.Type<W, W, unknown> =>
  refined(`one of ${words.join(', ')}`, t.string as unknown as t.Type<W>, (word) => words.includes(word))

// structure ------------------------------------------------------------------------------

/** The codecs of io-ts that have a form of their own; any other codec is a leaf. */
export type Form =
  | t.InterfaceType<t.Props>
  | t.PartialType<t.Props>
  | t.ExactType<t.HasProps>
  | t.IntersectionType<Array<t.Mixed>>
  | t.UnionType<Array<t.Mixed>>
  | t.ReadonlyType<t.Mixed>
  | t.RefinementType<t.Mixed>
  | t.RecursiveType<t.Mixed>
  | t.ArrayType<t.Mixed>
  | t.ReadonlyArrayType<t.Mixed>
  | t.TupleType<Array<t.Mixed>>
  | t.LiteralType<string | number | boolean>

export const formOf = (codec: t.Decoder<unknown, unknown>): Form | undefined =>
  '_tag' in codec ? (codec as unknown as Form) : undefined

const names: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  Int: 'a whole number',
  null: 'null',
  undefined: 'nothing'
}

/** What a codec expects, in words. */
export const expectation = (codec: t.Decoder<unknown, unknown>): string => {
  const form = formOf(codec)
  switch (form?._tag) {
    case 'InterfaceType':
    case 'PartialType':
    case 'IntersectionType':
      return 'a section'
    case 'ArrayType':
    case 'ReadonlyArrayType':
    case 'TupleType':
      return 'a list'
    case 'ExactType':
    case 'ReadonlyType':
      return expectation(form.type)
    case 'UnionType':
      return [...new Set(form.types.map(expectation))].join(' or ')
    case 'LiteralType':
      return String(form.value)
    case 'RefinementType':
    case 'RecursiveType':
    case undefined:
    default:
      return names[codec.name] ?? codec.name
  }
}

/** The members of a codec for `value`, by name; `undefined` where any name is allowed or there are no names. */
export const membersOf = (codec: t.Mixed, value: unknown): ReadonlyMap<string, t.Mixed> | undefined => {
  const form = formOf(codec)
  const joined = (types: ReadonlyArray<t.Mixed>): ReadonlyMap<string, t.Mixed> | undefined => {
    const all = types.map((type) => membersOf(type, value))
    return all.length === 0 || all.some((members) => members === undefined)
      ? undefined
      : new Map(all.flatMap((members) => [...(members ?? [])]))
  }
  switch (form?._tag) {
    case 'InterfaceType':
    case 'PartialType':
      return isSection(value) ? new Map(Object.entries(form.props)) : undefined
    case 'ExactType':
    case 'ReadonlyType':
    case 'RefinementType':
      return membersOf(form.type, value)
    case 'RecursiveType':
      return membersOf(form.runDefinition(), value)
    case 'IntersectionType':
      return joined(form.types)
    case 'UnionType':
      return joined(alternatives(form, value))
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return Array.isArray(value) ? new Map(value.map((_, i) => [String(i), form.type])) : undefined
    case 'TupleType':
      return new Map(form.types.map((type, i) => [String(i), type]))
    case 'LiteralType':
    case undefined:
    default:
      return undefined
  }
}

/** The alternatives that `value` may be: by their literals, where it has them. */
const alternatives = (form: t.UnionType<Array<t.Mixed>>, value: unknown): ReadonlyArray<t.Mixed> => {
  const sections = form.types.filter((type) => membersOf(type, value) !== undefined)
  const fits = (type: t.Mixed): boolean =>
    [...(membersOf(type, value) ?? [])].every(
      ([name, member]) => formOf(member)?._tag !== 'LiteralType' || (isSection(value) && member.is(value[name]))
    )
  const fitting = sections.filter(fits)
  return fitting.length > 0 ? fitting : sections
}

/** The name whose literal tells the alternatives of a union apart, if there is one, and its literals. */
export const tagOf = (
  codec: t.Decoder<unknown, unknown>
): { readonly name: string; readonly words: string } | undefined => {
  const form = formOf(codec)
  if (form?._tag !== 'UnionType') return undefined
  const all = form.types.map((type) => membersOf(type, {}) ?? new Map<string, t.Mixed>())
  const isTag = (name: string): boolean =>
    all.every((members) => formOf(members.get(name) ?? t.unknown)?._tag === 'LiteralType')
  const name = [...(all[0]?.keys() ?? [])].find(isTag)
  const words = all.map((members) => expectation(members.get(name ?? '') ?? t.unknown))
  return name === undefined ? undefined : { name, words: `one of ${words.join(', ')}` }
}

/** What became of all mutants: the table by rule, what the refused ones died of, and those that survived by name. */
import { rules, type Judged, type Outcome, type Rule } from './Mutant.ts'

export const survived = (of: ReadonlyArray<Judged>): ReadonlyArray<Judged> =>
  of.filter(({ outcome }) => outcome._tag === 'Survived')

const count = (of: ReadonlyArray<Judged>, tag: Outcome['_tag']): number =>
  of.filter(({ outcome }) => outcome._tag === tag).length

/** The share of mutants caught of those that are programs and compute something else. */
export const shareOf = (of: ReadonlyArray<Judged>): number => {
  const caught = count(of, 'Caught')
  const all = caught + count(of, 'Survived')
  return all === 0 ? 1 : caught / all
}

// refusals -------------------------------------------------------------------------------

/** What refuses a mutant, by a word of its sentence. */
const refusals: ReadonlyArray<readonly [kind: string, words: RegExp]> = [
  ['does not end', /does not end/],
  ['the process died', /process died/],
  ['element types', /type error|typeinference|no matching|type '|data type|cannot (assign|initialize|convert|index)/i],
  ['sizes', /shapeinference|reshape|dimension|broadcast|rank|size|shape|channels|sliding|blocks/i],
  ['places', /out of|range|bounds|axis|indices/i],
  ['names', /unresolved|declared|not registered|no op/i]
]

export const refusalOf = (why: string): string => refusals.find(([, words]) => words.test(why))?.[0] ?? 'something else'

const tally = (names: ReadonlyArray<string>): ReadonlyArray<readonly [string, number]> => {
  const counts = new Map<string, number>() // local
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)
}

const refusalLine = (rule: Rule, of: ReadonlyArray<Judged>): ReadonlyArray<string> => {
  const whys = of.flatMap(({ outcome }) => (outcome._tag === 'Refused' ? [refusalOf(outcome.why)] : []))
  const counts = tally(whys).map(([kind, n]) => `${kind} ${n}`)
  return counts.length === 0 ? [] : [`refused ${rule}: ${counts.join(', ')}`]
}

// the table ------------------------------------------------------------------------------

const columns = ['rule', 'mutants', 'caught', 'equivalent', 'refused', 'survived', 'caught %'] as const

const cells = (name: string, of: ReadonlyArray<Judged>): ReadonlyArray<string> => [
  name,
  `${of.length}`,
  ...(['Caught', 'Equivalent', 'Refused', 'Survived'] as const).map((tag) => `${count(of, tag)}`),
  (100 * shareOf(of)).toFixed(1)
]

const row = (values: ReadonlyArray<string>): string =>
  values.map((value, i) => (i === 0 ? value.padEnd(8) : value.padStart((columns[i]?.length ?? 0) + 2))).join('')

/** The name of a mutant: `mul vjp, mul#1: negated`. */
export const nameOf = ({ op, rule, change }: Pick<Judged, 'op' | 'rule' | 'change'>): string =>
  `${op} ${rule}, ${change}`

/** The lines of the report. */
export const report = (judged: ReadonlyArray<Judged>): ReadonlyArray<string> => {
  const of = (rule: Rule): ReadonlyArray<Judged> => judged.filter((one) => one.rule === rule)
  const present = rules.filter((rule) => of(rule).length > 0)
  return [
    row(columns),
    ...present.map((rule) => row(cells(rule, of(rule)))),
    row(cells('all', judged)),
    ...present.flatMap((rule) => refusalLine(rule, of(rule))),
    ...survived(judged).map((one) => `survived: ${nameOf(one)}`)
  ]
}

/**
 * Laws as values: a law is a named property of something that anyone may supply (an operation, a pass, a schedule, an
 * optimiser), and a suite is a function from that something to its laws. Run them with any runner: `fc.assert(law)`.
 */
import * as fc from 'fast-check'
import { difference, type Close } from '../src/measure/Close.ts'
import { floats, type Tensor } from '../src/core/Tensor.ts'

// model ----------------------------------------------------------------------------------

/** Where a law comes from. */
export interface Source {
  /** What the law says: an equation, or a sentence. */
  readonly says: string
  /** Who says it: a paper and its equation, a standard, a contract. */
  readonly reference: string
  /** Its numbers in the list of the method's identities, 1 to 50; see `docs/laws.md`. */
  readonly identities: ReadonlyArray<number>
}

/** A property for any runner, and where it comes from. */
export type Law = fc.IRawProperty<unknown> & { readonly source: Source }

export type Laws = Readonly<Record<string, Law>>

/** What a law finds: nothing, or a sentence that says what is wrong. */
export type Verdict = string | undefined

/** Something that breaks a law on purpose, and the name of the law that must notice. */
export interface Mutant {
  readonly name: string
  readonly brokenLaw: string
  readonly laws: Laws
}

/** A point of the plane, of the line, of any space of few dimensions. */
export type Vector = ReadonlyArray<number>

// constructors ---------------------------------------------------------------------------

/** Sources in one reference: what each says there, and its numbers among the identities. */
export const from =
  (reference: string): ((says: string, ...identities: ReadonlyArray<number>) => Source) =>
  (says, ...identities) => ({ says, reference, identities })

const cited = (source: Source, property: fc.IRawProperty<unknown>): Law => Object.assign(property, { source })

/** A law: for all values drawn, `check` finds nothing. What it finds is part of the counterexample. */
export const law = <A>(source: Source, arbitrary: fc.Arbitrary<A>, check: (value: A) => Verdict): Law =>
  cited(
    source,
    fc.property(arbitrary, fc.context(), (value, context) => {
      const wrong = check(value)
      if (wrong !== undefined) context.log(wrong)
      return wrong === undefined
    })
  )

/** A law of something that answers later, such as a device. */
export const asyncLaw = <A>(source: Source, arbitrary: fc.Arbitrary<A>, check: (value: A) => Promise<Verdict>): Law =>
  cited(
    source,
    fc.asyncProperty(arbitrary, fc.context(), async (value, context) => {
      const wrong = await check(value)
      if (wrong !== undefined) context.log(wrong)
      return wrong === undefined
    })
  )

/** The laws with a subject before their names. */
export const about = (subject: string, laws: Laws): Laws =>
  Object.fromEntries(Object.entries(laws).map(([name, property]) => [`${subject}: ${name}`, property]))

// verdicts -------------------------------------------------------------------------------

/** Nothing where it holds, else the sentence. */
export const unless = (holds: boolean, otherwise: () => string): Verdict => (holds ? undefined : otherwise())

/** The first of several findings. */
export const firstOf = (verdicts: ReadonlyArray<Verdict>): Verdict => verdicts.find((verdict) => verdict !== undefined)

export const closeTensors = (close: Close, a: Tensor, b: Tensor): Verdict => difference(close, a, b)

export const closeVectors = (close: Close, a: Vector, b: Vector): Verdict =>
  difference(close, floats([a.length], a), floats([b.length], b))

export const closeNumbers = (close: Close, a: number, b: number): Verdict => closeVectors(close, [a], [b])

// running --------------------------------------------------------------------------------

export interface Broken {
  readonly law: string
  /** The smallest counterexample that was found, with the seed and path that lead to it. */
  readonly report: string
}

const brokenBy = (law: string, details: fc.RunDetails<unknown>): ReadonlyArray<Broken> =>
  details.failed ? [{ law, report: fc.defaultReportMessage(details) ?? '' }] : []

const unasked = 'it answers later, as devices do, and nobody waited: `brokenLater` does'

/** The laws that do not hold, each with its counterexample. One that answers later is among them, since it was not asked. */
export const broken = (laws: Laws, parameters: fc.Parameters<unknown> = {}): ReadonlyArray<Broken> =>
  Object.entries(laws).flatMap(([name, property]) =>
    property.isAsync()
      ? [{ law: name, report: unasked }]
      : brokenBy(name, fc.check(property, parameters) as fc.RunDetails<unknown>)
  )

/** The same of laws of which some answer later. They are asked in turn: a device does one thing at a time. */
export const brokenLater = (laws: Laws, parameters: fc.Parameters<unknown> = {}): Promise<ReadonlyArray<Broken>> =>
  Object.entries(laws).reduce<Promise<ReadonlyArray<Broken>>>(
    async (before, [name, property]) => [...(await before), ...brokenBy(name, await fc.check(property, parameters))],
    Promise.resolve([])
  )

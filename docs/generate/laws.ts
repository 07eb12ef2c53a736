/** The page of laws: every suite, what each law says, and who says it; and the identities of the method by number. */
import * as fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import type { Laws, Mutant } from '../../laws/Laws.ts'
import * as mutants from '../../laws/mutants/index.ts'
import { E } from '../../src/core/fp.ts'

const folder = new URL('../../laws/', import.meta.url)

// suites ---------------------------------------------------------------------------------

/** A suite as it is written: an exported function whose result is `Laws`. */
export interface Suite {
  readonly name: string
  /** The file, below `laws/`. */
  readonly file: string
  /** Its documentation, as one paragraph; that of the module where it has none of its own. */
  readonly doc: string
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const isSuite = ({ initializer }: ts.VariableDeclaration): boolean =>
  initializer !== undefined && ts.isArrowFunction(initializer) && initializer.type?.getText() === 'Laws'

const isExported = (statement: ts.Statement): statement is ts.VariableStatement =>
  ts.isVariableStatement(statement) &&
  statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true

const docOf = (node: ts.Node): string => {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  return oneLine(ts.getTextOfJSDocComment(doc?.comment) ?? '')
}

/** The first paragraph of a module's header. */
const headerOf = (text: string): string =>
  oneLine((/^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? '').replace(/^\s*\*/gm, '').split(/\n\s*\n/)[0] ?? '')

const suitesIn = (file: string): ReadonlyArray<Suite> => {
  const text = readFileSync(new URL(file, folder), 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
  return source.statements
    .filter(isExported)
    .flatMap((statement) =>
      statement.declarationList.declarations
        .filter(isSuite)
        .map(({ name }) => ({ name: name.getText(), file, doc: docOf(statement) || headerOf(text) }))
    )
}

const isModule = (file: string): boolean => file.endsWith('.ts') && !['index.ts', 'Laws.ts'].includes(file)

/** Every suite of laws. */
export const suites: ReadonlyArray<Suite> = readdirSync(folder).sort().filter(isModule).flatMap(suitesIn)

// laws -----------------------------------------------------------------------------------

// Nothing is drawn here: only the names of the laws count, and where they come from.
const none = fc.constant<never>(undefined as never)
const form = { parse: () => 0, print: String, bounds: () => [0, 0] as const, coefficient: () => 0, without: () => 0 }
const codec = { encode: String, decode: () => E.right(0), equal: Object.is, show: String }
const memory = () => ({ buffers: [], peak: 0, given: [], steps: [], results: [] })

/** Mutants of subjects that the user brings. */
const ofSubjects: Readonly<Record<string, ReadonlyArray<Mutant>>> = {
  clusteringMutants: mutants.clusteringMutants(() => ({ groups: [], stored: new Set(), clusters: [] }), none),
  codecMutants: mutants.codecMutants(codec, none, none, 0),
  compositionMutants: mutants.compositionMutants(none),
  fusionMutants: mutants.fusionMutants(() => () => ({ groups: [], stored: new Set() }), none, 4),
  graphDerivativeMutants: mutants.graphDerivativeMutants(none),
  graphTextMutants: mutants.graphTextMutants(none),
  indexArithmeticMutants: mutants.indexArithmeticMutants(form),
  onDeviceMutants: mutants.onDeviceMutants(none),
  passMutants: mutants.passMutants(none),
  planMutants: mutants.planMutants(memory, none),
  scanMutants: mutants.scanMutants(none),
  targetMutants: mutants.targetMutants(none)
}

/** The mutants of every suite, by their names. */
export const mutantSets: ReadonlyMap<string, ReadonlyArray<Mutant>> = new Map(
  Object.entries(mutants).flatMap(([name, set]) => {
    const made: unknown = Array.isArray(set) ? set : ofSubjects[name]
    return name.endsWith('Mutants') ? [[name, (made ?? []) as ReadonlyArray<Mutant>] as const] : []
  })
)

const withoutSubject = (name: string): string => name.replace(/^\w+: /, '')

/** The laws of a suite, each once: mutants bring them, and there is one of each. */
export const lawsOf = ({ name }: Suite): Laws =>
  Object.fromEntries(
    (mutantSets.get(`${name}Mutants`) ?? []).flatMap(({ laws }) =>
      Object.entries(laws).map(([law, property]) => [withoutSubject(law), property])
    )
  )

// the page -------------------------------------------------------------------------------

const cell = (text: string): string => text.replace(/\|/g, '\\|')

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.map(cell).join(' | ')} |`

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => [
  row(...head),
  row(...head.map(() => '---')),
  ...rows.map((cells) => row(...cells))
]

const numbers = (identities: ReadonlyArray<number>): string => identities.join(', ')

const section = (suite: Suite): ReadonlyArray<string> => [
  `## ${suite.name}`,
  '',
  `${suite.doc} (\`laws/${suite.file}\`)`,
  '',
  ...table(
    ['Law', 'What it says', 'Source', 'Identities'],
    Object.entries(lawsOf(suite)).map(([name, { source }]) => [
      name,
      source.says,
      source.reference,
      numbers(source.identities)
    ])
  ),
  ''
]

interface Identity {
  readonly number: number
  readonly suite: string
  readonly says: string
}

const identitiesOf = (suite: Suite): ReadonlyArray<Identity> =>
  Object.values(lawsOf(suite)).flatMap(({ source: { identities, says } }) =>
    identities.map((number) => ({ number, suite: suite.name, says }))
  )

/** Equal laws of several suites say the same once. */
const byNumber = (found: ReadonlyArray<Identity>): ReadonlyArray<ReadonlyArray<string>> =>
  [...new Set(found.map(({ number }) => number))]
    .sort((a, b) => a - b)
    .map((number) => {
      const these = found.filter((identity) => identity.number === number)
      const said = [...new Set(these.map(({ says }) => says))].join('; ')
      return [String(number), said, [...new Set(these.map(({ suite }) => suite))].join(', ')]
    })

const introduction = [
  '# Laws',
  '',
  'Generated by `npm run docs`; a test fails where it is stale. A suite is a function from an instance (and from how close',
  'is close enough) to named laws, for any runner: `fc.assert(law)`, or `broken(laws)` for a list; `brokenLater(laws)` where',
  'some run on a device (`targetOf(runtime.evaluateOn(device))`). Every law has a mutant in `laws/mutants` that it rejects.',
  ''
]

export const lawsPage = (): string =>
  [
    ...introduction,
    ...suites.flatMap(section),
    '## The identities of the method, by number',
    '',
    'Times run from data (0) to noise (1); `x` data, `x_1` or `ε` noise, `v` velocity, `u` average velocity, `f` flow map,',
    '`h` what a head predicts, `y` its target, `ω` the scale of guidance, `D` the mean of the data given what is seen.',
    '',
    ...table(['Number', 'What it says', 'Suites'], byNumber(suites.flatMap(identitiesOf)))
  ].join('\n') + '\n'

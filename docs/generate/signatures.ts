/** The typed constructors as they stand in the source: what the editor shows of an operation. */
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'

const folder = new URL('../../src/ops/api/', import.meta.url)

/** A function that users call. */
export interface Constructor {
  readonly name: string
  readonly signature: string
  /** Its documentation, as one paragraph. */
  readonly doc: string
  /** The operations that it builds a graph of. */
  readonly builds: ReadonlyArray<string>
}

/** A name for a type that signatures use, with its declaration. */
export interface TypeName {
  readonly name: string
  readonly text: string
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

const arrow = (node: ts.ArrowFunction): string => {
  const types = node.typeParameters === undefined ? '' : `<${node.typeParameters.map((t) => t.getText()).join(', ')}>`
  const operands = node.parameters.map((parameter) => parameter.getText()).join(', ')
  const result = ts.isArrowFunction(node.body) ? arrow(node.body) : (node.type?.getText() ?? '')
  return oneLine(`${types}(${operands}) => ${result}`)
}

const signatureOf = ({ name, type, initializer }: ts.VariableDeclaration): string =>
  `${name.getText()}: ${
    type !== undefined
      ? oneLine(type.getText())
      : initializer !== undefined && ts.isArrowFunction(initializer)
        ? arrow(initializer)
        : ''
  }`

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false)

const docOf = (node: ts.Node): string =>
  ts
    .getJSDocCommentsAndTags(node)
    .flatMap((doc) => (ts.isJSDoc(doc) ? [ts.getTextOfJSDocComment(doc.comment) ?? ''] : []))
    .map((text) => oneLine(text.split(/\n\s*\n/)[0] ?? ''))
    .join(' ')

const built = (text: string): ReadonlyArray<string> => [
  ...new Set([...text.matchAll(/\$\.(\w+)\b/g)].map(([, name = '']) => name))
]

const constructorsOf = (statement: ts.Statement): ReadonlyArray<Constructor> =>
  ts.isVariableStatement(statement) && isExported(statement)
    ? statement.declarationList.declarations.map((declaration) => ({
        name: declaration.name.getText(),
        signature: signatureOf(declaration),
        doc: docOf(statement),
        builds: built(declaration.getText())
      }))
    : []

const typeNamesOf = (statement: ts.Statement): ReadonlyArray<TypeName> =>
  (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) && isExported(statement)
    ? [{ name: statement.name.text, text: statement.getText().replace(/^export /, '') }]
    : []

const statements: ReadonlyArray<ts.Statement> = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .flatMap((name) => [
    ...ts.createSourceFile(name, readFileSync(new URL(name, folder), 'utf8'), ts.ScriptTarget.ES2023, true).statements
  ])

export const constructors: ReadonlyArray<Constructor> = statements.flatMap(constructorsOf)
export const typeNames: ReadonlyArray<TypeName> = statements.flatMap(typeNamesOf)

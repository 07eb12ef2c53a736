/** The typed constructors as they stand in the source: what the editor shows of an operation. */
import { readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import * as api from '../../src/ops/api.ts'

const folder = new URL('../../src/ops/api/', import.meta.url)

/** A function that users call. */
export interface Constructor {
  readonly name: string
  readonly signature: string
  /** The first paragraph of its documentation. */
  readonly doc: string
  /** The points of its documentation: shapes, ranges, faults. */
  readonly points: ReadonlyArray<string>
  /** The operations that it builds a graph of. */
  readonly builds: ReadonlyArray<string>
  /** The operations and functions that it is made of, found through what is not exported. */
  readonly uses: ReadonlyArray<string>
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
  const result = node.type?.getText() ?? (ts.isArrowFunction(node.body) ? arrow(node.body) : '')
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

const paragraphsOf = (node: ts.Node): ReadonlyArray<string> =>
  ts
    .getJSDocCommentsAndTags(node)
    .flatMap((doc) => (ts.isJSDoc(doc) ? [ts.getTextOfJSDocComment(doc.comment) ?? ''] : []))
    .flatMap((text) => text.split(/\n\s*\n/))

const docOf = (node: ts.Node): string => oneLine(paragraphsOf(node)[0] ?? '')

const pointsOf = (node: ts.Node): ReadonlyArray<string> =>
  paragraphsOf(node)
    .slice(1)
    .flatMap((text) => (text.startsWith('- ') ? text.slice(2).split(/\n- /) : [text]))
    .map(oneLine)

const built = (text: string): ReadonlyArray<string> => [
  ...new Set([...text.matchAll(/\$\.(\w+)\b/g)].map(([, name = '']) => name))
]

const declarationsOf = (statement: ts.Statement): ReadonlyArray<ts.VariableDeclaration> =>
  ts.isVariableStatement(statement) ? [...statement.declarationList.declarations] : []

const isPublic = (declaration: ts.VariableDeclaration): boolean => Object.hasOwn(api, declaration.name.getText())

const constructorsOf = (statement: ts.Statement): ReadonlyArray<Constructor> =>
  declarationsOf(statement)
    .filter((declaration) => isExported(statement) && isPublic(declaration))
    .map((declaration) => ({
      name: declaration.name.getText(),
      signature: signatureOf(declaration),
      doc: docOf(statement),
      points: pointsOf(statement),
      builds: built(declaration.getText()),
      uses: usesOf(declaration)
    }))

const typeNamesOf = (statement: ts.Statement): ReadonlyArray<TypeName> =>
  (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) && isExported(statement)
    ? [{ name: statement.name.text, text: statement.getText().replace(/^export /, '') }]
    : []

const sources: ReadonlyArray<ts.SourceFile> = readdirSync(folder)
  .filter((name) => name.endsWith('.ts'))
  .sort()
  .map((name) => ts.createSourceFile(name, readFileSync(new URL(name, folder), 'utf8'), ts.ScriptTarget.ES2023, true))

const statements: ReadonlyArray<ts.Statement> = sources.flatMap((source) => [...source.statements])

// what functions are made of -------------------------------------------------------------------

/** Functions of this folder by their names: those of a file, and those that it imports from beside it. */
const declarations: ReadonlyMap<string, ts.VariableDeclaration> = new Map(
  statements.flatMap(declarationsOf).map((one) => [`${one.getSourceFile().fileName} ${one.name.getText()}`, one])
)

const importsOf = (source: ts.SourceFile): ReadonlyMap<string, string> =>
  new Map(
    source.statements.filter(ts.isImportDeclaration).flatMap(({ importClause, moduleSpecifier }) => {
      const bindings = importClause?.namedBindings
      const from = ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : ''
      return bindings !== undefined && ts.isNamedImports(bindings) && from.startsWith('./')
        ? bindings.elements.map(({ name }) => [name.text, from.slice(2)] as const)
        : []
    })
  )

const childrenOf = (node: ts.Node): ReadonlyArray<ts.Node> => {
  const found: Array<ts.Node> = [] // local
  ts.forEachChild(node, (child) => void found.push(child))
  return found
}

/** What `name` stands for where `node` is: a parameter hides what the file declares. */
const declared = (node: ts.Node, name: string): ts.VariableDeclaration | undefined => {
  const source = node.getSourceFile()
  const isHidden = (at: ts.Node): boolean =>
    ts.isArrowFunction(at) && at.parameters.some((parameter) => parameter.name.getText() === name)
  for (let at = node; at.parent !== undefined; at = at.parent) if (isHidden(at)) return undefined
  return declarations.get(`${importsOf(source).get(name) ?? source.fileName} ${name}`)
}

const calls = (node: ts.Node, seen: ReadonlySet<ts.Node>): ReadonlyArray<string> => {
  if (ts.isPropertyAccessExpression(node))
    return node.expression.getText() === '$' ? [node.name.text] : calls(node.expression, seen)
  if (ts.isTypeNode(node)) return []
  if (ts.isPropertyAssignment(node)) return calls(node.initializer, seen)
  const one = ts.isIdentifier(node) ? declared(node, node.text) : undefined
  if (one === undefined) return childrenOf(node).flatMap((child) => calls(child, seen))
  return seen.has(one) ? [] : isPublic(one) ? [one.name.getText()] : usesOf(one, seen)
}

/** What a function calls: operations, and functions of users; what is not exported is looked into. */
const usesOf = (one: ts.VariableDeclaration, seen: ReadonlySet<ts.Node> = new Set()): ReadonlyArray<string> => {
  const found = one.initializer === undefined ? [] : calls(one.initializer, new Set([...seen, one]))
  return [...new Set(found)].sort()
}

export const constructors: ReadonlyArray<Constructor> = statements.flatMap(constructorsOf)
export const typeNames: ReadonlyArray<TypeName> = statements.flatMap(typeNamesOf)

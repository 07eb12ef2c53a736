/** The project's own source, as syntax trees: what the tests of its architecture look at. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

const root = new URL('../', import.meta.url).pathname
const elsewhere = new Set(['node_modules', 'dist', '.git', '.cache', 'runs', 'coverage'])

const walk = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    elsewhere.has(entry.name)
      ? []
      : entry.isDirectory()
        ? walk(join(folder, entry.name))
        : [relative(root, join(folder, entry.name))]
  )

/** Every file of the project, by its path from the root. */
export const files: ReadonlyArray<string> = walk(root)

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

export interface Source {
  readonly path: string
  readonly text: string
  readonly nodes: ReadonlyArray<ts.Node>
}

const nodesBelow = (node: ts.Node): ReadonlyArray<ts.Node> => {
  const found: Array<ts.Node> = [node]
  node.forEachChild((child) => {
    found.push(...nodesBelow(child))
  })
  return found
}

const parsed = (path: string): Source => {
  const text = read(path)
  return { path, text, nodes: nodesBelow(ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)) }
}

/** The TypeScript files below any of the folders. */
export const sources = (...folders: ReadonlyArray<string>): ReadonlyArray<Source> =>
  files.filter((path) => path.endsWith('.ts') && folders.some((folder) => path.startsWith(`${folder}/`))).map(parsed)

export const linesOf = (text: string): number => text.trimEnd().split('\n').length

/** Lines that are neither empty nor part of a comment. */
export const codeLines = (text: string): number =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length

/** `path:line` of the nodes of a kind. */
export const places = (source: Source, is: (node: ts.Node) => boolean): ReadonlyArray<string> =>
  source.nodes.filter(is).map((node) => {
    const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart())
    return `${source.path}:${line + 1}`
  })

export { ts }

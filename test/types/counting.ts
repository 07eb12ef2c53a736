/**
 * Counts what calls cost the compiler: type instantiations of one copy of a call, among others of its kind. All calls
 * are checked in one program of TypeScript's own API, which counts file by file; `tsc` counts whole programs.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { range } from '../../src/core/Shape.ts'

const root = new URL('../../', import.meta.url).pathname

const optionsOf = (): ts.CompilerOptions => {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8')) as {
    compilerOptions: object
  }
  const own = { composite: false, declaration: false, isolatedDeclarations: false, noEmit: true, noUnusedLocals: false }
  const paths = { rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true, erasableSyntaxOnly: false }
  return ts.convertCompilerOptionsFromJson({ ...compilerOptions, ...own, ...paths }, root).options
}

/** A program whose files are texts, as if they were two folders below the root. */
const programOf = (texts: ReadonlyMap<string, string>): ts.Program => {
  const options = optionsOf()
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  host.getSourceFile = (name, version, ...rest) => {
    const text = texts.get(name)
    return text === undefined ? getSourceFile(name, version, ...rest) : ts.createSourceFile(name, text, version)
  }
  host.fileExists = (name) => texts.has(name) || fileExists(name)
  host.readFile = (name) => texts.get(name) ?? readFile(name)
  return ts.createProgram([...texts.keys()], options, host)
}

export interface Cost {
  /** Of one copy, once the first has been paid. */
  readonly instantiations: number
  /** What is wrong with the call. */
  readonly errors: ReadonlyArray<string>
}

const fileOf = (name: string, kind: string): string => join(root, 'test/types', `${name}.${kind}.ts`)

/** `x: f32[8,A] => neg(x)` in a scope of its own, with sizes that no other copy has. */
const copyOf = (call: string, copy: number, part: 'operands' | 'whole'): string => {
  const [, operands = '', result = ''] = /^(.*?)=> (.*)$/s.exec(call) ?? []
  const declared = [...operands.matchAll(/(\w+): (\w+)\[([^\]]*)\]/g)].map(
    ([, name, dtype, shape]) => `declare const ${name}: Expr<'${dtype}', readonly [${shape}]>`
  )
  const sizes = [...declared, ...(part === 'whole' ? [`export const result = ${result}`] : [])]
    .join('\n')
    .replaceAll(/\bA\b/g, String(2 * copy + 11))
    .replaceAll(/\bB\b/g, String(3 * copy + 100_003))
    .replaceAll(/\bC\b/g, String(5 * copy + 1_000_007))
  return `export namespace copy${copy} {\n${sizes}\n}`
}

const copies = 10

/** What each of some calls costs; `imports` is what all of them may use. */
export const costs = (calls: Readonly<Record<string, string>>, imports: string): ReadonlyMap<string, Cost> => {
  const texts = new Map(
    Object.entries(calls).flatMap(([name, call], i) => {
      const some = (from: number, to: number, part: 'operands' | 'whole'): string =>
        [imports, ...range(to - from).map((k) => copyOf(call, i * (copies + 1) + from + k, part))].join('\n')
      return [
        [fileOf(name, 'first'), some(0, 1, 'whole')] as const,
        [fileOf(name, 'operands'), some(1, copies + 1, 'operands')] as const,
        [fileOf(name, 'calls'), some(1, copies + 1, 'whole')] as const
      ]
    })
  )
  const program = programOf(texts)
  const check = (file: string): Cost => {
    const before = program.getInstantiationCount()
    const found = program.getSemanticDiagnostics(program.getSourceFile(file))
    const errors = found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    return { instantiations: program.getInstantiationCount() - before, errors }
  }
  return new Map(
    Object.keys(calls).map((name) => {
      check(fileOf(name, 'first'))
      check(fileOf(name, 'operands'))
      const { instantiations, errors } = check(fileOf(name, 'calls'))
      return [name, { instantiations: instantiations / copies, errors }]
    })
  )
}

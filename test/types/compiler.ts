/** Runs the project's own compiler on texts, as if they were files two folders below the root. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('../../', import.meta.url).pathname

const options = (): object => {
  const base = JSON.parse(readFileSync(join(root, 'tsconfig.base.json'), 'utf8')) as { compilerOptions: object }
  return {
    ...base.compilerOptions,
    composite: false,
    declaration: false,
    isolatedDeclarations: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    noEmit: true
  }
}

const run = (folder: string, flags: ReadonlyArray<string>): string => {
  const compiler = join(root, 'node_modules/@typescript/native/bin/tsc')
  try {
    return execFileSync(process.execPath, [compiler, '-p', folder, '--pretty', 'false', ...flags], { encoding: 'utf8' })
  } catch (failure) {
    return String((failure as { stdout?: unknown }).stdout ?? failure)
  }
}

/** What the compiler says of one file. */
export const compile = (text: string, flags: ReadonlyArray<string> = []): string => {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache/types-'))
  try {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options(), files: ['text.ts'] }))
    writeFileSync(join(folder, 'text.ts'), text)
    return run(folder, flags)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

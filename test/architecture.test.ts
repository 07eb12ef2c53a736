import { describe, expect, it } from 'vitest'
import { codeLines, files, linesOf, places, read, sources, ts, type Source } from './source.ts'

const ranks: Readonly<Record<string, number>> = {
  core: 0,
  ops: 1,
  autodiff: 2,
  interpret: 3,
  nn: 3,
  optim: 3,
  flow: 3,
  compile: 3,
  tmd: 4,
  measure: 4,
  runtime: 4,
  io: 4,
  data: 4,
  inspect: 5,
  cli: 6
}

const pureLayers = [
  'core',
  'ops',
  'interpret',
  'autodiff',
  'nn',
  'optim',
  'flow',
  'compile',
  'tmd',
  'measure',
  'inspect'
]
const pure = sources('laws', ...pureLayers.map((layer) => `src/${layer}`))
const all = [...pure, ...sources('src/runtime', 'src/io', 'src/data', 'src/cli')]

const everywhere = (of: ReadonlyArray<Source>, is: (node: ts.Node) => boolean): ReadonlyArray<string> =>
  of.flatMap((source) => places(source, is))

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, n) => total + n, 0)

const quantile = (numbers: ReadonlyArray<number>, q: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * q)] ?? 0

describe('layers', () => {
  const folders = [...new Set(files.flatMap((path) => /^src\/(\w+)\//.exec(path)?.[1] ?? []))]

  it('are all known', () => {
    expect(folders.filter((layer) => ranks[layer] === undefined)).toEqual([])
  })

  it('refer downwards only', () => {
    const upward = folders.flatMap((layer) => {
      const { references } = JSON.parse(read(`src/${layer}/tsconfig.json`)) as {
        references: ReadonlyArray<{ path: string }>
      }
      const below = references.map(({ path }) => path.replace('../', ''))
      return below.filter((other) => !((ranks[other] ?? Infinity) < (ranks[layer] ?? 0))).map((o) => `${layer} → ${o}`)
    })

    expect(upward).toEqual([])
  })

  it('see neither the browser nor Node where they are pure', () => {
    const seeing = pureLayers.filter((layer) => /"(types|lib)"/.test(read(`src/${layer}/tsconfig.json`)))

    expect(seeing).toEqual([])
  })
})

describe('pure layers', () => {
  const impure = /\b(Math\.random|Date\.now|new Date\b|performance\.now|globalThis)/

  it('have no clock and no ambient randomness', () => {
    expect(pure.filter(({ text }) => impure.test(text)).map(({ path }) => path)).toEqual([])
  })

  it('do not throw', () => {
    expect(everywhere(pure, ts.isThrowStatement)).toEqual([])
  })

  it('cast less than 0.65 times in 100 lines', () => {
    const casts = everywhere(pure, (node) => ts.isAsExpression(node) && node.type.getText() !== 'const')

    expect((100 * casts.length) / sum(pure.map(({ text }) => codeLines(text)))).toBeLessThan(0.65)
  })
})

describe('the source', () => {
  it('has no class, enum, namespace, this, or default export', () => {
    const kinds = [ts.SyntaxKind.ThisKeyword, ts.SyntaxKind.ClassExpression, ts.SyntaxKind.ClassDeclaration]

    expect(
      everywhere(
        all,
        (node) =>
          kinds.includes(node.kind) ||
          ts.isEnumDeclaration(node) ||
          ts.isExportAssignment(node) ||
          (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name))
      )
    ).toEqual([])
  })

  it('has no any', () => {
    expect(everywhere(all, (node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([])
  })

  it('has no file without a meaning in its name', () => {
    expect(files.filter((path) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.)/i.test(path))).toEqual([])
  })

  it('says in its first line what each module is', () => {
    expect(all.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path)).toEqual([])
  })
})

describe('sizes', () => {
  const functions = (of: ReadonlyArray<Source>) =>
    of.flatMap((source) =>
      source.nodes
        .filter((node) => ts.isArrowFunction(node) || ts.isFunctionDeclaration(node))
        .map((node) => ({ at: places({ ...source, nodes: [node] }, () => true)[0], lines: linesOf(node.getText()) }))
    )

  it('keep the core readable in one sitting', () => {
    expect(sum(sources('src/core').map(({ text }) => codeLines(text)))).toBeLessThanOrEqual(800)
  })

  it('keep files below 400 lines of code', () => {
    const long = all.filter(({ text }) => codeLines(text) > 400)

    expect(long.map(({ path }) => path)).toEqual([])
  })

  it('keep functions small: half of them within 4 lines, nine tenths within 15, all within 60', () => {
    const lines = functions(all).map((f) => f.lines)

    expect(quantile(lines, 0.5)).toBeLessThanOrEqual(4)
    expect(quantile(lines, 0.9)).toBeLessThanOrEqual(15)
    expect(functions(all).filter((f) => f.lines > 60)).toEqual([])
  })
})

describe('examples', () => {
  const imported = sources('examples').flatMap(({ path, nodes }) =>
    nodes.flatMap((node) =>
      ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)
        ? [{ path, name: node.moduleSpecifier.text }]
        : []
    )
  )

  it('import the package as its users do, and nothing else of it but their own parts', () => {
    expect(imported.filter(({ name }) => !/^(fluxion(\/laws)?|node:\w+|\.\/[\w/]+\.ts)$/.test(name))).toEqual([])
    expect(new Set(imported.map(({ name }) => name))).toContain('fluxion')
  })
})

describe('the repository', () => {
  const texts = files.filter((path) => /\.(ts|js|json|md|wgsl|ya?ml|html)$/.test(path))

  it('names no place of the machine that it was written on', () => {
    const machine = /(?<![\w.:/-])\/(home|root|work|Users)\//

    expect(texts.filter((path) => machine.test(read(path)))).toEqual([])
  })

  it('takes packages from whatever registry its user has', () => {
    expect(/"resolved":/.test(read('package-lock.json'))).toBe(false)
  })

  it('has nothing left to do in its comments', () => {
    const left = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].map((word) => `\\b${word}\\b`).join('|'))

    expect(texts.filter((path) => path !== 'package-lock.json' && left.test(read(path)))).toEqual([])
  })
})

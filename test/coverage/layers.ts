/**
 * What the tests ran of each layer, from what `npm run coverage` leaves; below 95 % of lines or branches it fails.
 * Every branch counts: what stands after `??`, defaults, arms, operands of `&&` and `||`, an `if` without its `else`.
 */
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const layers = ['core', 'ops', 'autodiff', 'compile']
/** Percent. */
const least = 95

// model ----------------------------------------------------------------------------------

/** A file as Istanbul's format has it: places by number, and how often each was come by. */
interface Counted {
  readonly statementMap: Readonly<Record<string, { readonly start: { readonly line?: number } }>>
  readonly s: Readonly<Record<string, number>>
  /** How often each way of each branch was taken. */
  readonly b: Readonly<Record<string, ReadonlyArray<number>>>
}

interface Share {
  readonly total: number
  readonly covered: number
}

interface File {
  readonly path: string
  readonly lines: Share
  readonly branches: Share
}

// counting -------------------------------------------------------------------------------

const share = (counts: ReadonlyArray<number>): Share => ({
  total: counts.length,
  covered: counts.filter((count) => count > 0).length
})

const linesOf = ({ statementMap, s }: Counted): Share => {
  const counts = new Map<number, number>() // local
  for (const [id, { start }] of Object.entries(statementMap)) {
    const line = start.line ?? 0
    counts.set(line, Math.max(counts.get(line) ?? 0, s[id] ?? 0))
  }
  return share([...counts.values()])
}

const root = new URL('../../', import.meta.url).pathname

const fileOf = ([path, record]: readonly [string, Counted]): File => ({
  path: relative(root, path),
  lines: linesOf(record),
  branches: share(Object.values(record.b).flat())
})

// the report -----------------------------------------------------------------------------

type Kind = 'lines' | 'branches'

const percent = (of: ReadonlyArray<File>, kind: Kind): number => {
  const sum = (part: keyof Share): number => of.reduce((n, file) => n + file[kind][part], 0)
  return sum('total') === 0 ? 100 : (100 * sum('covered')) / sum('total')
}

const shown = (n: number): string => `${n.toFixed(1)} %`.padStart(8)

const row = (name: string, of: ReadonlyArray<File>): string =>
  `${name.padEnd(34)} lines ${shown(percent(of, 'lines'))}   branches ${shown(percent(of, 'branches'))}\n`

const enough = (of: ReadonlyArray<File>): boolean =>
  (['lines', 'branches'] as const).every((kind) => percent(of, kind) >= least)

const folder = process.argv[2] ?? `${root}.cache/coverage`
const found = JSON.parse(readFileSync(`${folder}/coverage-final.json`, 'utf8')) as Record<string, Counted>
const files = Object.entries(found).map(fileOf)

for (const layer of layers) {
  const own = files.filter(({ path }) => path.startsWith(`src/${layer}/`))
  process.stdout.write(row(layer, own))
  own.filter((file) => !enough([file])).forEach((file) => process.stdout.write(row(`  ${file.path}`, [file])))
  if (own.length === 0 || !enough(own)) process.exitCode = 1
}

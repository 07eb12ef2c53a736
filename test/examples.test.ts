import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const folder = new URL('../examples/', import.meta.url)
const root = fileURLToPath(new URL('../', import.meta.url))
const names = readdirSync(folder).flatMap((file) => /^(\d\d-.*)\.ts$/.exec(file)?.[1] ?? [])

/** What examples that take minutes are told, to be done in seconds. */
const short: Readonly<Record<string, ReadonlyArray<string>>> = { '04-port-unet': ['12'] }

const run = (name: string): string => {
  const command = ['--conditions=fluxion-source', '--import', 'tsx', 'examples/run.ts', name, ...(short[name] ?? [])]
  return execFileSync(process.execPath, command, { cwd: root, encoding: 'utf8' })
}

/** What an example says that it prints, in order. */
const promised = (name: string): ReadonlyArray<string> =>
  readFileSync(new URL(`${name}.ts`, folder), 'utf8')
    .split('\n')
    .flatMap((line) => /\/\/ => (.*)$/.exec(line)?.[1] ?? [])

/** The promises that are not printed in their place: each is looked for after the one before it. */
const missing = (promises: ReadonlyArray<string>, printed: string): ReadonlyArray<string> =>
  promises.reduce<{ readonly from: number; readonly missing: ReadonlyArray<string> }>(
    (state, promise) => {
      const at = printed.indexOf(promise, state.from)
      return at < 0 ? { ...state, missing: [...state.missing, promise] } : { ...state, from: at + promise.length }
    },
    { from: 0, missing: [] }
  ).missing

describe('examples', () => {
  for (const name of names)
    it(`${name} prints what it says`, { timeout: 240_000 }, () => {
      const printed = run(name)

      expect(printed.trim()).not.toBe('')
      expect(missing(promised(name), printed)).toEqual([])
    })

  it('are noticed when they print something else', () => {
    expect(missing(['a', 'b'], 'b\na')).toEqual(['b'])
  })
})

it('the tour fits on one page', () => {
  const lines = readFileSync(new URL('00-tour.ts', folder), 'utf8').trimEnd().split('\n')

  expect(lines.length).toBeLessThanOrEqual(80)
})

it('the ported U-Net and its training have 150 lines', () => {
  const lines = ['network', 'training'].flatMap((name) =>
    readFileSync(new URL(`unet/${name}.ts`, folder), 'utf8')
      .trimEnd()
      .split('\n')
  )

  expect(lines.length).toBeLessThanOrEqual(150)
})

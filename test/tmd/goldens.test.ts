import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { show } from '../../src/core/Fault.ts'
import { difference } from '../../src/core/Close.ts'
import { E, pipe, TE } from '../../src/core/fp.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { read } from '../../src/io/safetensors.ts'
import { isSkip, type Case, type Execute, type Manifest, type Tensors } from '../goldens/case.ts'
import { tmd } from '../goldens/tmd.ts'

const folder = join(process.env['FLUXION_GOLDENS'] ?? '../shared/goldens', 'tmd')
const present = existsSync(folder)

const load = async (name: string): Promise<Tensors> => {
  const contents = await read(join(folder, `${name}.safetensors`))()
  if (E.isLeft(contents)) throw new Error(JSON.stringify(contents.left))
  return contents.right.tensors
}

const execute: Execute = (outputs, inputs) =>
  TE.fromEither(
    pipe(
      evaluate(inputs)(Object.values(outputs)),
      E.map((values) => new Map(Object.keys(outputs).map((name, i) => [name, values[i] as (typeof values)[number]])))
    )
  )

const compute = async (case_: Exclude<Case, { readonly skip: string }>): Promise<Tensors> => {
  const result = await ('outputs' in case_ ? execute(case_.outputs, case_.inputs) : case_.compute(execute))()
  if (E.isLeft(result)) throw new Error(result.left.map(show).join('\n'))
  return result.right
}

/** Double precision is expected to be far closer than the tolerance for single precision. */
const strictness = Number(process.env['FLUXION_STRICT'] ?? 1)

describe.skipIf(!present)('the reference reproduces the stored numbers of the method', async () => {
  if (!present) return
  const adapters = tmd(await load('networks'))
  for (const [name, adapter] of Object.entries(adapters)) {
    const manifest = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Manifest
    const cases = adapter(manifest, await load(name))
    it(`${name}: every stored output is expected of some case`, () => {
      const entries = Object.entries(manifest['tensors'] as Record<string, { role: string }>)
      const seen = new Set(cases.flatMap((case_) => (isSkip(case_) ? [] : [...case_.expected.keys()])))
      expect(entries.filter(([key, { role }]) => role === 'output' && !seen.has(key)).map(([key]) => key)).toEqual([])
    })
    for (const case_ of cases) {
      if (isSkip(case_)) it.skip(`${name}: ${case_.name} (${case_.skip})`, () => undefined)
      else
        it(`${name}: ${case_.name}`, { timeout: 120_000 }, async () => {
          const got = await compute(case_)

          const wrong = [...case_.expected].flatMap(([key, { tensor, tolerance }]) => {
            const value = got.get(key)
            if (value === undefined) return [`${key}: not computed`]
            const gap = difference({ absolute: tolerance * strictness, relative: 0 }, value, tensor)
            return gap === undefined ? [] : [`${key}: ${gap}`]
          })
          expect(wrong).toEqual([])
          expect(case_.expected.size).toBeGreaterThan(0)
        })
    }
  }
})

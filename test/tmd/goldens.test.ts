import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { E } from '../../src/core/fp.ts'
import { read } from '../../src/io/safetensors.ts'
import { isSkip, type Manifest, type Tensors } from '../goldens/case.ts'
import { goldens } from '../goldens/load.ts'
import { tmd } from '../goldens/tmd.ts'

const folder = join(goldens, 'tmd')

const tensorsOf = async (name: string): Promise<Tensors> => {
  const contents = await read(join(folder, `${name}.safetensors`))()
  if (E.isLeft(contents)) throw new Error(`${name} cannot be read`)
  return contents.right.tensors
}

const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Manifest

const sets = ['schedules', 'closed_forms', 'finite_difference', 'metrics', 'student', 'stage1', 'stage2', 'sequence']

describe.skipIf(!existsSync(folder))('the stored numbers of the method', () => {
  it.each(sets)('of %s are each expected of some case', async (name) => {
    const manifest = manifestOf(name)
    const stored = manifest['tensors'] as Readonly<Record<string, { readonly role: string }>>
    const adapter = tmd(await tensorsOf('networks'))[name]

    const cases = adapter?.(manifest, await tensorsOf(name)) ?? []
    const seen = new Set(cases.flatMap((one) => (isSkip(one) ? [] : [...one.expected.keys()])))

    const outputs = Object.keys(stored).filter((key) => stored[key]?.role === 'output')
    expect(outputs.filter((key) => !seen.has(key))).toEqual([])
  })
})

/** Golden sets: folders of manifests and tensors, and the adapters that turn them into cases. Nothing else is known. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { E } from '../../src/core/fp.ts'
import { show } from '../../src/io/IoFault.ts'
import { read } from '../../src/io/safetensors.ts'
import type { Adapter, Case, Manifest, Tensors } from './case.ts'

// model ----------------------------------------------------------------------------------

/** The cases of one manifest. */
export interface Group {
  readonly name: string
  readonly cases: ReadonlyArray<Case>
}

/** Loaded when asked for, so that one set runs while another is being written. */
const adapters: Readonly<Record<string, () => Promise<Adapter>>> = {
  ops: async () => (await import('./ops.ts')).ops,
  wan: async () => (await import('./wan.ts')).wan,
  tmd: async () => (await import('./tmd.ts')).tmd
}

export const sets: ReadonlyArray<string> = Object.keys(adapters)

export const goldens: string = process.env['FLUXION_GOLDENS'] ?? '../shared/goldens'

// loading --------------------------------------------------------------------------------

const tensorsOf = async (path: string): Promise<Tensors> => {
  const contents = await read(path)()
  if (E.isLeft(contents)) throw new Error(show(contents.left))
  return contents.right.tensors
}

const groupOf =
  (adapter: Adapter, folder: string) =>
  async (file: string): Promise<Group> => {
    const manifest = JSON.parse(await readFile(join(folder, file), 'utf8')) as Manifest
    const name = file.slice(0, -'.json'.length)
    const cases = adapter(manifest, await tensorsOf(join(folder, manifest.file)))
    return { name, cases: cases.length > 0 ? cases : [{ name, skip: 'no adapter reads this manifest' }] }
  }

const skipped = (name: string, skip: string): ReadonlyArray<Group> => [{ name, cases: [{ name, skip }] }]

/** Every case of a set; what is not there is a case that is skipped, with the reason. */
export const load = async (set: string): Promise<ReadonlyArray<Group>> => {
  const folder = join(goldens, set)
  const adapter = adapters[set]
  if (adapter === undefined) return skipped(set, `no set of this name; there are ${sets.join(', ')}`)
  if (!existsSync(folder)) return skipped(set, `no folder ${folder}; set FLUXION_GOLDENS`)
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  return Promise.all(files.map(groupOf(await adapter(), folder)))
}

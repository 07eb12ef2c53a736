/** Golden sets: folders of manifests and tensors, and the adapters that turn them into cases. Nothing else is known. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { E } from '../../src/core/fp.ts'
import { show } from '../../src/io/IoFault.ts'
import { read } from '../../src/io/safetensors.ts'
import { isSkip, type Adapter, type Case, type Manifest, type Precision, type Tensors } from './case.ts'

// model ----------------------------------------------------------------------------------

/** The cases of one manifest. */
export interface Group {
  readonly name: string
  readonly cases: ReadonlyArray<Case>
  /** The tensors that a case must expect; none where the manifest does not list its tensors, or nothing is built. */
  readonly outputs: ReadonlyArray<string>
}

/** How a set is read: the adapter of each manifest, by name, from whatever its manifests share. */
type Reader = (tensorsOf: (name: string) => Promise<Tensors>) => Promise<(name: string) => Adapter | undefined>

/** Loaded when asked for, so that one set runs while another is being written. */
const readers: Readonly<Record<string, Reader>> = {
  ops: async () => {
    const { ops } = await import('./ops.ts')
    return () => ops
  },
  wan: async () => {
    const { wan } = await import('./wan.ts')
    return () => wan
  },
  tmd: async (tensorsOf) => {
    const { tmd } = await import('./tmd.ts')
    const adapters = tmd(await tensorsOf('networks'))
    return (name) => adapters[name]
  }
}

export const sets: ReadonlyArray<string> = Object.keys(readers)

export const goldens: string = process.env['FLUXION_GOLDENS'] ?? '../shared/goldens'

// loading --------------------------------------------------------------------------------

const readTensors =
  (folder: string) =>
  async (file: string): Promise<Tensors> => {
    const contents = await read(join(folder, file))()
    if (E.isLeft(contents)) throw new Error(show(contents.left))
    return contents.right.tensors
  }

const skipped = (name: string, skip: string): Group => ({ name, cases: [{ name, skip }], outputs: [] })

/** Tensors that were computed: so their role says, or there is an error to state. */
const outputsOf = ({ tensors }: Manifest): ReadonlyArray<string> =>
  Object.entries((tensors ?? {}) as Readonly<Record<string, Precision & { readonly role?: string }>>).flatMap(
    ([name, { role, err64 }]) => (role === 'output' || err64 !== undefined ? [name] : [])
  )

const groupOf = async (folder: string, name: string, adapter: Adapter | undefined): Promise<Group> => {
  if (adapter === undefined) return skipped(name, 'no adapter reads this manifest')
  const manifest = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as Manifest
  const cases = adapter(manifest, await readTensors(folder)(manifest.file))
  return cases.length > 0
    ? { name, cases, outputs: cases.every(isSkip) ? [] : outputsOf(manifest) }
    : skipped(name, 'its adapter finds no case in it')
}

/** Every case of a set; what is not there is a case that is skipped, with the reason. */
export const load = async (set: string): Promise<ReadonlyArray<Group>> => {
  const folder = join(goldens, set)
  const reader = readers[set]
  if (reader === undefined) return [skipped(set, `no set of this name; there are ${sets.join(', ')}`)]
  if (!existsSync(folder)) return [skipped(set, `no folder ${folder}; set FLUXION_GOLDENS`)]
  const adapterOf = await reader((name) => readTensors(folder)(`${name}.safetensors`))
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  const names = files.map((file) => file.slice(0, -'.json'.length))
  return Promise.all(names.map((name) => groupOf(folder, name, adapterOf(name))))
}

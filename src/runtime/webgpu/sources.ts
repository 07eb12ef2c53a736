/** The texts of `kernels/`, read once. Node only: elsewhere a bundler brings them. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { holes, type KernelName, type KernelSources } from '../../compile/wgsl/kernels.ts'

/** The folder of kernels above this file, in the repository and in the package alike. */
const folderAbove = (folder: string): string =>
  existsSync(join(folder, 'kernels', 'contractTile.wgsl')) || dirname(folder) === folder
    ? join(folder, 'kernels')
    : folderAbove(dirname(folder))

const read = (): KernelSources => {
  const folder = folderAbove(dirname(fileURLToPath(import.meta.url)))
  const names = Object.keys(holes) as ReadonlyArray<KernelName>
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(folder, `${name}.wgsl`), 'utf8')])
  ) as KernelSources
}

const known: { sources?: KernelSources } = {}

export const kernelSources = (): KernelSources => (known.sources ??= read())

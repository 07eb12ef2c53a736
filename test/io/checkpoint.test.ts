import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { E, O, type TE } from '../../src/core/fp.ts'
import { floats, stored, tensor } from '../../src/core/Tensor.ts'
import { latest, save, type Checkpoint, type Found } from '../../src/io/checkpoint.ts'
import { show, type IoFault } from '../../src/io/IoFault.ts'
import { readHeader } from '../../src/io/safetensors.ts'

const root = mkdtempSync(join(tmpdir(), 'checkpoint-'))
afterAll(() => rmSync(root, { recursive: true }))
const folder = join(root, 'checkpoints')
beforeEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (step: number): Checkpoint => ({
  step,
  key: [step, 4_294_967_295],
  optimisers: ['student', 'fake'],
  config: 'abc',
  seconds: 1.5 * step,
  about: { kind: 'student', moment: `stage2 step ${step}` },
  tensors: new Map([
    ['params.w', stored(floats([2], [step, 0.1]))],
    ['params.n', tensor('i32', [1], Int32Array.of(step))]
  ])
})

const right = async <A>(task: TE.TaskEither<IoFault, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(show(result.left))
  return result.right
}
const saveAll = async (...steps: ReadonlyArray<number>): Promise<void> => {
  for (const step of steps) await right(save(folder, at(step)))
}
const stepOf = ({ checkpoint }: Found): number | undefined => O.toUndefined(checkpoint)?.step
const told = ({ skipped }: Found): ReadonlyArray<string> => skipped.map((f) => show(f).replace(`${folder}/`, ''))

describe('a checkpoint', () => {
  it('is loaded as it was saved', async () => {
    await saveAll(7)
    expect(await right(latest(folder))).toEqual({ checkpoint: O.some(at(7)), skipped: [] })
  })

  it('says what it is in the file of its tensors', async () => {
    await saveAll(7)
    expect((await right(readHeader(join(folder, 'step-00000007.safetensors')))).metadata).toEqual({
      kind: 'student',
      moment: 'stage2 step 7',
      step: '7'
    })
  })

  it('is loaded as of no time where its record is older than that entry', async () => {
    await saveAll(7)
    const record = join(folder, 'step-00000007.json')
    const { seconds: _, ...older } = JSON.parse(readFileSync(record, 'utf8')) as Record<string, unknown>
    writeFileSync(record, JSON.stringify(older))

    expect(await right(latest(folder))).toEqual({ checkpoint: O.some({ ...at(7), seconds: 0 }), skipped: [] })
  })

  it('is none where none was saved', async () => {
    expect(await right(latest(folder))).toEqual({ checkpoint: O.none, skipped: [] })
  })

  it('is kept until two newer ones are there', async () => {
    await saveAll(1, 2, 3, 10)
    expect(readdirSync(folder).sort()).toEqual([
      'step-00000003.json',
      'step-00000003.safetensors',
      'step-00000010.json',
      'step-00000010.safetensors'
    ])
  })

  it('is passed over when it is damaged, and the one before it used', async () => {
    await saveAll(1, 2)
    const path = join(folder, 'step-00000002.safetensors')
    const bytes = readFileSync(path)

    truncateSync(path, bytes.length - 2)
    const short = await right(latest(folder))
    expect(stepOf(short)).toBe(1)
    expect(told(short)).toEqual([
      `step-00000002.safetensors: truncated, expected ${bytes.length} bytes, found ${bytes.length - 2}`
    ])

    rmSync(path)
    expect(told(await right(latest(folder)))).toEqual(['step-00000002.safetensors: no such file or folder'])
  })

  it('is passed over when any one byte of it has changed', async () => {
    await saveAll(1, 2)
    const path = join(folder, 'step-00000002.safetensors')
    const bytes = readFileSync(path)
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes)
      changed[i] = (changed[i] ?? 0) ^ 1
      writeFileSync(path, changed)
      expect(stepOf(await right(latest(folder)))).toBe(1)
    }
  })

  it('is passed over when its record is broken', async () => {
    await saveAll(1, 2)
    const path = join(folder, 'step-00000002.json')
    for (const text of [
      '',
      '{"step":2',
      '{"step":2}',
      readFileSync(path, 'utf8').replace(/"step": 2/, '"step": "2"')
    ]) {
      writeFileSync(path, text)
      const found = await right(latest(folder))
      expect(stepOf(found)).toBe(1)
      expect(told(found)).toEqual(['step-00000002.json:1: not the record of a checkpoint'])
    }
  })

  it('does not exist before its record does', async () => {
    await saveAll(1)
    writeFileSync(join(folder, 'step-00000002.safetensors'), 'being written')
    writeFileSync(join(folder, 'step-00000002.safetensors.17.unfinished'), 'being written')
    expect(await right(latest(folder))).toEqual({ checkpoint: O.some(at(1)), skipped: [] })

    await saveAll(2)
    expect(readdirSync(folder)).not.toContain('step-00000002.safetensors.17.unfinished')
    expect(stepOf(await right(latest(folder)))).toBe(2)
  })

  it('takes the place of later ones that were given up', async () => {
    await saveAll(10, 20)
    truncateSync(join(folder, 'step-00000020.safetensors'), 9)
    await saveAll(15)

    expect(
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .sort()
    ).toEqual(['step-00000010.json', 'step-00000015.json'])
  })
})

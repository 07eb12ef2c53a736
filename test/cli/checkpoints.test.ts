import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { beforeAll, describe, expect, it } from 'vitest'
import { history, intro } from '../../src/cli/demo.ts'
import { distilWith } from '../../src/cli/distil.ts'
import { exportCommand } from '../../src/cli/exportCommand.ts'
import { io, type Failure, type Task } from '../../src/cli/Failure.ts'
import { inspectCommand, inspectDefaults } from '../../src/cli/inspect.ts'
import { loadModel, saveModel, teacherKind, type Model, type Precision } from '../../src/cli/models.ts'
import { endsOf } from '../../src/cli/stages.ts'
import { studentKind } from '../../src/cli/student.ts'
import { openSystem } from '../../src/cli/systems.ts'
import { trainCommand } from '../../src/cli/train.ts'
import { roundoff } from '../../src/core/DType.ts'
import { E } from '../../src/core/fp.ts'
import { floats } from '../../src/core/Tensor.ts'
import { read, readHeader, write } from '../../src/io/safetensors.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { tinyDistil, tinyTeacher } from './tiny.ts'

const root = mkdtempSync(join(tmpdir(), 'fluxion-'))
const at = (...names: ReadonlyArray<string>): string => join(root, ...names)
const device = reference()

const right = async <A>(task: Task<A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(result.left.sentences.join('\n'))
  return result.right
}

const left = async (task: Task<unknown>): Promise<Failure> => {
  const result = await task()
  if (E.isRight(result)) throw new Error('nothing went wrong')
  return result.left
}

const numbers = ({ tensors }: Model<unknown>): ReadonlyArray<readonly [string, ReadonlyArray<number>]> =>
  [...tensors].map(([name, { data }]) => [name, [...data]] as const).sort(([a], [b]) => (a < b ? -1 : 1))

const checkpoint = (folder: string, step: number): string =>
  join(folder, 'checkpoints', `step-${String(step).padStart(8, '0')}.safetensors`)

const steps3 = { steps: 3, gamma: 3, omega: 1.5, batch: 1 }

const runs = at('runs')
const teacher = join(runs, 'tiny', 'teacher.safetensors')
const folder = at('runs', 'tiny-student')
const config = tinyDistil(teacher)

beforeAll(async () => {
  writeFileSync(at('tiny.yaml'), stringify(tinyTeacher))
  await right(trainCommand({ file: at('tiny.yaml'), runs, device: 'reference', overrides: [] }))
  await right(distilWith(config, folder)(device))
}, 240_000)

describe('a checkpoint', () => {
  it('of a teacher is the teacher at that step: the average of its weights', async () => {
    const finished = await right(loadModel(teacherKind, teacher))
    const last = await right(loadModel(teacherKind, checkpoint(join(runs, 'tiny'), 4)))
    const earlier = await right(loadModel(teacherKind, checkpoint(join(runs, 'tiny'), 2)))

    expect(numbers(last)).toEqual(numbers(finished))
    expect(numbers(earlier)).not.toEqual(numbers(finished))
    expect([finished.moment, earlier.moment]).toEqual([undefined, 'tiny step 2'])
  })

  it('of either stage is a whole student, wherever it lies and wherever its teacher is', async () => {
    cpSync(checkpoint(join(folder, 'stage2'), 4), at('moved.safetensors'))
    const finished = await right(loadModel(studentKind, join(folder, 'stage2', 'student.safetensors')))

    const moved = await right(loadModel(studentKind, at('moved.safetensors')))
    const first = await right(loadModel(studentKind, checkpoint(join(folder, 'stage1'), 2)))

    expect(numbers(moved)).toEqual(numbers(finished))
    expect(moved.config).toEqual({ distil: config, teacher: tinyTeacher })
    expect([moved.moment, first.moment]).toEqual(['stage2 step 4', 'stage1 step 2'])
  })

  it('of a student that was written before rollouts could begin elsewhere began them from data', async () => {
    const file = join(folder, 'stage2', 'student.safetensors')
    const { tensors, metadata } = await right(io(read(file)))
    const text = metadata['config'] ?? ''
    const older = { ...metadata, config: text.replace(/"start":"\w+",/, '') }
    await right(io(write(at('old.safetensors'), tensors, older)))

    expect(text).toContain('"start":"data"')
    expect((await right(loadModel(studentKind, at('old.safetensors')))).config.distil).toEqual(config)
  })

  it('samples as a system whose name says what it is of', async () => {
    const asTeacher = await right(openSystem(device, checkpoint(join(runs, 'tiny'), 2), steps3))
    const asStudent = await right(openSystem(device, checkpoint(join(folder, 'stage2'), 2), steps3))

    const clips = await right(asStudent.system.generate([{ digit: 7, direction: 'up' }], [1, 2]))

    expect(asTeacher.system.name).toBe('teacher (tiny step 2), 3 steps, guidance 1.5')
    expect(asStudent.system.name).toBe('TMD M=2 N=2 (stage2 step 2)')
    expect(clips.length).toBe(2 * 4 * 4)
  })

  it('of a teacher tells after every step how much of a batch is done', async () => {
    const told: Array<number> = []
    const { system } = await right(openSystem(device, teacher, { ...steps3, batch: 6 }))
    const wanted = Array.from({ length: 6 }, () => ({ digit: 7, direction: 'up' }) as const)

    await right(system.generate(wanted, [1, 2], (clips) => told.push(clips)))

    expect(told).toEqual([2, 4, 6, 6])
  })

  it('is described as one', async () => {
    const said = await right(inspectCommand({ ...inspectDefaults, file: checkpoint(join(folder, 'stage2'), 2) }))

    expect(said).toMatch(/checkpoint of a student, stage2 step 2/)
    expect(said).toMatch(/student\.average +\d+ tensors/)
  })

  it('that does not say what it is of is refused with what to do', async () => {
    const { tensors } = (await right(loadModel(teacherKind, teacher))) as Model<unknown>
    await write(at('mute.safetensors'), tensors, { step: '2' })()

    const refused = await left(openSystem(device, at('mute.safetensors'), steps3))

    expect(refused.sentences.join()).toMatch(/mute\.safetensors: is a checkpoint that does not say of what.*go on with/)
  })
})

describe('a distillation', () => {
  it('gathers the metrics of its stages, each line with its stage', () => {
    const lines = readFileSync(join(folder, 'metrics.ndjson'), 'utf8').trim().split('\n')
    const found = lines.map((line) => JSON.parse(line) as { readonly phase: string; readonly step: number })

    expect(found.map(({ phase, step }) => `${phase} ${step}`)).toEqual([
      'stage1 1',
      'stage1 2',
      'stage2 1',
      'stage2 2',
      'stage2 3',
      'stage2 4'
    ])
  })

  it('that is finished keeps what its stages recorded of their ends', async () => {
    const ends = await right(endsOf(folder))
    await right(distilWith(config, folder)(device))

    expect(ends.map(({ stage, step }) => `${stage} ${step}`)).toEqual(['stage1 2', 'stage2 4'])
    expect(ends.every(({ seconds }) => seconds > 0)).toBe(true)
    expect(await right(endsOf(folder))).toEqual(ends)
  })

  it('goes on from a checkpoint of an earlier version, which lacks words and description, to the same student', async () => {
    const whole = await right(loadModel(studentKind, join(folder, 'stage2', 'student.safetensors')))
    const other = at('runs', 'older')
    const stage2 = join(other, 'stage2')
    cpSync(folder, other, { recursive: true })
    for (const file of [join(stage2, 'student.safetensors'), checkpoint(stage2, 4)]) rmSync(file)
    rmSync(checkpoint(stage2, 4).replace('.safetensors', '.json'))
    const newer = await read(checkpoint(stage2, 2))()
    const tensors = E.isRight(newer) ? newer.right.tensors : new Map()
    const older = new Map([...tensors].filter(([name]) => !name.includes('token_embedding')))
    expect(older.size).toBe(tensors.size - 1)
    const written = await write(checkpoint(stage2, 2), older, { step: '2' })()
    const record = checkpoint(stage2, 2).replace('.safetensors', '.json')
    const { seconds: _, ...rest } = JSON.parse(readFileSync(record, 'utf8')) as Record<string, unknown>
    writeFileSync(record, JSON.stringify({ ...rest, tensors: E.isRight(written) ? written.right : {} }))

    await right(distilWith(config, other)(device))

    expect(numbers(await right(loadModel(studentKind, join(stage2, 'student.safetensors'))))).toEqual(numbers(whole))
    const again = await right(loadModel(studentKind, checkpoint(stage2, 4)))
    expect(numbers(again)).toEqual(numbers(whole))
    expect(readFileSync(join(other, 'metrics.ndjson'), 'utf8')).toBe(
      readFileSync(join(folder, 'metrics.ndjson'), 'utf8')
    )
  })
})

describe('the page of a demo', () => {
  const stage1 = {
    message: 'finished',
    stage: 'stage1',
    time: '2026-01-02T03:04:05.678Z',
    step: 150,
    seconds: 61
  } as const
  const stage2 = { ...stage1, stage: 'stage2', time: '2026-01-03T00:00:00.000Z', step: 900, seconds: 3720 } as const

  it('says of a student when it was finished and how long it took, from the records of its stages', () => {
    expect(history([stage1, stage2])).toBe(
      'The student was distilled by transition matching distillation: ' +
        'stage 1, 150 steps in 1m01s, was finished on 2026-01-02 03:04 UTC; ' +
        'stage 2, 900 steps in 1h02m, was finished on 2026-01-03 00:00 UTC.'
    )
  })

  it('claims no time where none was recorded, and nothing of a distillation where the student was committed', () => {
    const story = { config, ends: [], seconds: 3 }

    expect(intro({ ...story, quick: false })[1]).toBe('The student was distilled by transition matching distillation.')
    expect(intro({ ...story, quick: true }).join()).not.toMatch(/distilled/)
  })
})

describe('the name of a teacher', () => {
  it('says γ where it is not the usual one', async () => {
    const nameOf = async (gamma: number, omega: number): Promise<string> =>
      (await right(openSystem(device, teacher, { steps: 2, gamma, omega, batch: 1 }))).system.name

    expect(await nameOf(10, 1.5)).toBe('teacher, 2 steps, γ 10, guidance 1.5')
    expect(await nameOf(3, 1.5)).toBe('teacher, 2 steps, guidance 1.5')
    expect(await nameOf(3, 1)).toBe('teacher, 2 steps')
  })

  it('stands for other clips at another γ', async () => {
    const clips = async (gamma: number): Promise<Float32Array> => {
      const { system } = await right(openSystem(device, teacher, { steps: 2, gamma, omega: 1, batch: 1 }))
      return right(system.generate([{ digit: 7, direction: 'up' }], [1, 2]))
    }

    expect(await clips(10)).not.toEqual(await clips(3))
  })
})

describe('an export', () => {
  const exported = async (model: string, dtype: Precision): Promise<string> =>
    right(exportCommand({ model, dtype, out: at(`${dtype}.safetensors`), onnx: '' }))

  it.each(['f32', 'bf16', 'f16'] as const)('in %s is loaded again, rounded no more than that', async (dtype) => {
    const model = join(folder, 'stage2', 'student.safetensors')
    const said = await exported(model, dtype)

    const original = new Map(numbers(await right(loadModel(studentKind, model))))
    const again = numbers(await right(loadModel(studentKind, at(`${dtype}.safetensors`))))
    const header = await readHeader(at(`${dtype}.safetensors`))()

    const least = dtype === 'f16' ? 2 ** -25 : 0 // half the distance of numbers near 0
    expect(again.map(([name]) => name).sort()).toEqual([...original.keys()].sort())
    for (const [name, values] of again)
      values.forEach((value, i) => {
        const was = original.get(name)?.[i] ?? NaN
        expect(Math.abs(value - was)).toBeLessThanOrEqual(dtype === 'f32' ? 0 : roundoff[dtype] * Math.abs(was) + least)
      })
    expect(E.isRight(header) && [...header.right.entries.values()].every((e) => e.stored === dtype.toUpperCase())).toBe(
      true
    )
    const megabytes = (statSync(at(`${dtype}.safetensors`)).size / 1e6).toFixed(3)
    expect(said).toMatch(new RegExp(`${dtype}\\.safetensors: a student, [\\d,]+ numbers in ${dtype}, ${megabytes} MB$`))
  })

  it('of a checkpoint holds the model alone, and what it is of', async () => {
    await exported(checkpoint(join(folder, 'stage2'), 2), 'f32')

    const again = await right(loadModel(studentKind, at('f32.safetensors')))

    expect(again.moment).toBe('stage2 step 2')
    expect(numbers(again)).toEqual(numbers(await right(loadModel(studentKind, checkpoint(join(folder, 'stage2'), 2)))))
  })

  it('of a student writes its sampler as ONNX', async () => {
    const model = join(folder, 'stage2', 'student.safetensors')

    const said = await right(exportCommand({ model, dtype: 'f32', out: '', onnx: at('student.onnx') }))

    const megabytes = (statSync(at('student.onnx')).size / 1e6).toFixed(3)
    expect(said).toBe(`${at('student.onnx')}: a sampler of one clip as ONNX, ${megabytes} MB`)
  })

  it('of a teacher to ONNX says what leaves as ONNX', async () => {
    const refused = await left(exportCommand({ model: teacher, dtype: 'f32', out: '', onnx: at('teacher.onnx') }))

    expect(refused.sentences.join()).toContain('holds a teacher; what leaves as ONNX is a student: distil one, or give')
    expect(existsSync(at('teacher.onnx'))).toBe(false)
  })

  it('refuses numbers that f16 cannot hold', async () => {
    const model = await right(loadModel(teacherKind, teacher))
    const [[name = '', { shape, data } = floats([], [0])] = []] = model.tensors
    const large = new Map([
      ...model.tensors,
      [
        name,
        floats(
          shape,
          data.map(() => 7e4)
        )
      ] as const
    ])
    await right(saveModel(teacherKind, { ...model, path: at('large.safetensors'), tensors: large }, 'f32'))

    const refused = await left(
      exportCommand({ model: at('large.safetensors'), dtype: 'f16', out: at('half.safetensors'), onnx: '' })
    )

    expect(refused.sentences.join()).toContain(`${name} holds a number beyond 65504, which f16 cannot`)
    expect(existsSync(at('half.safetensors'))).toBe(false)
  })
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync, existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drawn } from '../../src/nn/params.ts'
import { tensors } from '../../src/nn/params.ts'
import { teacherParameters } from '../../src/cli/teacher.ts'
import { teacherDefaults } from '../../src/cli/configs.ts'
import { saveModel, teacherKind } from '../../src/cli/models.ts'
import { key } from '../../src/core/Key.ts'

const folder = mkdtempSync(join(tmpdir(), 'fluxion-'))
const path = (name: string): string => join(folder, name)

const small = { ...teacherDefaults.model, dim: 12, heads: 2, ffn: 8, layers: 1, frequencies: 4, textDim: 4 }
const config = { ...teacherDefaults, model: small }

const written = (name: string, text: string): string => {
  writeFileSync(path(name), text)
  return path(name)
}

const model = async (name: string, of = config): Promise<string> => {
  const params = drawn(teacherParameters(config.model))(key(0))
  await saveModel(teacherKind, { path: path(name), config: of, tensors: new Map(tensors.flatten(params)) }, 'f32')()
  return path(name)
}

interface Ended {
  readonly status: number | null
  readonly said: string
}

const fluxion = (...args: ReadonlyArray<string>): Ended => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, VK_ICD_FILENAMES: '/nowhere.json' }
  })
  return { status, said: `${stderr}${stdout}` }
}

const onReference = ['--device', 'reference', '--runs', path('runs')]

/** One clear sentence, an exit code that says so, and no trace of the program's insides. */
const fails = ({ status, said }: Ended, sentence: RegExp): void => {
  expect(status).not.toBe(0)
  expect(said).toMatch(sentence)
  expect(said).not.toMatch(/^\s+at .*:\d+:\d+/m)
}

describe('bad input ends in one sentence', { timeout: 60_000 }, () => {
  it('for a misspelt key of a configuration, with its place and the key that was meant', () => {
    const file = written('misspelt.yaml', 'name: a\ntrain:\n  stepz: 3\n')
    fails(
      fluxion('train', file, ...onReference),
      /misspelt\.yaml:3:3: unknown key train\.stepz; did you mean train\.steps\?/
    )
  })

  it('for a value of the wrong type, with its place', () => {
    const file = written('wrong.yaml', 'name: a\ntrain:\n  steps: many\n')
    fails(fluxion('train', file, ...onReference), /wrong\.yaml:3:10: train\.steps: expected .*, got "many"/)
  })

  it('for a number with which nothing would be learnt, with its place and the reason', () => {
    const file = written('every.yaml', 'kind: student\nname: a\nstage2: { every: 1, adversarial: -1 }\n')
    const ended = fluxion('distil', file, ...onReference)
    fails(
      ended,
      /every\.yaml:3:18: stage2\.every: expected a whole number of at least 2 \(at 1 the critics would never learn\), got 1/
    )
    fails(ended, /every\.yaml:3:34: stage2\.adversarial: expected a number that is not negative, got -1/)
  })

  it('for a configuration that is not there', () => {
    fails(fluxion('train', path('none.yaml'), ...onReference), /none\.yaml/)
  })

  it('for a model that is not there', () => {
    fails(fluxion('sample', path('none.safetensors'), '--device', 'reference'), /none\.safetensors/)
  })

  it('for a model whose file is cut short, with the bytes expected and found', async () => {
    const file = await model('cut.safetensors')
    writeFileSync(file, readFileSync(file).subarray(0, 2000))
    fails(fluxion('sample', file, '--device', 'reference'), /cut\.safetensors.*\d+/)
  })

  it('for a model of another shape than its configuration', async () => {
    const file = await model('wide.safetensors', { ...config, model: { ...small, dim: 24 } })
    fails(
      fluxion('sample', file, '--device', 'reference'),
      /wide\.safetensors: .* has shape \[.*\], the configuration asks for \[/
    )
  })

  it('for a head with more blocks than the teacher has', async () => {
    const file = await model('one.safetensors')
    const recipe = written('head.yaml', `kind: student\nname: h\nteacher: ${file}\nstudent: { headBlocks: 3 }\n`)
    fails(fluxion('distil', recipe, ...onReference), /student\.headBlocks: the teacher has 1 blocks, a head of 3/)
  })

  it('for a number that cannot be, which it repeats', () => {
    fails(fluxion('evaluate', 'any', '--clips', '-5'), /expected a whole number above 0, got "-5"/)
  })

  it('for a number in a list that cannot be', () => {
    fails(fluxion('evaluate', 'any', '--steps', '50,4', '--gamma', '3,-10'), /expected a number above 0, got "-10"/)
  })

  it('for an export that would write nothing, or a sampler of what has none', async () => {
    const file = await model('export.safetensors')
    fails(fluxion('export', file), /no file to write was named; give --out, --onnx or both/)
    fails(
      fluxion('export', file, '--onnx', path('e.onnx')),
      /export\.safetensors: holds a teacher; what leaves as ONNX is a student/
    )
    expect(existsSync(path('e.onnx'))).toBe(false)
  })

  it('for a model whose clips the classifier cannot read', async () => {
    const file = await model('short.safetensors', { ...config, data: { ...config.data, frames: 4 } })
    fails(
      fluxion('evaluate', file, '--device', 'reference', '--clips', '1'),
      /short\.safetensors: makes clips of 4×16×16, the classifier reads clips of 8×16×16/
    )
  })

  it('for a model of another kind', async () => {
    const file = await model('teacher.safetensors')
    fails(
      fluxion('evaluate', file, '--classifier', file, '--device', 'reference'),
      /teacher\.safetensors: holds a teacher, not a classifier/
    )
  })

  it('for a caption with a word outside the vocabulary, which lists the known ones', async () => {
    const file = await model('words.safetensors')
    fails(fluxion('sample', file, '--caption', 'a horse moving up', '--device', 'reference'), /horse.*seven/s)
  })

  it('for a folder that cannot be written to', () => {
    const file = written('t.yaml', 'name: full\ntrain: { steps: 2, batch: 2 }\n')
    const blocked = written('blocked', '')
    fails(fluxion('train', file, '--device', 'reference', '--runs', blocked), /blocked/)
  })

  it('for WebGPU where no adapter answers', async () => {
    const file = await model('gpu.safetensors')
    const ended = fluxion(
      'sample',
      file,
      '--device',
      'webgpu',
      '--clips',
      '1',
      '--steps',
      '1',
      '--out',
      path('gpu.gif')
    )
    // A driver may be bundled; then the command works, and there is nothing to say.
    if (ended.status === 0) expect(existsSync(path('gpu.gif'))).toBe(true)
    else fails(ended, /webgpu: .*(adapter|driver|card)/)
  })
})

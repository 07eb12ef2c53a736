import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { modelGraph } from '../../src/cli/graphs.ts'
import { inspectCommand, inspectDefaults, type InspectRequest } from '../../src/cli/inspect.ts'
import { assets } from '../../src/cli/packaged.ts'
import { E } from '../../src/core/fp.ts'
import { parse } from '../../src/interpret/parse.ts'
import { adapterTarget } from '../../src/runtime/webgpu/node.ts'
import { program } from '../../src/compile/Program.ts'
import { kernelTable } from '../../src/inspect/kernels.ts'
import { toTable } from '../../src/inspect/table.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { done, right } from '../runtime/running.ts'

const adapter = await adapterTarget()()

const folder = mkdtempSync(join(tmpdir(), 'fluxion-inspect-'))

const inspect = (request: Partial<InspectRequest>): Promise<string> =>
  done(inspectCommand({ ...inspectDefaults, file: assets.classifier, ...request }))

describe('inspecting a model', () => {
  it('says what is in it where nothing is asked for', async () => {
    expect(await inspect({})).toMatch(/digits-classifier\.safetensors: classifier, [\d,]+ numbers/)
  })

  it('gives its graph as text that reads back', async () => {
    const outputs = await done(modelGraph(assets.classifier))

    expect(parse(await inspect({ text: true }))).toEqual(E.right(Object.values(outputs)))
  })

  it('gives tables of its operations and of its kernels', async () => {
    const said = await inspect({ operations: true, kernels: true })

    expect(said).toMatch(/^operation +nodes +work\n/)
    expect(said).toContain('\nkernels for every adapter: in tiles, of at most 8 buffers of at most 128 MiB\n')
    expect(said).toMatch(/\nkernel +computes +writes +work +traffic +times +in all\n/)
    expect(said).toMatch(/peak memory [\d.]+ [KM]iB: inputs/)
  })

  it('writes its kernels and its drawing', async () => {
    const [wgsl, svg] = [join(folder, 'wgsl'), join(folder, 'classifier.svg')]

    const said = await inspect({ wgsl, svg })

    const files = readdirSync(wgsl)
    expect(said).toBe(`${wgsl}: ${files.length} kernels\n\n${svg}: the graph`)
    expect(files.every((name) => readFileSync(join(wgsl, name), 'utf8').includes('@compute'))).toBe(true)
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /)
  })

  it('draws the launches of one that is too large to be drawn node by node', { timeout: 60_000 }, async () => {
    const svg = join(folder, 'student.svg')

    expect(await inspect({ file: assets.student, svg })).toMatch(/: \d+ launches of kernels$/)
  })

  it.skipIf(E.isLeft(adapter))('gives the kernels of the adapter that there is, where it is asked for', async () => {
    const { target, name } = await done(adapterTarget())

    const compiled = right(program(await done(modelGraph(assets.classifier))))

    const said = await inspect({ kernels: true, device: 'webgpu' })

    expect(said).toContain(`kernels for ${name}: in ${target.schedule}s, of at most ${target.storageBuffers} buffers`)
    expect(said).toContain(toTable(right(kernelTable(kernelSources(), target)(compiled))))
  })

  it('knows the graph of a teacher', async () => {
    expect(await inspect({ file: assets.teacher, operations: true })).toMatch(/\d+ operations, [\d.]+ [MG]FLOP$/)
  })
})

/**
 * How long the teacher's training step takes from its graph to the end of its first run, when all is compiled that will
 * be: `tsx bench/compile.ts [rounds] [driver]`. A driver in software compiles at the first dispatch and keeps what it
 * compiled in a folder: cold is with that folder empty, warm a second process with the same folder.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Compilation } from './sides/compilation.ts'
import type { Passes } from './sides/passes.ts'
import { duration, spread } from './timing.ts'
import { begin } from './turns.ts'

const [count = '3', driver = 'auto'] = process.argv.slice(2)

// processes ------------------------------------------------------------------------------

/** What a process says of itself, once it is done. */
const said = async <A>(script: string, args: ReadonlyArray<string>, cache: string): Promise<A> => {
  const environment = { MESA_SHADER_CACHE_DIR: cache }
  const side = await begin<A, void>(new URL(`sides/${script}`, import.meta.url), args, environment)
  await side.end()
  return side.ready
}

interface Round {
  readonly onnx: Compilation
  readonly cold: Compilation
  readonly warm: Compilation
  readonly passes: Passes
}

const within = async (cache: string): Promise<Round> => ({
  onnx: await said('compilation.ts', ['onnx'], cache),
  cold: await said('compilation.ts', ['webgpu', driver], cache),
  warm: await said('compilation.ts', ['webgpu', driver], cache),
  passes: await said('passes.ts', [driver], cache)
})

const round = async (): Promise<Round> => {
  const cache = mkdtempSync(join(tmpdir(), 'fluxion-shaders-'))
  try {
    return await within(cache)
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
}

// what is told ---------------------------------------------------------------------------

const total = ({ passes, executable, firstStep }: Compilation): number => passes + executable + firstStep

const line = (label: string, told: string): void => console.log(`  ${label.padEnd(30)} ${told}`)

const parts: Readonly<Record<string, (compilation: Compilation) => number>> = {
  'to the end of the first step': total,
  '  of that, the passes': ({ passes }) => passes,
  '  the executable': ({ executable }) => executable,
  '  the first step': ({ firstStep }) => firstStep,
  'processor, on all threads': ({ processor }) => processor,
  'a second step': ({ secondStep }) => secondStep
}

const report = (title: string, goal: number, compilations: ReadonlyArray<Compilation>): void => {
  console.log(`${title}, below ${duration(goal)} wanted: ${compilations[0]?.device}`)
  for (const [label, part] of Object.entries(parts)) line(label, spread(compilations.map(part), duration))
}

const reportPasses = (all: ReadonlyArray<Passes>): void => {
  const [first] = all
  if (first === undefined) return
  const { built, simplified, onnx } = first.nodes
  console.log(
    `pass by pass: ${built} nodes, ${simplified} simplified; ${onnx} of ONNX, ${first.kernels} kernels of WGSL`
  )
  for (const [i, [name]] of first.times.entries())
    line(
      name,
      spread(
        all.map(({ times }) => times[i]?.[1] ?? NaN),
        duration
      )
    )
}

const all: Array<Round> = []
for (let i = 0; i < Number(count); i++) all.push(await round())
const of = (which: 'onnx' | 'cold' | 'warm'): ReadonlyArray<Compilation> => all.map((one) => one[which])
console.log(`the teacher's training step, ${count} rounds, median (least to most)`)
report('ONNX', 10_000, of('onnx'))
report('WGSL, cold', 60_000, of('cold'))
report('WGSL, warm', 10_000, of('warm'))
reportPasses(all.map(({ passes }) => passes))

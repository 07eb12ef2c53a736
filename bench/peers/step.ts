/**
 * The training step on Fluxion's ONNX device and on PyTorch, in turn (A B A B), so that what else the machine does falls
 * on both: `tsx bench/peers/step.ts [rounds] [steps] [threads] [forward|gradient|step]`.
 * PyTorch gets what suits it best on few cores: threads that sleep while they wait, and the fused optimiser.
 */
import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ratio, spread } from '../timing.ts'

interface Steps {
  readonly peer: string
  readonly minimum: number
  readonly median: number
  readonly maximum: number
  readonly cpu: number
}

const [rounds = '3', steps = '10', threads = '2', part = 'step'] = process.argv.slice(2)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const timed = async (command: string, args: ReadonlyArray<string>): Promise<Steps> => {
  const environment = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' }
  const { stdout } = await promisify(execFile)(command, args, { env: environment })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Steps
}

const python = process.env['PYTHON'] ?? 'python3'
const fluxion = () => timed(process.execPath, ['--import', 'tsx', here('../onnx.ts'), steps, threads, part])
const torch = () => timed(python, [here('torch_step.py'), steps, threads, part])

const told = ({ peer, minimum, median, maximum, cpu }: Steps): string =>
  `  ${peer.padEnd(14)} ${median} ms (${minimum} ms to ${maximum} ms), processor ${cpu} ms`

const compare = async (): Promise<void> => {
  console.log(`${part}, ${threads} threads, ${rounds} rounds of ${steps} steps, median (least to most)`)
  const pairs: Array<readonly [Steps, Steps]> = [] // local
  for (let i = 0; i < Number(rounds); i++) {
    const pair = [await fluxion(), await torch()] as const
    pairs.push(pair)
    for (const side of pair) console.log(told(side))
  }
  const ratios = (of: (steps: Steps) => number): string =>
    spread(
      pairs.map(([a, b]) => of(b) / of(a)),
      ratio
    )
  console.log(
    `  torch / fluxion: medians ${ratios((t) => t.median)}, leasts ${ratios((t) => t.minimum)}, processor ${ratios((t) => t.cpu)}`
  )
}

if (spawnSync(python, ['-c', 'import torch']).status === 0) await compare()
else {
  console.log('PyTorch is absent: PYTHON=FILE names a Python that has it')
  process.exitCode = 1
}

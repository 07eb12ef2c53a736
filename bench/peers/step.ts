/**
 * The training step on Fluxion's ONNX device and on PyTorch, in turn (A B A B), so that what else the machine does falls
 * on both: `tsx bench/peers/step.ts [rounds] [steps] [threads] [forward|gradient|step]`.
 * PyTorch gets what suits it best on few cores: threads that sleep while they wait, and the fused optimiser.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

interface Timing {
  readonly peer: string
  readonly minimum: number
  readonly median: number
  readonly cpu: number
}

const [rounds = '3', steps = '10', threads = '2', part = 'step'] = process.argv.slice(2)
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const timed = async (command: string, args: ReadonlyArray<string>): Promise<Timing> => {
  const environment = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' }
  const { stdout } = await promisify(execFile)(command, args, { env: environment })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Timing
}

const fluxion = () => timed(process.execPath, ['--import', 'tsx', here('../onnx.ts'), steps, threads, part])
const torch = () => timed(process.env['PYTHON'] ?? 'python3', [here('torch_step.py'), steps, threads, part])

const sorted = (xs: ReadonlyArray<number>): ReadonlyArray<number> => [...xs].sort((a, b) => a - b)
const middle = (xs: ReadonlyArray<number>): number => sorted(xs)[xs.length >> 1] ?? NaN
const spread = (xs: ReadonlyArray<number>): string => {
  const [low = NaN, high = NaN] = [sorted(xs)[0], sorted(xs).at(-1)]
  return `${middle(xs).toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}

const pairs: Array<readonly [Timing, Timing]> = []
for (let i = 0; i < Number(rounds); i++) {
  const pair = [await fluxion(), await torch()] as const
  pairs.push(pair)
  for (const { peer, minimum, median, cpu } of pair)
    console.log(
      `${peer.padEnd(16)} ${part}, ${threads} threads: median ${median} ms, least ${minimum} ms, processor ${cpu} ms`
    )
}
const ratios = (of: (timing: Timing) => number): string => spread(pairs.map(([a, b]) => of(b) / of(a)))
console.log(
  `torch / fluxion: median ${ratios((t) => t.median)}, least ${ratios((t) => t.minimum)}, processor ${ratios((t) => t.cpu)}`
)

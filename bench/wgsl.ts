/**
 * Times the WGSL target: `tsx bench/wgsl.ts [driver] [contract|mlp|forward|gradient|step]`. Medians of seven runs with
 * the fastest and the slowest, compilation excluded; processor time beside wall clock, which a busy machine disturbs.
 */
import { input, type Expr } from '../src/core/Expr.ts'
import { key, uniform } from '../src/core/Key.ts'
import { size, type Shape } from '../src/core/Shape.ts'
import { floats, stored, type Tensor } from '../src/core/Tensor.ts'
import { matmul, transpose } from '../src/ops/api.ts'
import type { Device } from '../src/runtime/device.ts'
import { openWebgpu, type Driver } from '../src/runtime/webgpu/node.ts'
import { load } from './loaded.ts'
import { done } from './outcome.ts'
import { compared, operations, perceptron, perceptronValues } from './perceptron.ts'
import { small, trainingStep, type Part, type Step } from './step.ts'
import { duration, median, spread, timed, type Timing } from './timing.ts'

interface Timings {
  /** Milliseconds from the program to the end of its first run. */
  readonly first: number
  readonly runs: ReadonlyArray<Timing>
}

const time = async (device: Device, { outputs, values }: Step): Promise<Timings> => {
  const { result: loaded, wall: first } = await timed(async () => {
    const made = await load(device, outputs, values)
    await made.once()
    return made
  })
  const runs: Array<Timing> = [] // local
  for (let i = 0; i < 7; i++) runs.push(await timed(loaded.once))
  loaded.dispose()
  return { first, runs }
}

const report = (name: string, { first, runs }: Timings, operations?: number): void => {
  const rate = (n: number): string => (operations === undefined ? '' : `, ${(operations / n / 1e6).toFixed(1)} GFLOP/s`)
  const wall = runs.map((run) => run.wall)
  const processor = median(runs.map((run) => run.processor))
  console.log(
    `${name}: ${spread(wall, duration)}${rate(median(wall))}; processor ${duration(processor)}${rate(processor)}; first run ${duration(first)}`
  )
}

// what is timed --------------------------------------------------------------------------

const random = (seed: number, shape: Shape): Tensor =>
  stored(
    floats(
      shape,
      uniform(key(seed), size(shape)).map((u) => u - 0.5)
    )
  )

type Shape3 = readonly [m: number, n: number, k: number]

const shapes: ReadonlyArray<Shape3> = [
  [512, 512, 512],
  [2048, 128, 512],
  [2048, 512, 128],
  [1024, 1536, 384],
  [1024, 384, 1536]
]

/** `a b`, or `a bᵀ`: the same numbers of other places. */
const contraction = ([m, n, k]: Shape3, right: 'plain' | 'transposed'): Step => {
  const shape = right === 'plain' ? [k, n] : [n, k]
  const b: Expr<'f32'> = input('b', 'f32', shape)
  return {
    outputs: { c: matmul(input('a', 'f32', [m, k]), right === 'plain' ? b : transpose([1, 0])(b)) },
    values: new Map([
      ['a', random(1, [m, k])],
      ['b', random(2, shape)]
    ])
  }
}

const contractions = async (device: Device): Promise<void> => {
  for (const shape of shapes)
    for (const right of ['plain', 'transposed'] as const) {
      const [m, n, k] = shape
      const name = `contract ${m} x ${n} x ${k}${right === 'plain' ? '' : ' of a transposed operand'}`
      report(name, await time(device, contraction(shape, right)), 2 * m * n * k)
    }
}

const perceptrons = async (device: Device): Promise<void> => {
  for (const of of [compared, { batch: 1024, dim: 384, hidden: 1536 }]) {
    const name = `perceptron ${of.batch}, ${of.dim}, ${of.hidden} forward and backward`
    report(name, await time(device, { outputs: perceptron(of), values: perceptronValues(of) }), operations(of))
  }
}

const training = async (device: Device, part: Part): Promise<void> =>
  report(`small diffusion transformer, ${part}`, await time(device, trainingStep(small, part)))

const [driver = 'lavapipe', what = 'all'] = process.argv.slice(2)
const { device } = await done(openWebgpu(driver as Driver))
console.log(device.description)
if (what === 'contract' || what === 'all') await contractions(device)
if (what === 'mlp' || what === 'all') await perceptrons(device)
if (what !== 'contract' && what !== 'mlp') await training(device, what === 'all' ? 'forward' : (what as Part))
await done(device.dispose())

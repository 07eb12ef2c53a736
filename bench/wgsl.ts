/**
 * Times the WGSL target: `tsx bench/wgsl.ts [driver] [contract|mlp|forward|gradient|step]`. Medians of seven runs with
 * the fastest and the slowest, compilation excluded; processor time beside wall clock, which a busy machine disturbs.
 */
import { vjp } from '../src/autodiff/vjp.ts'
import { input, type Expr } from '../src/core/Expr.ts'
import { E, type TE } from '../src/core/fp.ts'
import { key, uniform } from '../src/core/Key.ts'
import { size } from '../src/core/Shape.ts'
import { stored, tensor, type Tensor } from '../src/core/Tensor.ts'
import { program } from '../src/compile/Program.ts'
import { $ } from '../src/ops/registry.ts'
import type { Buffer, Device } from '../src/runtime/device.ts'
import { openWebgpu, type Driver } from '../src/runtime/webgpu/node.ts'
import { small, trainingStep, type Part } from './step.ts'

const done = async <A>(task: TE.TaskEither<unknown, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

const random = (x: Expr): Tensor =>
  stored(
    tensor(
      x.dtype,
      x.shape,
      uniform(key(1), size(x.shape)).map((u) => u - 0.5)
    )
  )

interface Timing {
  readonly wall: ReadonlyArray<number>
  readonly processor: ReadonlyArray<number>
}

const sorted = (xs: ReadonlyArray<number>): ReadonlyArray<number> => [...xs].sort((a, b) => a - b)
const median = (xs: ReadonlyArray<number>): number => sorted(xs)[xs.length >> 1] ?? NaN

/** Runs until all results are there; one of them is read. */
const time = async (device: Device, outputs: Readonly<Record<string, Expr>>, values?: ReadonlyMap<string, Tensor>) => {
  const compiled = await done(async () => program(outputs))
  const began = performance.now()
  const executable = await done(device.compile(compiled))
  const inputs = new Map<string, Buffer>()
  for (const port of compiled.inputs)
    inputs.set(
      port.name,
      await done(device.upload(values?.get(port.name) ?? random(input(port.name, port.dtype, port.shape))))
    )
  const last = compiled.outputs.reduce((a, b) => (size(b.shape) < size(a.shape) ? b : a)).name
  const once = async (): Promise<void> => {
    const results = await done(executable.run(inputs))
    await done(device.read(results.get(last) as Buffer))
    device.release(results.values())
  }
  await once()
  const first = performance.now() - began
  const timing: Timing = { wall: [], processor: [] }
  for (let i = 0; i < 7; i++) {
    const start = performance.now()
    const before = process.cpuUsage()
    await once()
    const { user, system } = process.cpuUsage(before)
    ;(timing.wall as Array<number>).push(performance.now() - start)
    ;(timing.processor as Array<number>).push((user + system) / 1000)
  }
  device.release(inputs.values())
  executable.dispose()
  return { first, timing }
}

const report = (name: string, first: number, { wall, processor }: Timing, flops?: number): void => {
  const rate = (ms: number): string => (flops === undefined ? '' : ` ${(flops / ms / 1e6).toFixed(1)} GFLOP/s`)
  const [fastest = NaN] = sorted(wall)
  console.log(
    `${name}: median ${median(wall).toFixed(1)} ms${rate(median(wall))}, ` +
      `fastest ${fastest.toFixed(1)} ms${rate(fastest)}, slowest ${(sorted(wall).at(-1) ?? NaN).toFixed(1)} ms; ` +
      `processor ${median(processor).toFixed(1)} ms${flops === undefined ? '' : ` (${(flops / median(processor) / 1e6).toFixed(1)} GFLOP a second of one core)`}; ` +
      `first run ${first.toFixed(0)} ms`
  )
}

// what is timed --------------------------------------------------------------------------

const matmul = (a: Expr, b: Expr): Expr =>
  $.contract(a, b, {
    left: { batch: [], over: [a.shape.length - 1] },
    right: { batch: [], over: [b.shape.length - 2] }
  })

const contractions = async (device: Device): Promise<void> => {
  const shapes = [
    [512, 512, 512],
    [2048, 128, 512],
    [2048, 512, 128],
    [1024, 1536, 384],
    [1024, 384, 1536]
  ] as const
  for (const [m, n, k] of shapes) {
    const a = input('a', 'f32', [m, k])
    const turned = { n: input('b', 'f32', [k, n]), t: $.transpose(input('b', 'f32', [n, k]), { order: [1, 0] }) }
    for (const [name, b] of Object.entries(turned)) {
      const { first, timing } = await time(device, { c: matmul(a, b) })
      report(
        `contract ${m} x ${n} x ${k} ${name === 't' ? 'of a transposed operand' : ''}`,
        first,
        timing,
        2 * m * n * k
      )
    }
  }
}

/** Two layers of a perceptron with tanh between them, forward and backward. */
const perceptron = async (device: Device, batch: number, dim: number, hidden: number): Promise<void> => {
  const x = input('x', 'f32', [batch, dim])
  const w = input('w', 'f32', [dim, hidden])
  const v = input('v', 'f32', [hidden, dim])
  const y = matmul($.tanh(matmul(x, w)), v)
  const loss = $.sum($.mul(y, y), { axes: [0, 1] })
  const [gw, gv, gx] = vjp([loss], [w, v, x])([$.fill(1, loss)])
  const { first, timing } = await time(device, { loss, gw: gw as Expr, gv: gv as Expr, gx: gx as Expr })
  report(`perceptron ${batch}, ${dim}, ${hidden} forward and backward`, first, timing, 12 * batch * dim * hidden)
}

const training = async (device: Device, part: Part): Promise<void> => {
  const { outputs, values } = trainingStep(small, part)
  const { first, timing } = await time(device, outputs, values)
  report(`small diffusion transformer, ${part}`, first, timing)
}

const [driver = 'lavapipe', what = 'all'] = process.argv.slice(2)
const { device } = await done(openWebgpu(driver as Driver))
console.log(device.description)
if (what === 'contract' || what === 'all') await contractions(device)
if (what === 'mlp' || what === 'all') {
  await perceptron(device, 512, 256, 1024)
  await perceptron(device, 1024, 384, 1536)
}
if (what !== 'contract' && what !== 'mlp') await training(device, what === 'all' ? 'forward' : (what as Part))
await done(device.dispose())

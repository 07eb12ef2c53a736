/** Times the training step on the ONNX device: `tsx bench/onnx.ts [steps] [threads] [forward|gradient|step]`. */
import { emit } from '../src/compile/onnx/emit.ts'
import { program } from '../src/compile/Program.ts'
import { E, type TE } from '../src/core/fp.ts'
import type { Buffer } from '../src/runtime/device.ts'
import { onnx } from '../src/runtime/onnx/device.ts'
import { small, trainingStep, type Part } from './step.ts'

const done = async <A>(task: TE.TaskEither<unknown, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

const [steps = '10', threads = 'auto', part = 'step'] = process.argv.slice(2)
const { outputs, values } = trainingStep(small, part as Part)
const began = performance.now()
const compiled = await done(async () => program(outputs))
const simplified = performance.now()
const file = emit(compiled)
const emitted = performance.now()
const device = await done(onnx({ threads: threads === 'auto' ? 'auto' : Number(threads) }))
const executable = await done(device.compile(compiled))
const ready = performance.now()

let state = new Map<string, Buffer>()
for (const [name, value] of values) state.set(name, await done(device.upload(value)))
const replaced = new Set(compiled.outputs.map(({ name }) => name).filter((name) => state.has(name)))
const times: Array<number> = []
const busy: Array<number> = []
let loss = NaN
for (let i = 0; i < Number(steps) + 3; i++) {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const results = await done(executable.run(state, replaced))
  const used = process.cpuUsage(cpu)
  if (i >= 3) {
    times.push(performance.now() - start)
    busy.push((used.user + used.system) / 1000)
  }
  loss = (await done(device.read(results.get('loss')!))).data[0] ?? NaN
  state = new Map([...state, ...[...results].filter(([name]) => replaced.has(name))])
}
await done(device.dispose())

const median = (xs: ReadonlyArray<number>): number => [...xs].sort((a, b) => a - b)[xs.length >> 1] ?? NaN
console.log(
  JSON.stringify({
    peer: 'fluxion',
    part,
    threads,
    nodes: file.nodes,
    bytes: file.bytes.length,
    simplify: Math.round(simplified - began),
    emit: Math.round(emitted - simplified),
    create: Math.round(ready - emitted),
    minimum: Math.round(Math.min(...times)),
    median: Math.round(median(times)),
    cpu: Math.round(median(busy)),
    loss
  })
)

/** Times the training step on the ONNX device: `tsx bench/onnx.ts [steps] [threads] [forward|gradient|step]`. */
import { emit } from '../src/compile/onnx/emit.ts'
import { program } from '../src/compile/Program.ts'
import { onnx } from '../src/runtime/onnx/device.ts'
import { done, right } from './outcome.ts'
import { small, trainingStep, type Part } from './step.ts'
import { stepping } from './stepping.ts'
import { median, timed } from './timing.ts'

/** Steps that are not counted: memory is laid out, and threads start. */
const warming = 3

const [steps = '10', threads = 'auto', part = 'step'] = process.argv.slice(2)
const { outputs, values } = trainingStep(small, part as Part)
const simplified = await timed(() => right(program(outputs)))
const emitted = await timed(() => emit(simplified.result))
const device = await done(onnx({ threads: threads === 'auto' ? 'auto' : Number(threads) }))
const created = await timed(() => done(device.compile(simplified.result)))

const step = await stepping(device, created.result, values)
for (let i = 0; i < warming; i++) await step()
const turns = []
for (let i = 0; i < Number(steps); i++) turns.push(await timed(step))
await done(device.dispose())

const wall = turns.map((turn) => turn.wall)
console.log(
  JSON.stringify({
    peer: 'fluxion',
    part,
    threads,
    nodes: emitted.result.nodes,
    bytes: emitted.result.bytes.length,
    simplify: Math.round(simplified.wall),
    emit: Math.round(emitted.wall),
    create: Math.round(created.wall),
    minimum: Math.round(Math.min(...wall)),
    median: Math.round(median(wall)),
    maximum: Math.round(Math.max(...wall)),
    cpu: Math.round(median(turns.map(({ processor }) => processor))),
    loss: turns.at(-1)?.result
  })
)

/**
 * The teacher's training step, once from its graph to its first loss, in a process that has compiled nothing yet:
 * `compilation.ts onnx`, `compilation.ts webgpu [driver]`.
 */
import { key } from '../../src/core/Key.ts'
import { program } from '../../src/compile/Program.ts'
import { teacherDefaults } from '../../src/cli/configs.ts'
import { teacherBeginning, teacherFeed, teacherStep } from '../../src/cli/teacherTraining.ts'
import { load } from '../../src/data/digits.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { openWebgpu, type Driver } from '../../src/runtime/webgpu/node.ts'
import { done, right } from '../outcome.ts'
import { stepping } from '../stepping.ts'
import { timed } from '../timing.ts'
import { serve } from '../turns.ts'

/** Where it ran, and milliseconds by what was done. */
export interface Compilation {
  readonly device: string
  readonly passes: number
  readonly executable: number
  readonly firstStep: number
  /** Of all three, on all threads: what a busy machine does not stretch. */
  readonly processor: number
  readonly secondStep: number
}

const [target = 'onnx', driver = 'auto'] = process.argv.slice(2)
const { training } = await done(load)
const values = new Map([
  ...teacherBeginning(teacherDefaults, key(1)),
  ...teacherFeed(training, teacherDefaults)(0, key(2))
])
const outputs = teacherStep(teacherDefaults)
const device = target === 'onnx' ? await done(onnx()) : (await done(openWebgpu(driver as Driver))).device

const passed = await timed(() => right(program(outputs)))
const compiled = await timed(() => done(device.compile(passed.result)))
const step = await stepping(device, compiled.result, values)
const first = await timed(step)
const second = await timed(step)
if (!Number.isFinite(first.result) || second.result >= first.result)
  throw new Error(`the loss went from ${first.result} to ${second.result}`)

const compilation: Compilation = {
  device: device.description,
  passes: passed.wall,
  executable: compiled.wall,
  firstStep: first.wall,
  processor: passed.processor + compiled.processor + first.processor,
  secondStep: second.wall
}
serve(compilation, () => Promise.resolve())

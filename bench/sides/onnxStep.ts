/** Training steps on ONNX, in turns with others: `onnxStep.ts (auto | threads) stepsInATurn`. */
import { program } from '../../src/compile/Program.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { done, right } from '../outcome.ts'
import { small, trainingStep } from '../step.ts'
import { stepping } from '../stepping.ts'
import { timed } from '../timing.ts'
import { serve } from '../turns.ts'

/** Steps before the turns: those of the device's trial of either number, and some to spare. */
const warming = 8

const [threads = 'auto', steps = '10'] = process.argv.slice(2)
const { outputs, values } = trainingStep(small)
const device = await done(onnx({ threads: threads === 'auto' ? 'auto' : Number(threads) }))
const step = await stepping(device, await done(device.compile(right(program(outputs)))), values)
for (let i = 0; i < warming; i++) await step()

/** Milliseconds of a step on average: what is tried and given up on counts. */
serve(device.description, async () => {
  const { wall } = await timed(async () => {
    for (let i = 0; i < Number(steps); i++) await step()
  })
  return wall / Number(steps)
})

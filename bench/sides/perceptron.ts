/** The perceptron in Fluxion's WGSL, in turns with a peer: `perceptron.ts [driver]`. */
import { openWebgpu, type Driver } from '../../src/runtime/webgpu/node.ts'
import { load } from '../loaded.ts'
import { done } from '../outcome.ts'
import { compared, perceptron, perceptronValues } from '../perceptron.ts'
import { timed, timingOf } from '../timing.ts'
import { serve } from '../turns.ts'

/** What either side says before the turns: where it runs, and what it computes, by name. */
export interface PerceptronReady {
  readonly name: string
  readonly adapter: string
  readonly results: ReadonlyMap<string, Float32Array>
}

const [driver = 'auto'] = process.argv.slice(2)
const { device } = await done(openWebgpu(driver as Driver))
const loaded = await load(device, perceptron(compared), perceptronValues(compared))
const ready: PerceptronReady = {
  name: 'fluxion',
  adapter: device.description,
  results: new Map([...(await loaded.results())].map(([name, { data }]) => [name, Float32Array.from(data)]))
}
serve(ready, async () => timingOf(await timed(loaded.once)))

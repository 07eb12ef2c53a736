/** The same perceptron in jax-js, on the same adapter: `perceptronJaxjs.ts [driver]`. See `peers/jaxjs.ts`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { create, globals } from 'webgpu'
import { describeAdapter } from '../../src/runtime/webgpu/gpu.ts'
import { open, type Driver } from '../../src/runtime/webgpu/node.ts'
import { done } from '../outcome.ts'
import { compared, perceptronValues } from '../perceptron.ts'
import { timed, timingOf } from '../timing.ts'
import { serve } from '../turns.ts'
import type { PerceptronReady } from './perceptron.ts'

// what is used of the peer ----------------------------------------------------------------

/** An operation consumes its operands, unless it is given their `ref`. */
interface Values {
  readonly ref: Values
  readonly data: () => Promise<Float32Array>
}

type Loss = (x: Values, w: Values, v: Values) => Values
type LossAndGradient = (x: Values, w: Values, v: Values) => readonly [Values, ReadonlyArray<Values>]

interface Jax {
  readonly init: (backend: 'webgpu') => Promise<ReadonlyArray<string>>
  readonly defaultDevice: (backend: 'webgpu') => void
  readonly getWebGPUDevice: () => GPUDevice
  readonly numpy: {
    readonly array: (data: Float32Array, options: { readonly shape: ReadonlyArray<number> }) => Values
    readonly matmul: (x: Values, y: Values) => Values
    readonly tanh: (x: Values) => Values
    readonly square: (x: Values) => Values
    readonly sum: (x: Values) => Values
  }
  readonly jit: (f: LossAndGradient) => LossAndGradient
  readonly valueAndGrad: (f: Loss, options: { readonly argnums: ReadonlyArray<number> }) => LossAndGradient
  readonly blockUntilReady: (values: ReadonlyArray<Values>) => Promise<unknown>
  readonly tree: { readonly dispose: (values: ReadonlyArray<Values>) => void }
}

// the browser that it expects --------------------------------------------------------------

const [driver = 'auto'] = process.argv.slice(2)
const folder = join(process.env['JAXJS'] ?? '', 'node_modules', '@jax-js', 'jax')
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<'version' | 'module', string>

/** Opening finds the drivers; a driver in software is then asked for by name. */
const { info } = await done(open(driver as Driver))
const [named] = /llvmpipe|SwiftShader/i.exec(info.description) ?? []
const gpu = create(named === undefined ? [] : [`adapter=${named}`]) as GPU
const browser = { gpu, userAgent: 'node', hardwareConcurrency: 2 }
Object.assign(globalThis, globals)
Object.defineProperty(globalThis, 'navigator', { value: browser, configurable: true })

const jax = (await import(pathToFileURL(join(folder, manifest.module)).href)) as Jax
if (!(await jax.init('webgpu')).includes('webgpu')) throw new Error('jax-js finds no adapter')
jax.defaultDevice('webgpu')

// the perceptron -------------------------------------------------------------------------

const { matmul, tanh, square, sum, array } = jax.numpy
const loss: Loss = (x, w, v) => sum(square(matmul(tanh(matmul(x, w)), v)))
const both = jax.jit(jax.valueAndGrad(loss, { argnums: [0, 1, 2] }))
const [x, w, v] = [...perceptronValues(compared).values()].map(({ data, shape }) =>
  array(Float32Array.from(data), { shape })
) as [Values, Values, Values]

const run = async (): Promise<ReadonlyArray<Values>> => {
  const [value, gradients] = both(x.ref, w.ref, v.ref)
  const made = [value, ...gradients]
  await jax.blockUntilReady(made)
  return made
}

/** Runs until all results are there, and reads the smallest, as the other side does. */
const once = async (): Promise<void> => {
  const [value, ...gradients] = await run()
  await value?.data()
  jax.tree.dispose(gradients)
}

const names = ['loss', 'x', 'w', 'v']
const first = await run()
const results = await Promise.all(first.map(async (values, i) => [names[i] ?? '', await values.data()] as const))
const ready: PerceptronReady = {
  name: `jax-js ${manifest.version}`,
  adapter: describeAdapter(jax.getWebGPUDevice().adapterInfo),
  results: new Map(results)
}
serve(ready, async () => timingOf(await timed(once)))

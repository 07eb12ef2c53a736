/**
 * `npm run bench`: every measurement, one after the other, each with its median and its spread. Close everything else on
 * the machine first. A peer that is absent is not measured: PyTorch, as `PYTHON=FILE`; jax-js, as `JAXJS=DIR`.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const runs: ReadonlyArray<readonly [title: string, script: string, ...args: ReadonlyArray<string>]> = [
  ['20,000 nodes through the compiler', 'graph.ts'],
  ["from a graph to the first run: the teacher's training step", 'compile.ts'],
  ['the training step on ONNX', 'onnx.ts'],
  ['the training step on ONNX while a core is taken', 'contended.ts'],
  ['the training step on ONNX and on PyTorch, in turn', 'peers/step.ts'],
  ['contractions on WebGPU', 'wgsl.ts', 'auto', 'contract'],
  ['a perceptron, forward and backward, on WebGPU', 'wgsl.ts', 'auto', 'mlp'],
  ['the same on WebGPU and in jax-js, in turn', 'peers/jaxjs.ts'],
  ['the training step on WebGPU', 'wgsl.ts', 'auto', 'step']
]

for (const [title, script, ...args] of runs) {
  console.log(`\n${title}`)
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', here(script), ...args], { stdio: 'inherit' })
  if (status !== 0) console.log(`  not measured (exit code ${status})`)
}

/** `npm run bench`: every measurement, one after the other. Close everything else on the machine first. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const runs: ReadonlyArray<readonly [title: string, script: string, ...args: ReadonlyArray<string>]> = [
  ['20,000 nodes through the compiler', 'graph.ts'],
  ['the training step on ONNX', 'onnx.ts'],
  ['the training step on ONNX and on PyTorch, in turn (needs python3 with torch)', 'peers/step.ts'],
  ['contractions on WebGPU', 'wgsl.ts', 'auto', 'contract'],
  ['a perceptron, forward and backward, on WebGPU', 'wgsl.ts', 'auto', 'mlp'],
  ['the training step on WebGPU', 'wgsl.ts', 'auto', 'step']
]

for (const [title, script, ...args] of runs) {
  console.log(`\n${title}`)
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', here(script), ...args], { stdio: 'inherit' })
  if (status !== 0) console.log(`  not measured (exit code ${status})`)
}

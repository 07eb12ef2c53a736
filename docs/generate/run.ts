/** `npm run docs [-- static]`: measures precision on every target and writes the generated pages; `static` only writes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { ops } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { openWebgpu } from '../../src/runtime/webgpu/node.ts'
import { lawsPage } from './laws.ts'
import { operationsPage } from './operations.ts'
import { measure, type Measured, type Precision } from './precision.ts'

const kept = new URL('./precision.json', import.meta.url)
const page = new URL('../operations.md', import.meta.url)
const laws = new URL('../laws.md', import.meta.url)
const all = Object.values(ops)

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const precision = (): Precision => JSON.parse(readFileSync(kept, 'utf8')) as Precision

const measured = async (device: E.Either<string, Device>, before: () => Measured): Promise<Measured> => {
  if (E.isLeft(device)) {
    say(`kept what was measured before: ${device.left}`)
    return before()
  }
  const found = await measure(device.right, all)
  await device.right.dispose()()
  return found
}

const again = async (): Promise<Precision> => {
  const cpu = await onnx({ optimization: 'disabled', threads: 1 })()
  const gpu = await openWebgpu('swiftshader', {})()
  return {
    onnx: await measured(E.mapLeft(show)(cpu), () => precision().onnx),
    wgsl: await measured(
      E.bimap(show, ({ device }: { readonly device: Device }) => device)(gpu),
      () => precision().wgsl
    )
  }
}

if (!process.argv.includes('static')) writeFileSync(kept, `${JSON.stringify(await again(), undefined, 2)}\n`)
writeFileSync(page, operationsPage(all, precision()))
say('docs/operations.md')
writeFileSync(laws, lawsPage())
say('docs/laws.md')

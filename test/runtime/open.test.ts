import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { describe as line } from '../../src/runtime/choose.ts'
import { openDevice } from '../../src/runtime/open.ts'
import { done } from './running.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What a process prints that is told to open a device where neither library of devices can be loaded. */
const without = (wanted: string): string => {
  const hooks = `export const resolve = (name, context, next) => {
    if (['onnxruntime-node', 'webgpu'].includes(name)) throw new Error("Cannot find package '" + name + "'")
    return next(name, context)
  }`
  const url = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
  const register = url(`import { register } from 'node:module'; register(${JSON.stringify(url(hooks))})`)
  const body = `import { openDevice } from './src/runtime/open.ts'
    const { right, left } = await openDevice(${JSON.stringify(wanted)})()
    console.log(right?.device.name ?? left.why)
    console.log(right?.reason)`
  const args = ['--import', 'tsx', '--import', register, '--input-type=module', '--eval', body]
  return execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
}

describe('openDevice', () => {
  it('opens what is asked for, and says so', async () => {
    const choice = await done(openDevice('reference'))

    expect(choice.device.name).toBe('reference')
    expect(line(choice)).toContain('asked for')
    await done(choice.device.dispose())
  })

  it('finds a device where no library of devices is installed, and says what is missing', { timeout: 60_000 }, () => {
    const [name, reason] = without('auto').split('\n')

    expect(name).toBe('reference')
    expect(reason).toContain('onnxruntime-node is not installed; run: npm install')
  })

  it('says how to get what was asked for and is not installed', { timeout: 60_000 }, () => {
    expect(without('onnx')).toContain('npm install --ignore-scripts onnxruntime-node')
  })
})

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { program } from '../../../src/compile/Program.ts'
import { input } from '../../../src/core/Expr.ts'
import { range, size } from '../../../src/core/Shape.ts'
import { floats, tensor, type Tensor } from '../../../src/core/Tensor.ts'
import { $ } from '../../../src/ops/registry.ts'
import type { Buffer, Device, Executable } from '../../../src/runtime/device.ts'
import { onnx } from '../../../src/runtime/onnx/device.ts'
import { done, right, runOn, uploaded } from '../running.ts'

const x = input('x', 'f32', [2])
const double = right(program({ y: $.add(x, x), x: $.mul(x, x) }))

const left = async (task: () => Promise<{ readonly _tag: string }>): Promise<unknown> => {
  const result = await task()
  expect(result._tag).toBe('Left')
  return 'left' in result ? result.left : undefined
}

describe('the ONNX device', () => {
  let device: Device
  beforeAll(async () => {
    device = await done(onnx({ optimization: 'disabled', threads: 1 }))
  })
  afterAll(() => done(device.dispose()))

  const put = (value: Tensor) => done(device.upload(value))

  it('runs a step on its own results, without them leaving the device', async () => {
    const executable = await done(device.compile(double))
    let state = await put(floats([2], [1, -3]))
    for (let i = 0; i < 5; i++) {
      const results = await done(executable.run(new Map([['x', state]]), new Set(['x'])))
      device.release([results.get('x')!])
      state = results.get('y')!
    }
    expect(Array.from((await done(device.read(state))).data)).toEqual([32, -96])
    executable.dispose()
  })

  it('keeps states that it packs apart for those who read or use them one by one', async () => {
    const states = range(10).map((i) => input(`s${i}`, 'f32', i === 9 ? [2, 2] : [i + 1]))
    const grown = states.map((s) => $.add($.mul(s, $.fill(2, s)), $.fill(1, s)))
    const names = range(10).map((i) => `s${i}`)
    const grow = await done(device.compile(right(program(Object.fromEntries(names.map((n, i) => [n, grown[i]!]))))))
    const initial = new Map(
      states.map((s, i) => [`s${i}`, tensor('f32', s.shape, new Float32Array(size(s.shape)).fill(i))])
    )
    const first = await done(grow.run(await uploaded(device, names, initial)))
    const second = await done(grow.run(first))
    const mixed = await done(grow.run(new Map([...second, ['s4', first.get('s4')!]])))
    const numbers = async (buffer: Buffer) => Array.from((await done(device.read(buffer))).data)
    expect(await numbers(second.get('s4')!)).toEqual([19, 19, 19, 19, 19])
    expect(await numbers(mixed.get('s4')!)).toEqual([19, 19, 19, 19, 19])
    expect(await numbers(mixed.get('s9')!)).toEqual([79, 79, 79, 79])

    const other = await done(device.compile(right(program({ t: $.transpose(states[9]!, { order: [1, 0] }) }))))
    const turned = await done(other.run(new Map([['s9', second.get('s9')!]]), new Set(['s9'])))
    expect(await numbers(turned.get('t')!)).toEqual([39, 39, 39, 39])
    expect(await done(grow.run(first, new Set(names)))).toHaveProperty('size', 10)
    expect(await left(grow.run(first))).toMatchObject({ _tag: 'Device' })
  })

  it('reads back what was uploaded, in every element type', async () => {
    const values: ReadonlyArray<Tensor> = [
      tensor('f32', [2], Float32Array.of(0.1, -Infinity)),
      tensor('i32', [2], Int32Array.of(-7, 2 ** 31 - 1)),
      tensor('u32', [2], Uint32Array.of(7, 2 ** 32 - 1)),
      tensor('bool', [2], Uint8Array.of(0, 1)),
      tensor('f32', [0, 3], new Float32Array()),
      tensor('f32', [], Float32Array.of(5))
    ]
    for (const value of values) expect(await done(device.read(await put(value)))).toEqual(value)
  })

  it('rounds narrow floats where they enter, where they are cast, and where they leave', async () => {
    const third = input('third', 'bf16', [1])
    const outputs = { same: third, sum: $.add(third, third), half: $.cast(x, { to: 'f16' }) }
    const got = await runOn(
      device,
      outputs,
      new Map([
        ['third', tensor('bf16', [1], Float32Array.of(1 / 3))],
        ['x', floats([2], [1 / 3, 2])]
      ])
    )
    expect(Array.from(got.get('same')!.data)).toEqual([0.333984375])
    expect(Array.from(got.get('sum')!.data)).toEqual([0.66796875])
    expect(Array.from(got.get('half')!.data)).toEqual([0.333251953125, 2])
  })

  it('says which input is missing, has another shape, or another element type', async () => {
    const executable = await done(device.compile(double))
    expect(await left(executable.run(new Map()))).toEqual({ _tag: 'UnboundInput', name: 'x' })
    const wide = await put(floats([3], [1, 2, 3]))
    expect(await left(executable.run(new Map([['x', wide]])))).toMatchObject({ _tag: 'InputDiffers', got: [3] })
    const whole = await put(tensor('i32', [2], Int32Array.of(1, 2)))
    expect(await left(executable.run(new Map([['x', whole]])))).toMatchObject({ _tag: 'WrongDType', got: 'i32' })
  })

  it('refuses buffers that were released, donated, or made elsewhere', async () => {
    const executable = await done(device.compile(double))
    const released = await put(floats([2], [1, 2]))
    device.release([released])
    const donated = await put(floats([2], [1, 2]))
    await done(executable.run(new Map([['x', donated]]), new Set(['x'])))
    for (const buffer of [released, donated, { ...released, id: 10 ** 6 }]) {
      expect(await left(executable.run(new Map([['x', buffer]])))).toMatchObject({ _tag: 'Device', device: 'onnx' })
      expect(await left(device.read(buffer))).toMatchObject({ _tag: 'Device' })
    }
  })

  it('gives what onnxruntime says when a run fails, and goes on', async () => {
    // 2⁴⁸ bytes: more than a process can address.
    const endless = $.broadcast($.exp(x), { shape: [2, 2 ** 45], axes: [0] })
    const [impossible, possible] = [
      await done(device.compile(right(program({ endless })))),
      await done(device.compile(double))
    ]
    const run = async (executable: Executable) =>
      executable.run(await uploaded(device, ['x'], new Map([['x', floats([2], [1, 2])]])))()

    expect(await run(impossible)).toMatchObject({ _tag: 'Left', left: { _tag: 'Device' } })
    expect(await run(possible)).toMatchObject({ _tag: 'Right' })
  })

  it('gives the same bits whatever number of threads it tries', async () => {
    const n = 768
    const wide = input('wide', 'f32', [n, n])
    const over = { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } }
    const product = right(program({ wide: $.tanh($.contract(wide, wide, over)) }))
    const value = tensor(
      'f32',
      [n, n],
      Float32Array.from({ length: n * n }, (_, i) => Math.sin(i) / n)
    )
    const afterEight = async (threads: number | 'auto') => {
      const other = await done(onnx({ threads }))
      const executable = await done(other.compile(product))
      let state = await done(other.upload(value))
      for (let i = 0; i < 8; i++) {
        const results = await done(executable.run(new Map([['wide', state]]), new Set(['wide'])))
        state = results.get('wide')!
      }
      const { data } = await done(other.read(state))
      await done(other.dispose())
      return data
    }
    const one = await afterEight(1)
    expect(await afterEight(2)).toEqual(one)
    expect(await afterEight('auto')).toEqual(one)
  }, 120_000)

  it('refuses everything once it is disposed', async () => {
    const other = await done(onnx({ threads: 1 }))
    const executable = await done(other.compile(double))
    const buffer = await done(other.upload(floats([2], [1, 2])))
    await done(other.dispose())
    expect(await left(executable.run(new Map([['x', buffer]])))).toMatchObject({ _tag: 'Device' })
    expect(await left(other.upload(floats([2], [1, 2])))).toMatchObject({
      _tag: 'Device',
      why: 'the device was disposed'
    })
  })
})

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Runs a module in a process of its own; fails where the process does not end well. */
const alone = async (body: string, ...flags: ReadonlyArray<string>): Promise<string> => {
  const text = `import { onnx } from './src/runtime/onnx/device.ts'
    import { floats } from './src/core/Tensor.ts'
    const open = await onnx({ threads: 1 })()
    ${body}`
  const args = ['--import', 'tsx', ...flags, '--input-type=module', '--eval', text]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 100_000 })
  return stdout.trim()
}

describe('a process with an ONNX device', { timeout: 120_000 }, () => {
  it.each([
    ['ends by itself when the device is disposed', 'await open.right.dispose()()'],
    ['ends by itself when the device is not disposed', '']
  ])('%s', async (_, end) => {
    const body = `const buffer = await open.right.upload(floats([1], [5]))()
      const value = await open.right.read(buffer.right)()
      console.log(value.right.data[0])
      ${end}`
    expect(await alone(body)).toBe('5')
  })

  it('says how to install onnxruntime where it is not', async () => {
    const hooks = `export const resolve = (name, context, next) => {
      if (name === 'onnxruntime-node') throw new Error("Cannot find package 'onnxruntime-node' imported from here")
      return next(name, context)
    }`
    const url = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`
    const flag = url(`import { register } from 'node:module'; register(${JSON.stringify(url(hooks))})`)
    expect(await alone('console.log(open.left.why)', '--import', flag)).toContain('npm install')
  })
})

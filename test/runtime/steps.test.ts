import { describe, expect, it } from 'vitest'
import { input, type Expr } from '../../src/core/Expr.ts'
import { pipe, TE } from '../../src/core/fp.ts'
import { floats } from '../../src/core/Tensor.ts'
import { add, matmul, mul, sum } from '../../src/ops/api.ts'
import type { Buffer, Device } from '../../src/runtime/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { advance, call, compileStep, download, evaluateOn, take, upload } from '../../src/runtime/steps.ts'
import { done } from './running.ts'

const [w, x] = [input('w', 'f32', [2]), input('x', 'f32', [2])]
const outputs = { w: add(w, x), total: sum('all')(mul(w, x)) }

/** A device that keeps count of the buffers that are on it. */
const counted = () => {
  const device = reference()
  const live = new Set<Buffer>()
  const upload: Device['upload'] = (value) =>
    pipe(
      device.upload(value),
      TE.map((buffer) => {
        live.add(buffer)
        return buffer
      })
    )
  return {
    live,
    device: {
      ...device,
      upload,
      release: (buffers: Iterable<Buffer>) => {
        const released = [...buffers]
        released.forEach((buffer) => live.delete(buffer))
        device.release(released)
      }
    }
  }
}

describe('steps', () => {
  it('replace the state and give the rest, and leave nothing else on the device', async () => {
    const { device, live } = counted()
    const step = await done(compileStep(device, outputs))
    const begin = await done(upload(device, new Map([['w', floats([2], [1, 2])]])))
    const given = new Map([['x', floats([2], [10, 20])]])

    const first = await done(advance(device, step)(begin, given))
    const second = await done(advance(device, step)(first.state, given))

    expect([...(await done(download(device, second.state))).get('w')!.data]).toEqual([21, 42])
    expect([...second.rest.keys()]).toEqual(['total'])
    expect([...second.rest.get('total')!.data]).toEqual([11 * 10 + 22 * 20])
    expect([...live].filter((buffer) => buffer !== begin.get('w'))).toEqual([])
  })

  it('run once on what is held, which stays', async () => {
    const { device } = counted()
    const step = await done(compileStep(device, outputs))
    const held = await done(upload(device, new Map([['w', floats([2], [1, 2])]])))

    const made = await done(call(device, step, held, new Map([['x', floats([2], [3, 4])]])))

    expect([...made.get('total')!.data]).toEqual([11])
    expect([...(await done(take(device, held))).get('w')!.data]).toEqual([1, 2])
  })

  it('give every fault of a graph at once', async () => {
    const wrong = matmul(input('a', 'f32', [2, 3]) as never, input('b', 'f32', [2, 3]) as never)

    const found = await compileStep(reference(), { wrong, other: add(wrong, wrong) })()

    expect(found).toMatchObject({ _tag: 'Left', left: [{ _tag: 'InnerSizesDiffer' }] })
  })

  it('say which input they lack', async () => {
    const step = await done(compileStep(reference(), outputs))

    expect(await call(reference(), step, new Map(), new Map())()).toMatchObject({
      _tag: 'Left',
      left: [{ _tag: 'UnboundInput', name: 'w' }]
    })
  })

  it('are not needed for numbers at once, which leave nothing on the device', async () => {
    const { device, live } = counted()
    const values = new Map([
      ['w', floats([2], [1, 2])],
      ['x', floats([2], [10, 20])],
      ['of no input', floats([], [0])]
    ])

    const [sum2, product] = await done(evaluateOn(device)(values)([add(w, x), mul(w, x), mul(w, x)]))

    expect([...sum2!.data, ...product!.data]).toEqual([11, 22, 10, 40])
    expect([...live]).toEqual([])
    expect(await evaluateOn(device)(new Map())([add(w, x)])()).toMatchObject({ left: [{ _tag: 'UnboundInput' }] })
    const odd: Expr<'f32'> = input('y', 'f32', [3])
    expect(await evaluateOn(device)(values)([add(w, odd)])()).toMatchObject({
      left: [{ _tag: 'ShapesDiffer' }]
    })
  })
})

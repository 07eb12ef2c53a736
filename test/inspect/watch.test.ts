import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { O } from '../../src/core/fp.ts'
import { floats, type Tensor } from '../../src/core/Tensor.ts'
import {
  rangeOf,
  rangesOf,
  showFinding,
  showRange,
  summary,
  watch,
  watching,
  type Finding
} from '../../src/inspect/watch.ts'
import {
  add,
  constant,
  exp,
  input,
  log,
  logSoftmax,
  mul,
  sin,
  softmax,
  sqrt,
  sub,
  sum,
  type Expr
} from '../../src/ops/api.ts'
import { software } from '../device/software.ts'
import { done } from '../runtime/running.ts'

const x = input('x', 'f32', [3])
const y = input('y', 'f32', [3])

const values = (a: ReadonlyArray<number>, b: ReadonlyArray<number> = [1, 2, 3]): ReadonlyMap<string, Tensor> =>
  new Map([
    ['x', floats([3], a)],
    ['y', floats([3], b)]
  ])

const suite = (name: string, device: () => Device): unknown =>
  describe(`the watcher on ${name}`, () => {
    const find = async (
      outputs: Readonly<Record<string, Expr>>,
      given: ReadonlyMap<string, Tensor>,
      nodes = 128
    ): Promise<Finding | undefined> =>
      O.toUndefined(await done(watch({ ...watching(device()), nodes })(outputs, given)))

    it('names the first operation that gives what is not finite, with its operands and its path', async () => {
      const loss = sum('all')(mul(sin(y), log(sub(x, y))))

      const finding = await find({ loss }, values([2, 1, 7]))

      expect(finding === undefined ? '' : showFinding(finding)).toBe(
        [
          'log f32[3] is the first to give NaN (0 to 1.386, 1 of 3 NaN), of sub f32[3] (-1 to 4)',
          'on the way to loss:',
          '  log(sub f32[3]) : f32[3]',
          '  mul(sin f32[3], ·) : f32[3]',
          '  sum(·) : f32[]'
        ].join('\n')
      )
    })

    it('tells infinity from the NaN that comes of it', async () => {
      const e = exp(mul(x, x))

      const finding = await find({ gap: sub(e, mul(e, e)) }, values([0, 1, 30]))

      expect(finding === undefined ? '' : summary(finding)).toBe(
        'exp f32[3] is the first to give infinity (1 to 2.718, 1 of 3 infinite), of mul f32[3] (0 to 900); NaN comes of it at sub f32[3]'
      )
    })

    it('looks past what is infinite on purpose', async () => {
      const mask = constant([3], [0, -Infinity, 0])
      const masked = softmax(-1)(add(x, mask))

      expect(await find({ masked }, values([1, 2, 3]))).toBeUndefined()
      expect((await find({ root: sqrt(masked), bad: sqrt(sub(masked, y)) }, values([1, 2, 3])))?.output).toBe('bad')
    })

    it('names the input where that is what is wrong', async () => {
      const finding = await find({ z: add(x, y) }, values([NaN, 1, 2]))

      expect(finding === undefined ? '' : summary(finding)).toBe(
        'the input x f32[3] is not finite (1 to 2, 1 of 3 NaN)'
      )
    })

    it('finds the same however small its parts', async () => {
      const deep = Array.from({ length: 40 }).reduce<Expr<'f32'>>((z, _, i) => (i === 25 ? log(sub(z, y)) : sin(z)), x)

      const all = await Promise.all([1, 7, 128].map((n) => find({ deep }, values([2, 2, 2]), n)))

      expect(all.map((finding) => finding && [finding.node, finding.path.length])).toEqual(
        Array.from({ length: 3 }, () => [all[0]?.node, 15])
      )
      expect(all[0]?.node.term).toMatchObject({ op: { name: 'log' } })
    })

    it('says nothing where all is finite', async () => {
      expect(await find({ z: logSoftmax(-1)(mul(x, y)) }, values([1, 2, 3]))).toBeUndefined()
    })
  })

suite('the reference', () => reference())

describe('with onnxruntime', () => {
  let device: Device
  beforeAll(async () => {
    device = await done(onnx({ optimization: 'disabled', threads: 1 }))
  })
  afterAll(() => done(device.dispose()))

  suite('ONNX', () => device)
})

const gpu = await software()
describe.skipIf(gpu === undefined)('with a driver in software', () => {
  afterAll(() => done(gpu!.dispose()))

  suite('WGSL', () => gpu!)
})

describe('the watcher', () => {
  it('looks into a composite for what of it failed', async () => {
    const finding = O.toUndefined(
      await done(watch(watching(reference()))({ z: logSoftmax(-1)(mul(x, y)) }, values([Infinity, 1, 2])))
    )

    expect(finding === undefined ? '' : summary(finding)).toBe(
      'the input x f32[3] is not finite (1 to 2, 1 of 3 infinite); NaN comes of it at logSoftmax f32[3]'
    )
    const deviation = O.toUndefined(
      await done(watch(watching(reference()))({ z: softmax(-1)(constant([1, 2], [-Infinity, -Infinity])) }, new Map()))
    )
    expect(deviation?.inside?.node.term).toMatchObject({ op: { name: 'sub' } })
  })

  it('writes ranges as a person reads them', () => {
    const said = [[1, -2.34567], [3e16, 0], [1e-9, 0.5], [NaN, 1], [Infinity, -Infinity], [NaN, Infinity], []]

    expect(said.map((x) => showRange(rangeOf(floats([x.length], x))))).toEqual([
      '-2.346 to 1',
      '0 to 3e+16',
      '1e-9 to 0.5',
      '1 to 1, 1 of 2 NaN',
      'all infinite',
      '1 of 2 NaN, 1 of 2 infinite',
      'nothing'
    ])
  })

  it('holds no more than a part and what is still needed', async () => {
    const wide = input('wide', 'f32', [1000])
    const chain = Array.from({ length: 30 }).reduce<Expr<'f32'>>((z) => sin(z), wide)
    const ranges = await done(
      rangesOf({ device: reference(), bytes: 8000, nodes: 100 })(
        { chain },
        new Map([['wide', floats([1000], new Float64Array(1000).fill(1))]])
      )
    )

    expect(ranges.size).toBe(31)
  })
})

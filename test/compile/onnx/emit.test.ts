import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { emit } from '../../../src/compile/onnx/emit.ts'
import { typeCode, type Ends } from '../../../src/compile/onnx/model.ts'
import { encode, float, int, message, packed, text } from '../../../src/compile/onnx/protobuf.ts'
import { program } from '../../../src/compile/Program.ts'
import { scan } from '../../../src/autodiff/scan.ts'
import { input, literal, type Expr } from '../../../src/core/Expr.ts'
import { tensor } from '../../../src/core/Tensor.ts'
import { $ } from '../../../src/ops/registry.ts'
import { right } from '../../runtime/running.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('protocol buffers', () => {
  it('write integers as the specification does', () => {
    expect(hex(encode([int(1, 150)]))).toBe('089601')
    expect(hex(encode([int(1, -1)]))).toBe('08ffffffffffffffffff01')
    expect(hex(encode([int(16, 2 ** 40)]))).toBe('8001808080808020')
  })

  it('write texts in UTF-8', () => {
    for (const value of ['testing', 'σ(x) → ½', '数字 🙂', ''])
      expect(hex(encode([text(2, value)]))).toBe(hex(Uint8Array.of(0x12, ...utf8(value))))
  })

  it('write floats, lists and messages within messages', () => {
    expect(hex(encode([float(2, 1)]))).toBe('150000803f')
    expect(hex(encode([packed(4, [3, 270, 86942])]))).toBe('2206038e029ea705')
    expect(hex(encode([message(3, [int(1, 150)])]))).toBe('1a03089601')
  })
})

const utf8 = (value: string): ReadonlyArray<number> => {
  const bytes = [...new TextEncoder().encode(value)]
  return [bytes.length, ...bytes]
}

const x = input('x', 'f32', [4, 4])

const file = (outputs: Readonly<Record<string, Expr>>) => emit(right(program(outputs)))
const textOf = (outputs: Readonly<Record<string, Expr>>): string => Buffer.from(file(outputs).bytes).toString('latin1')

describe('an ONNX file', () => {
  it('has equal nodes once, whichever operation asks for them', () => {
    const normalised = $.normalise(x, { epsilon: 1e-6 })
    const deviation = $.inverseDeviation(x, { epsilon: 1e-6 })
    expect(file({ normalised, deviation }).nodes).toBe(1)
    expect(file({ a: $.sub($.exp(x), x), b: $.add($.exp(x), x) }).nodes).toBe(3)
  })

  it('names its outputs on the nodes that make them', () => {
    expect(textOf({ y: $.exp(x), z: $.neg(x) })).not.toContain('Identity')
    expect(textOf({ x, y: $.exp(x), again: $.exp(x) }).match(/Identity/g)).toHaveLength(2)
  })

  it('tells outputs from inputs of the same name, and its own names from those of users', () => {
    const { inputs, outputs } = file({ x: $.exp(x), '%0': $.neg(x) })
    expect(inputs.map(({ label }) => label)).toEqual(['x'])
    expect(outputs.map(({ label }) => label)).toEqual(["x'", '_%0'])
  })

  it('leaves out what no output depends on', () => {
    const wide = $.broadcast(input('row', 'f32', [4]), { shape: [4, 4], axes: [1] })
    expect(textOf({ y: $.add(x, wide) })).not.toContain('Expand')
    expect(textOf({ y: wide })).toContain('Expand')
  })

  it('uses no operator of another vendor unless it must', () => {
    expect(textOf({ y: $.exp(x) })).not.toContain('com.microsoft')
    const stack = input('stack', 'f32', [2, 3, 4])
    const over = { batch: [0], over: [2] }
    expect(textOf({ y: $.contract(stack, stack, { left: over, right: over }) })).toContain('com.microsoft')
  })

  it('multiplies products by numbers in the products', () => {
    const w = input('w', 'f32', [4, 4])
    const over = { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } }
    const product = $.contract($.mul(x, $.fill(0.5, x)), w, over)
    expect(file({ y: $.mul(product, $.fill(3, x)) }).nodes).toBe(1)
    expect(file({ y: $.mul(product, $.fill(3, x)), z: $.exp(product) }).nodes).toBe(4)
  })

  it('calls an input by its name where it can', () => {
    const { inputs } = file({ y: $.add(x, input('%1', 'f32', [4, 4])) })

    expect(inputs.map(({ name, label }) => [name, label])).toEqual([
      ['%1', '_%1'],
      ['x', 'x']
    ])
    expect(textOf({ y: $.add(x, input('%1', 'f32', [4, 4])) })).toContain('_%1')
  })

  it('holds weights as they are stored', () => {
    const dtypes = ['f32', 'f16', 'bf16', 'i32'] as const
    const whole = right(
      program(Object.fromEntries(dtypes.map((dtype) => [`y_${dtype}`, $.neg(input(`w_${dtype}`, dtype, [2]))])))
    )
    const weights = new Map(dtypes.map((dtype) => [`w_${dtype}`, tensor(dtype, [2], Float64Array.of(1, 1.5 * 2))]))
    const held = emit(whole, weights)
    const text = Buffer.from(held.bytes).toString('hex')

    expect(held.inputs).toEqual([])
    expect(emit(whole).inputs).toHaveLength(4)
    for (const bytes of ['0000803f00004040', '003c0042', '803f4040', '0100000003000000']) expect(text).toContain(bytes)
  })

  it('takes and gives bf16 as numbers that anyone can feed, or as patterns of half the size', () => {
    const half = input('half', 'bf16', [4, 4])
    const whole = right(program({ half: $.neg(half) }))
    const codeOf = (name: string, code: number): string =>
      Buffer.from([10, name.length, ...Buffer.from(name), 18, 14, 10, 12, 8, code]).toString('latin1')
    const text = (ends: Ends): string => Buffer.from(emit(whole, new Map(), ends).bytes).toString('latin1')

    expect(text('numbers')).toContain(codeOf('half', typeCode.f32))
    expect(text('numbers')).not.toContain('BitCast')
    expect(text('patterns')).toContain(codeOf('half', typeCode.u16))
    expect(text('patterns').match(/program\/BitCast/g)).toHaveLength(2)
    // To numbers, and back: what is rounded is not rounded again.
    expect(text('patterns').match(/\w+\/Cast\.\d/g)).toHaveLength(2)
  })

  it('carries narrow floats through a loop as they are stored', () => {
    const start = input('start', 'bf16', [4])
    const rows = $.cast(x, { to: 'bf16' })
    const { carry, outputs } = scan((c: Expr, row: Expr) => ({ carry: $.add(c, row), output: $.exp(c) }))(start, rows)
    const text = Buffer.from(emit(right(program({ carry, outputs })), new Map(), 'patterns').bytes).toString('latin1')
    const body = text.slice(text.indexOf('fluxion', text.indexOf('body')))
    const codes = [...body.matchAll(/%\d+\/[xy]\d\x12.\n.\x08(.)/gs)].map(([, code = '']) => code.charCodeAt(0))

    expect(codes.length).toBeGreaterThanOrEqual(4)
    expect(new Set(codes)).toEqual(new Set([typeCode.bf16]))
  })

  it('has one loop for results of several element types', () => {
    const zero = literal(tensor('i32', [], Int32Array.of(0)))
    const { carry, outputs } = scan((c: Expr, row: Expr) => ({ carry: $.add(c, c), output: $.exp(row) }))(zero, x)

    expect(textOf({ carry, outputs }).match(/\/Scan\.\d/g)).toHaveLength(1)
  })

  it('of a loop without a step has what it began with, and nothing else', () => {
    const zero = literal(tensor('i32', [], Int32Array.of(0)))
    const none = input('none', 'f32', [0, 4])
    const { carry, outputs } = scan((c: Expr, row: Expr) => ({ carry: $.add(c, c), output: $.exp(row) }))(zero, none)

    expect(textOf({ carry, outputs })).not.toContain('/Scan.')
    expect(file({ carry, outputs }).outputs.map(({ shape }) => shape)).toEqual([[], [0, 4]])
  })

  it('is the same in every process, whatever was built before', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    const body = (before: string): string => `
      import { createHash } from 'node:crypto'
      import { emit } from './src/compile/onnx/emit.ts'
      import { program } from './src/compile/Program.ts'
      import { input } from './src/core/Expr.ts'
      import { vjp } from './src/autodiff/vjp.ts'
      import { $ } from './src/ops/registry.ts'
      const kept = []
      ${before}
      const x = input('x', 'f32', [4, 4])
      const w = input('w', 'f32', [4, 4])
      const y = $.geluTanh($.contract($.normalise(x, { epsilon: 1e-6 }), w, { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } }))
      const [dx, dw] = vjp([y], [x, w])([$.mul(y, $.softmax(y, { axis: 1 }))])
      console.log(createHash('sha256').update(emit(program({ y, dx, dw }).right).bytes).digest('hex'))`
    const hash = async (before: string): Promise<string> => {
      const args = ['--import', 'tsx', '--input-type=module', '--eval', body(before)]
      return (await promisify(execFile)(process.execPath, args, { cwd: root })).stdout.trim()
    }
    const shuffled = `for (let i = 0; i < 50; i++) kept.push($.sin(input('w', 'f32', [4, 4])), $.exp($.fill(i, { dtype: 'f32', shape: [4, 4] })))`
    const first = await hash('')
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(await hash(shuffled)).toBe(first)
  }, 120_000)
})

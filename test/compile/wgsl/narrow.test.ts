import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { program } from '../../../src/compile/Program.ts'
import { compileWgsl } from '../../../src/compile/wgsl/emit.ts'
import { wordsOf } from '../../../src/compile/wgsl/layout.ts'
import { portable, type Target } from '../../../src/compile/wgsl/Target.ts'
import { storedBytes } from '../../../src/compile/wgsl/Wgsl.ts'
import type { WgslProgram } from '../../../src/compile/wgsl/WgslProgram.ts'
import type { Float } from '../../../src/core/DType.ts'
import { input, type Expr } from '../../../src/core/Expr.ts'
import { tensor } from '../../../src/core/Tensor.ts'
import { gradOf } from '../../../src/autodiff/grad.ts'
import { size, type Shape } from '../../../src/core/Shape.ts'
import { cast, fill, matmul, mean, relu, scale, softmax, square, sub } from '../../../src/ops/api.ts'
import { adamW, adamWDefaults } from '../../../src/optim/adamw.ts'
import { $ } from '../../../src/ops/registry.ts'
import { right, type Outputs } from '../../runtime/running.ts'

const source = (name: string): string => readFileSync(new URL(`../../../kernels/${name}.wgsl`, import.meta.url), 'utf8')
const sources = { contractTile: source('contractTile'), contractSubgroup: source('contractSubgroup') }
const compiled = (outputs: Outputs, target: Target = portable): WgslProgram =>
  right(compileWgsl(sources, target)(right(program(outputs))))

type Real = Expr<'f32'>
const [layers, width] = [4, 256] as const

/** A perceptron whose weights are stored as `dtype`: what it gives, and a step that descends its gradient. */
const perceptron = (dtype: Float): readonly [forward: Outputs, step: Outputs] => {
  const held = Array.from({ length: layers }, (_, i) => input(`w${i}`, dtype, [width, width]))
  const weights = held.map((w): Real => cast('f32')(w))
  const x: Real = input('x', 'f32', [16, width])
  const y = weights.reduce<Real>((h, w) => relu(matmul(h, w) as Real), x)
  const gradient = gradOf(mean('all')(square(y)))(weights)
  const moved = weights.map((w, i) => cast(dtype)(sub(w, scale(0.1)(gradient[i] ?? w)) as Real))
  return [{ y }, Object.fromEntries(moved.map((w, i) => [`w${i}`, w]))]
}

const bytesOf = ({ buffers }: WgslProgram, tag: 'Input' | 'Output'): number =>
  buffers.reduce((sum, { role, bytes }) => (role._tag === tag ? sum + bytes : sum), 0)

describe.each(['f16', 'bf16'] as const)('weights stored as %s', (dtype) => {
  const [forward, step] = perceptron(dtype).map((outputs) => compiled(outputs)) as [WgslProgram, WgslProgram]
  const [wide, wideStep] = perceptron('f32').map((outputs) => compiled(outputs)) as [WgslProgram, WgslProgram]
  const all = 4 * layers * width * width

  it('take half the memory of a forward pass, and nothing is written out to widen them', () => {
    expect(wide.peakBytes - forward.peakBytes).toBe(all / 2)
    expect(forward.launches).toHaveLength(wide.launches.length)
  })

  it('take half the memory of a step, where they enter and where they leave', () => {
    expect(bytesOf(wideStep, 'Input') - bytesOf(step, 'Input')).toBe(all / 2)
    expect(bytesOf(wideStep, 'Output') - bytesOf(step, 'Output')).toBe(all / 2)
    expect(wideStep.peakBytes - step.peakBytes).toBeGreaterThan(0.9 * all - 2 * 4 * width * width)
  })

  it('lie two to a word, the first below', () => {
    const one = { f16: 0x3c00, bf16: 0x3f80 }[dtype]
    const two = { f16: 0x4000, bf16: 0x4000 }[dtype]

    expect([...wordsOf(tensor(dtype, [3], Float32Array.of(1, 2, 1)))]).toEqual([one | (two << 16), one])
    expect([0, 1, 4, 5].map((n) => storedBytes({ dtype, shape: [n] }))).toEqual([0, 8, 8, 16])
  })
})

/** A step of AdamW whose moments are stored as `dtype`. */
const adam = (dtype: Float, shape: Shape): Outputs => {
  const [w, g] = ['w', 'g'].map((name): Real => input(name, 'f32', shape)) as [Real, Real]
  const wide = (name: string): Real => cast('f32')(input(name, dtype, shape))
  const state = { first: { w: wide('first') }, second: { w: wide('second') }, step: input('step', 'f32', []) }
  const { params, moments } = adamW({ ...adamWDefaults, rate: () => fill(1e-3, []) })({ w }, { w: g }, state)
  return {
    w: params.w,
    first: cast(dtype)(moments.first.w),
    second: cast(dtype)(moments.second.w),
    step: moments.step
  }
}

describe.each([[[256, 256]], [[255, 257]]])('a step of AdamW on [%s] with narrow moments', (shape) => {
  const target = { ...portable, storageBuffers: 10 }
  const of = (dtype: Float): WgslProgram => compiled(adam(dtype, shape), target)
  const scratch = ({ buffers }: WgslProgram): number =>
    buffers.reduce((sum, { role, bytes }) => (role._tag === 'Scratch' ? sum + bytes : sum), 0)

  it('writes no wide copy of them, and takes no launch more', () => {
    const [narrow, wide] = [of('bf16'), of('f32')]

    expect(scratch(narrow)).toBe(scratch(wide))
    expect(narrow.launches).toHaveLength(wide.launches.length)
    expect(wide.peakBytes - narrow.peakBytes).toBeGreaterThan(7.9 * size(shape))
  })
})

describe('a result that is stored narrow', () => {
  const x = input('x', 'f32', [5])
  const texts = (y: Expr): string =>
    compiled({ y })
      .kernels.map(({ wgsl }) => wgsl)
      .join('\n')

  it('is written in whole words by one thread each, of an odd length too', () => {
    const text = texts($.cast($.exp(x), { to: 'bf16' }))

    expect(text).toContain('array<vec2<u32>>')
    expect(text).toContain('pack_bf16(')
    expect(text).toContain('min(')
  })

  it('of a contraction or of rows is stored by their kernel', () => {
    const [a, b]: ReadonlyArray<Real> = [input('a', 'f32', [64, 32]), input('b', 'f32', [32, 48])]
    const product = matmul(a!, b!)
    const wide = { y: relu(product), z: softmax(-1)(a!) }
    const outputs = { y: $.cast(wide.y, { to: 'bf16' }), z: $.cast(wide.z, { to: 'f16' }) }

    for (const target of [portable, { ...portable, schedule: 'subgroup', lanes: 8 } as const]) {
      const { launches, peakBytes } = compiled(outputs, target)
      expect(launches).toHaveLength(compiled(wide, target).launches.length)
      expect(compiled(wide, target).peakBytes - peakBytes).toBe(2 * (64 * 48 + 64 * 32))
    }
  })

  it('of a sum is stored by its kernel, half a word a row', () => {
    const rows = input('rows', 'f32', [64, 102])
    const [sum, mean] = [$.sum(rows, { axes: [1] }), $.max(rows, { axes: [1] })]
    const outputs = { sum: $.cast(sum, { to: 'f16' }), gap: $.cast($.sub(mean, sum), { to: 'bf16' }) }

    expect(compiled(outputs).launches).toHaveLength(compiled({ sum, gap: $.sub(mean, sum) }).launches.length)
    expect(texts(outputs.sum)).toContain('atomicOr(&y[i / 2u], to_f16(')
  })
})

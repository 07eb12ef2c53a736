import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { program } from '../../../src/compile/Program.ts'
import { compileWgsl } from '../../../src/compile/wgsl/emit.ts'
import { wordsOf } from '../../../src/compile/wgsl/layout.ts'
import { portable } from '../../../src/compile/wgsl/Target.ts'
import { storedBytes } from '../../../src/compile/wgsl/Wgsl.ts'
import type { WgslProgram } from '../../../src/compile/wgsl/WgslProgram.ts'
import type { Float } from '../../../src/core/DType.ts'
import { input, type Expr } from '../../../src/core/Expr.ts'
import { tensor } from '../../../src/core/Tensor.ts'
import { gradOf } from '../../../src/autodiff/grad.ts'
import { cast, matmul, mean, relu, scale, square, sub } from '../../../src/ops/api.ts'
import { $ } from '../../../src/ops/registry.ts'
import { right, type Outputs } from '../../runtime/running.ts'

const source = (name: string): string => readFileSync(new URL(`../../../kernels/${name}.wgsl`, import.meta.url), 'utf8')
const sources = { contractTile: source('contractTile'), contractSubgroup: source('contractSubgroup') }
const compiled = (outputs: Outputs): WgslProgram => right(compileWgsl(sources, portable)(right(program(outputs))))

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
  const [forward, step] = perceptron(dtype).map(compiled) as [WgslProgram, WgslProgram]
  const [wide, wideStep] = perceptron('f32').map(compiled) as [WgslProgram, WgslProgram]
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

  it('of a sum is summed first', () => {
    const { launches } = compiled({ y: $.cast($.sum(input('x', 'f32', [64, 100]), { axes: [1] }), { to: 'f16' }) })

    expect(launches.map(({ label }) => label)).toEqual(['sum', 'cast'])
  })
})

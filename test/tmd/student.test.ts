import { describe, expect, it } from 'vitest'
import { gradOf } from '../../src/autodiff/grad.ts'
import { topological } from '../../src/core/Expr.ts'
import { key } from '../../src/core/Key.ts'
import { dit, ditDefaults, ditInit, ditParameters, type DitConfig } from '../../src/nn/dit.ts'
import { inputsFor, inputsOf, named, type Real } from '../../src/nn/params.ts'
import { timeInputs, times } from '../../src/nn/time.ts'
import { expandDims, input, mul, square, sub, sum } from '../../src/ops/api.ts'
import {
  initStudent,
  student,
  studentDefaults,
  studentExtras,
  type Fusion,
  type StudentConfig
} from '../../src/tmd/student.ts'
import { furthest, randoms, sentences, shaken, valueOf, type Named } from '../nn/values.ts'

const size: DitConfig = {
  ...ditDefaults,
  dim: 12,
  heads: 2,
  ffn: 16,
  frequencies: 8,
  textDim: 6,
  layers: 4,
  channels: 2,
  outChannels: 2
}

const teacher = shaken(ditInit(size)(key(1)), 2)
const clip = [2, 2, 2, 4, 4] as const
const x = input('x', 'f32', clip)
const y = input('y', 'f32', clip)
const context = input('context', 'f32', [2, 5, 6])
const [t, s, step] = [timeInputs('t', 2, 8), timeInputs('s', 2, 8), timeInputs('step', 2, 8)]

const configOf = (fusion: Fusion, gate: number): StudentConfig => ({ dit: size, headBlocks: 2, fusion, gate })

/** The inner target that a student of these settings predicts when it begins. */
const predicted = (config: StudentConfig) => {
  const params = initStudent(config)(teacher, key(3))
  const own = inputsFor(params, 'student')
  const { backbone, head } = student(config)
  return { params, own, output: head(own, backbone(own, x, t, context), y, s, step, context) }
}

const at = (outer: number, inner: number, length: number): Named =>
  new Map([
    ['x', randoms(11, clip)],
    ['y', randoms(12, clip)],
    ['context', randoms(13, [2, 5, 6])],
    ...named(times(Float64Array.of(outer, 0.5), 8), 't'),
    ...named(times(Float64Array.of(inner, 0.5), 8), 's'),
    ...named(times(Float64Array.of(length, 0.2), 8), 'step')
  ])

const velocity = dit(size)(inputsFor(teacher, 'teacher'), x, t, context)
const spread = expandDims(-1)(expandDims(-1)(expandDims(-1)(expandDims(-1)(t.value)))) as Real
const sampleOf = (y: Real): Real => sub(x, mul(y, spread))

/** How far the sample that a new student implies is from the teacher's. */
const apart = (config: StudentConfig, inputs: Named): number => {
  const { params, output } = predicted(config)
  const all = [named(params, 'student'), named(teacher, 'teacher'), inputs]
  return furthest(valueOf(sampleOf(output), ...all), valueOf(sampleOf(velocity), ...all))
}

describe('a student that begins', () => {
  it('implies the sample of its teacher where the gate is shut and the inner time is the outer', () => {
    expect(apart(configOf('add', 0), at(0.8, 0.8, 0.3))).toBe(0)
    expect(apart(configOf('gated', -800), at(0.8, 0.8, 0.3))).toBe(0)
  })

  it('differs from it where the gate is open, or the inner time another', () => {
    expect(apart(configOf('add', 1), at(0.8, 0.8, 0.3))).toBeGreaterThan(1e-2)
    expect(apart(configOf('add', 0), at(0.8, 0.4, 0.3))).toBeGreaterThan(1e-2)
  })

  it('is near it with the gate of the defaults', () => {
    const config = { dit: size, headBlocks: 2, ...studentDefaults }
    const near = apart(config, at(0.8, 0.8, 0.3))

    expect(near).toBeGreaterThan(1e-3)
    expect(near).toBeLessThan(0.5 * apart(configOf('gated', 3), at(0.8, 0.8, 0.3)))
  })

  it('reads main features through the concatenation, and the inner state a little', () => {
    const near = apart(configOf('concat', 0), at(0.8, 0.8, 0.3))

    expect(near).toBeGreaterThan(1e-4)
    expect(near).toBeLessThan(0.5)
  })

  it('does not see the length of a step, but can learn to', () => {
    const { params, own, output } = predicted(configOf('gated', -3))
    const all = named(params, 'student')
    const loss = sum('all')(square(output))
    const { 0: first, 2: last } = gradOf(loss)(own).delta_embedding

    expect(furthest(valueOf(output, all, at(0.8, 0.8, 0.3)), valueOf(output, all, at(0.8, 0.8, 0.7)))).toBe(0)
    expect(valueOf(last.weight, all, at(0.8, 0.8, 0.3)).data.some((g) => Math.abs(g) > 1e-6)).toBe(true)
    // The first layer follows once the last has moved; were its hidden units zero, neither ever would.
    expect(valueOf(first.weight, all, at(0.8, 0.8, 0.3)).data.every((g) => g === 0)).toBe(true)
  })

  it('is the same from the same key', () => {
    const config = configOf('gated', -3)

    expect(initStudent(config)(teacher, key(3))).toEqual(initStudent(config)(teacher, key(3)))
    expect(initStudent(config)(teacher, key(4))).not.toEqual(initStudent(config)(teacher, key(3)))
  })
})

const blockOf = (name: string): string | undefined => /^student\.blocks\.(\d)/.exec(name)?.[1]

describe('a student', () => {
  it('runs its first blocks for the outer time and its last for the inner', () => {
    const { own } = predicted(configOf('gated', -3))
    const { backbone, head } = student(configOf('gated', -3))
    const m = input('m', 'f32', [2, 8, 12])
    const blocks = (output: Real): ReadonlySet<string> =>
      new Set(topological([output]).flatMap(({ term }) => (term._tag === 'Input' ? (blockOf(term.name) ?? []) : [])))

    expect(blocks(backbone(own, x, t, context))).toEqual(new Set(['0', '1']))
    expect(blocks(head(own, m, y, s, step, context))).toEqual(new Set(['2', '3']))
  })

  it('says that its parameters are those of another fusion', () => {
    const config = configOf('concat', 0)
    const own = {
      ...inputsOf(ditParameters(size), 'student'),
      ...inputsOf(studentExtras(configOf('gated', -3)), 'student')
    }
    const { backbone, head } = student(config)

    expect(sentences(head(own, backbone(own, x, t, context), y, s, step, context))).toEqual([
      "student: the parameters are not those of the fusion 'concat'"
    ])
  })
})

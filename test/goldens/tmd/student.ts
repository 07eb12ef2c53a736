/** The student's inner flow, its samples, and sampling in full. */
import type { InnerNoise } from '../../../src/flow/flowMap.ts'
import { narrow, reshape } from '../../../src/ops/api.ts'
import type { Real } from '../../../src/nn/params.ts'
import { interpolate } from '../../../src/flow/path.ts'
import { innerSteps, toSample, toSampleAsPrinted } from '../../../src/tmd/innerFlow.ts'
import { aimed, clockLike, headAt, type Aim } from '../../../src/tmd/model.ts'
import { samplePath, type OuterStep, type SampleOptions } from '../../../src/tmd/sample.ts'
import type { Fusion } from '../../../src/tmd/student.ts'
import { blocksRun, effectiveNfe } from '../../../src/tmd/effectiveNfe.ts'
import { expecting, onHost, type Adapter, type Case, type Tensors } from '../case.ts'
import { studentHead } from '../student.ts'
import { doubles, configOf, hosted, studentModel, timesOf } from './networks.ts'
import { entryOf, expected, given, inNames, said, vector, type Golden } from './expected.ts'

type Named = Readonly<Record<string, Real>>

const innerGrid = (set: Golden, steps: number): ReadonlyArray<number> => [...doubles(set, `grid.inner.N${steps}`)]
const outerGrid = (set: Golden, steps: number): ReadonlyArray<number> => [...doubles(set, `grid.outer.M${steps}`)]

const aims: Readonly<Record<string, Aim>> = {
  sampled: { target: 'velocity', noise: 'sampled' },
  implied: { target: 'velocity', noise: 'implied' },
  x: { target: 'data', noise: 'implied' }
}

const only = (set: Golden, values: ReadonlyArray<readonly [string, Real]>): Named =>
  Object.fromEntries(values.filter(([name]) => set.tensors.has(name)))

/** A student as names have it: `H2.gated`. */
interface Student {
  readonly prefix: string
  readonly headBlocks: number
  readonly fusion: Fusion
}

/** The students of which more than one call is stored. */
const studentsOf = (set: Golden): ReadonlyArray<Student> =>
  inNames(set, /^(H\d+\.\w+)\.(?:flow|xhat|sample)\./).map((prefix) => {
    const [blocks = '', fusion = ''] = prefix.slice(1).split('.')
    return { prefix, headBlocks: Number(blocks), fusion: fusion as Fusion }
  })

const stepsOf = (set: Golden, of: string): ReadonlyArray<number> =>
  inNames(set, new RegExp(`^grid\\.${of}(\\d+)$`)).map(Number)

/** Inner flows of one student, and the samples that they lead to. */
const flows = (set: Golden, networks: Tensors, { prefix, headBlocks, fusion }: Student): ReadonlyArray<Case> => {
  const of = given(set)
  const { params, model } = studentModel(set, fusion, headBlocks)
  const { inputs: time, values } = hosted({ t: timesOf(set, 't') }, 'time')
  const raw = headAt(model)(params, of('x_t'), time.t, of('c'))
  return Object.entries(aims).flatMap(([name, aim]) =>
    stepsOf(set, 'inner\\.N').map((steps): Case => {
      const options = { grid: innerGrid(set, steps), noise: aim.noise }
      const made = innerSteps(options, clockLike(time.t))(aimed(aim.target, of('x_t'), time.t)(raw))(of('y1'))
      const y = made.at(-1)?.y ?? of('y1')
      const outputs = only(set, [
        ...made.flatMap((step, k) => [
          [`${prefix}.flow.${name}.N${steps}.h.${steps - k}`, step.h] as const,
          [`${prefix}.flow.${name}.N${steps}.y.${steps - k - 1}`, step.y] as const
        ]),
        [`${prefix}.xhat.consistent.${name}.N${steps}`, toSample(of('x_t'), time.t.value)(y)],
        [`${prefix}.xhat.literal.${name}.N${steps}`, toSampleAsPrinted(of('x1'))(y)]
      ])
      return {
        name: `inner flow, ${prefix}, ${name}, ${steps} steps`,
        outputs,
        inputs: new Map([...networks, ...set.tensors, ...values]),
        expected: expected(set, Object.keys(outputs))
      }
    })
  )
}

const noised = (set: Golden): Case => {
  const { inputs: time, values } = hosted({ t: timesOf(set, 't') }, 'time')
  const of = given(set)
  return {
    name: 'noised data',
    outputs: { x_t: interpolate(of('x'), of('x1'), time.t.value) },
    inputs: new Map([...set.tensors, ...values]),
    expected: expected(set, ['x_t'])
  }
}

/** How samples are drawn, as names have it: `{step}.{noise}.{start}`, or `targetx.{start}`. */
const variantOf = (name: string): Pick<SampleOptions, 'step' | 'start'> & Aim => {
  const [step = '', ...rest] = name.split('.')
  const start = rest.at(-1) as SampleOptions['start']
  return step === 'targetx'
    ? { target: 'data', noise: 'implied', step: 'eq18', start }
    : {
        target: 'velocity',
        noise: rest[0] as InnerNoise,
        step: step === 'alg1' ? 'transition' : (step as OuterStep),
        start
      }
}

const entriesOf = (x: Real): ReadonlyArray<Real> =>
  Array.from({ length: x.shape[0] ?? 0 }, (_, i) => reshape(x.shape.slice(1))(narrow(0, i, i + 1)(x)))

const sampling = (set: Golden, networks: Tensors, { prefix, headBlocks, fusion }: Student): ReadonlyArray<Case> => {
  const of = given(set)
  const { params, model } = studentModel(set, fusion, headBlocks)
  const noise = { noise: of('eps'), innerNoise: entriesOf(of('y1_steps')), fresh: entriesOf(of('fresh')) }
  const innerSteps = said(entryOf<{ readonly about: string }>(set, 'sample').about, 'N')
  const names = inNames(set, new RegExp(`^${prefix.replace('.', '\\.')}\\.sample\\.(.+\\.M\\d+)\\.x\\.\\d+$`))
  return names.map((name): Case => {
    const [variant = '', outerSteps] = name.split('.M')
    const options: SampleOptions = {
      ...variantOf(variant),
      outer: outerGrid(set, Number(outerSteps)),
      grid: innerGrid(set, innerSteps),
      frequencies: configOf(set).freq_dim
    }
    const states = samplePath(options)(model)(params, noise, of('c'))
    const last = states.length - 1
    const outputs = only(
      set,
      states.map((x, k) => [`${prefix}.sample.${name}.x.${last - k}`, x])
    )
    return {
      name: `sampling, ${prefix}, ${variant}, ${outerSteps} steps`,
      outputs,
      inputs: new Map([...networks, ...set.tensors]),
      expected: expected(set, Object.keys(outputs))
    }
  })
}

interface BlockRow {
  readonly H: number
  readonly L: number
  readonly M: number
  readonly N: number
  readonly blocks: number
  readonly effective_nfe: number
}

const blocks = (set: Golden): Case => {
  const { rows } = entryOf<{ readonly rows: ReadonlyArray<BlockRow> }>(set, 'blocks')
  const costs = rows.map(({ H, L, M, N }) => ({ outerSteps: M, innerSteps: N, headBlocks: H, blocks: L }))
  const column = (of: 'blocks' | 'effective_nfe') => [of, expecting(vector(rows.map((row) => row[of])))] as const
  return onHost(
    'blocks run',
    () =>
      new Map([
        ['blocks', vector(costs.map(blocksRun))],
        ['effective_nfe', vector(costs.map(effectiveNfe))]
      ]),
    new Map([column('blocks'), column('effective_nfe')])
  )
}

export const student =
  (networks: Tensors): Adapter =>
  (manifest, tensors) => {
    const set = { manifest, tensors }
    return [
      noised(set),
      ...studentHead(networks)(manifest, tensors),
      ...studentsOf(set).flatMap((named) => [...flows(set, networks, named), ...sampling(set, networks, named)]),
      blocks(set)
    ]
  }

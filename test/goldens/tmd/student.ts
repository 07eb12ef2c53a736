/** The student's inner flow, its samples, and sampling in full. */
import { narrow, reshape } from '../../../src/ops/api.ts'
import type { Real } from '../../../src/nn/params.ts'
import { interpolate } from '../../../src/flow/path.ts'
import { innerSteps, toSample, toSampleAsPrinted } from '../../../src/tmd/innerFlow.ts'
import { aimed, clockLike, headAt, type Aim } from '../../../src/tmd/model.ts'
import { samplePath, type OuterStep, type SampleOptions } from '../../../src/tmd/sample.ts'
import type { Fusion } from '../../../src/tmd/student.ts'
import { blocksRun, effectiveNfe } from '../../../src/tmd/effectiveNfe.ts'
import { onHost, type Adapter, type Case, type Tensors } from '../case.ts'
import { studentHead } from '../student.ts'
import { doubles, configOf, headBlocks, hosted, studentModel, timesOf } from './networks.ts'
import { expected, given, vector, type Golden } from './expected.ts'

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

/** Inner flows of one fusion, and the samples that they lead to. */
const flows = (set: Golden, networks: Tensors, fusion: Fusion): ReadonlyArray<Case> => {
  const of = given(set)
  const { params, model } = studentModel(set, fusion)
  const { inputs: time, values } = hosted({ t: timesOf(set, 't') }, 'time')
  const raw = headAt(model)(params, of('x_t'), time.t, of('c'))
  return Object.entries(aims).flatMap(([name, aim]) =>
    [1, 2, 4].map((steps): Case => {
      const prefix = `H${headBlocks}.${fusion}`
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
        name: `inner flow, ${fusion}, ${name}, ${steps} steps`,
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

interface Variant {
  readonly aim: Aim
  readonly step: OuterStep
  readonly start: SampleOptions['start']
  /** The stored name of the state `x.i`. */
  readonly name: string
}

const variants: ReadonlyArray<Variant> = [
  ...(['sampled', 'implied'] as const).flatMap((noise) =>
    (['noise', 'scaled'] as const).map(
      (start): Variant => ({
        aim: { target: 'velocity', noise },
        step: 'transition',
        start,
        name: `alg1.${noise}.${start}`
      })
    )
  ),
  ...(['eq18', 'eq18printed', 'eq19'] as const).map(
    (step): Variant => ({
      aim: { target: 'velocity', noise: 'implied' },
      step,
      start: 'noise',
      name: `${step}.implied.noise`
    })
  ),
  { aim: { target: 'data', noise: 'implied' }, step: 'eq18', start: 'noise', name: 'targetx.noise' }
]

const entriesOf = (x: Real): ReadonlyArray<Real> =>
  Array.from({ length: x.shape[0] ?? 0 }, (_, i) => reshape(x.shape.slice(1))(narrow(0, i, i + 1)(x)))

const sampling = (set: Golden, networks: Tensors, fusion: Fusion): ReadonlyArray<Case> => {
  const of = given(set)
  const { params, model } = studentModel(set, fusion)
  const noise = { noise: of('eps'), innerNoise: entriesOf(of('y1_steps')), fresh: entriesOf(of('fresh')) }
  return variants.flatMap(({ aim, step, start, name }) =>
    [1, 2].flatMap((outerSteps): ReadonlyArray<Case> => {
      const options: SampleOptions = {
        ...aim,
        step,
        start,
        outer: outerGrid(set, outerSteps),
        grid: innerGrid(set, 2),
        frequencies: configOf(set).freq_dim
      }
      const states = samplePath(options)(model)(params, noise, of('c'))
      const outputs = only(
        set,
        states.map((x, k) => [`H${headBlocks}.${fusion}.sample.${name}.M${outerSteps}.x.${outerSteps - k}`, x])
      )
      return Object.keys(outputs).length === 0
        ? []
        : [
            {
              name: `sampling, ${fusion}, ${name}, ${outerSteps} steps`,
              outputs,
              inputs: new Map([...networks, ...set.tensors]),
              expected: expected(set, Object.keys(outputs))
            }
          ]
    })
  )
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
  const cases = set.manifest['cases'] as ReadonlyArray<{
    readonly case: string
    readonly rows?: ReadonlyArray<BlockRow>
  }>
  const rows = cases.find((entry) => entry.case === 'blocks')?.rows ?? []
  const costs = rows.map(({ H, L, M, N }) => ({ outerSteps: M, innerSteps: N, headBlocks: H, blocks: L }))
  return onHost(
    'blocks run',
    () =>
      new Map([
        ['blocks', vector(costs.map(blocksRun))],
        ['nfe', vector(costs.map(effectiveNfe))]
      ]),
    new Map([
      ['blocks', { tensor: vector(rows.map((row) => row.blocks)), tolerance: 0 }],
      ['nfe', { tensor: vector(rows.map((row) => row.effective_nfe)), tolerance: 0 }]
    ])
  )
}

export const student =
  (networks: Tensors): Adapter =>
  (manifest, tensors) => {
    const set = { manifest, tensors }
    const fusions: ReadonlyArray<Fusion> = ['gated', 'concat']
    return [
      noised(set),
      ...studentHead(networks)(manifest, tensors),
      ...fusions.flatMap((fusion) => [...flows(set, networks, fusion), ...sampling(set, networks, fusion)]),
      blocks(set)
    ]
  }

/** The loss of stage 1 with all its parts, and its gradients. */
import { differenceAt, modeOf, type DifferenceRule } from '../../../src/autodiff/finiteDifference.ts'
import { gradOf } from '../../../src/autodiff/grad.ts'
import type { Expr } from '../../../src/core/Expr.ts'
import { earliest, latest } from '../../../src/flow/schedule.ts'
import { stage1DrawsOf } from '../../../src/tmd/draws.ts'
import { meanFlow, type MeanFlowInputs, type MeanFlowOptions } from '../../../src/tmd/meanFlowLoss.ts'
import type { Aim } from '../../../src/tmd/model.ts'
import type { Fusion } from '../../../src/tmd/student.ts'
import type { Real } from '../../../src/nn/params.ts'
import { onHost, type Adapter, type Case, type Tensors } from '../case.ts'
import { entries, expected, given, integers, type Golden } from './expected.ts'
import { gradientOutputs } from './gradients.ts'
import { configOf, doubles, hosted, negativeOf, studentModel } from './networks.ts'

interface Stage1Case {
  readonly case: string
  readonly H: number
  readonly fusion: Fusion
  readonly noise: 'sampled' | 'implied'
  readonly tangent: MeanFlowOptions['tangent']
  readonly rule: DifferenceRule
  readonly target: 'velocity' | 'x'
  readonly r: string
  readonly s: string
}

const aimOf = ({ target, noise }: Stage1Case): Aim =>
  target === 'x' ? { target: 'data', noise: 'implied' } : { target: 'velocity', noise }

/** The normalisers that a case is stored with, as parts of `d`: `d`, `1e-5d`. */
const normalisersOf = (set: Golden, name: string): ReadonlyArray<readonly [text: string, part: number]> =>
  Object.keys(entries(set)).flatMap((tensor) => {
    const text = tensor.startsWith(`${name}.loss.`) ? tensor.slice(`${name}.loss.`.length) : undefined
    return text === undefined ? [] : [[text, Number(text.replace(/d$/, '') || 1)] as const]
  })

const stored = (set: Golden, outputs: Readonly<Record<string, Expr>>): Readonly<Record<string, Expr>> =>
  Object.fromEntries(Object.entries(outputs).filter(([name]) => set.tensors.has(name)))

const caseOf = (set: Golden, networks: Tensors, row: Stage1Case): ReadonlyArray<Case> => {
  const of = given(set)
  const name = row.case
  const s = doubles(set, row.s)
  const r = row.r.startsWith('s') ? s : doubles(set, 'r')
  const difference = { delta: Number(set.manifest['delta']), min: earliest, max: latest, rule: row.rule }
  const kept = doubles(set, 'drop').map((drop) => 1 - drop)
  const draws = stage1DrawsOf({ difference, frequencies: configOf(set).freq_dim })({
    t: doubles(set, 't'),
    s,
    r,
    kept
  })
  const { inputs, values } = hosted(draws, 'draws')
  const { params, model } = studentModel(set, row.fusion, row.H)
  const operands: MeanFlowInputs<Real> = {
    x: of('x'),
    noise: of('x1'),
    innerNoise: of('y1'),
    context: of('c'),
    negative: negativeOf(set, s.length),
    draws: inputs
  }
  const optionsOf = (normaliser: number): MeanFlowOptions => ({
    ...aimOf(row),
    guidance: Number(set.manifest['omega']),
    tangent: row.tangent,
    derivative: 'difference',
    normaliser
  })
  const parts = meanFlow(optionsOf(1))(model)(params, operands)
  const outputs = stored(set, {
    [`${name}.x_t`]: parts.xt,
    [`${name}.y`]: parts.y,
    [`${name}.y_s`]: parts.ys,
    [`${name}.h`]: parts.h,
    [`${name}.h_neg`]: parts.hNegative,
    [`${name}.u`]: parts.u,
    [`${name}.v_cond`]: parts.vConditional,
    [`${name}.v_neg`]: parts.vNegative,
    [`${name}.v_guided`]: parts.vGuided,
    [`${name}.du_ds`]: parts.derivative,
    [`${name}.du_ds_exact`]: meanFlow({ ...optionsOf(1), derivative: 'exact' })(model)(params, operands).derivative,
    [`${name}.target`]: parts.target,
    [`${name}.error`]: parts.error
  })
  const losses = normalisersOf(set, name).map(([c, normaliser]): Case => {
    const { loss } = meanFlow(optionsOf(normaliser))(model)(params, operands)
    const made = {
      [`${name}.loss.${c}`]: loss,
      ...gradientOutputs(set, `${name}.${c}`, row.fusion, gradOf(loss)(params))
    }
    return {
      name: `${name}, loss and gradients with c = ${c}`,
      outputs: made,
      inputs: new Map([...networks, ...set.tensors, ...values]),
      expected: expected(set, Object.keys(made))
    }
  })
  const modes = Array.from(s, (time, i) => modeOf(time)(differenceAt(difference)(time, r[i] ?? NaN)))
  return [
    onHost(`${name}, modes`, () => new Map([[`${name}.mode`, integers(modes)]]), expected(set, [`${name}.mode`])),
    {
      name: `${name}, parts`,
      outputs,
      inputs: new Map([...networks, ...set.tensors, ...values]),
      expected: expected(set, Object.keys(outputs))
    },
    ...losses
  ]
}

export const stage1 =
  (networks: Tensors): Adapter =>
  (manifest, tensors) =>
    (manifest['cases'] as ReadonlyArray<Stage1Case>).flatMap((row) => caseOf({ manifest, tensors }, networks, row))

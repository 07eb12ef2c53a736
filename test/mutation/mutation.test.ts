import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apply, input } from '../../src/core/Expr.ts'
import type { Op } from '../../src/core/Op.ts'
import { ops } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { software } from '../device/software.ts'
import { done } from '../runtime/running.ts'
import { derivativeLaws, judgeRule } from './judge.ts'
import { nameOf, type Mutant, type Outcome } from './Mutant.ts'
import { variants } from './parameters.ts'
import { ruleMutants } from './rules.ts'
import { holds, judgeLowering, loweringMutants } from './targets.ts'
import { textChanges } from './wgsl.ts'

const named = (name: string): Op => ops[name] as Op

/** A few operations of every kind: the whole registry is what `npm run mutate` is for. */
const sample = ['div', 'sum', 'pad', 'softmax']

const tags = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> => outcomes.map(({ _tag }) => _tag)

const survivors = (mutants: ReadonlyArray<Mutant>, outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> =>
  mutants.filter((_, i) => outcomes[i]?._tag === 'Survived').map(nameOf)

describe('mutants of derivatives', () => {
  for (const name of sample)
    it(`of ${name} are caught by the laws, or compute the same`, () => {
      const mutants = (['vjp', 'jvp'] as const).flatMap((rule) => ruleMutants(rule)(named(name)))
      const outcomes = mutants.map(judgeRule(derivativeLaws))

      expect(tags(outcomes).filter((tag) => tag === 'Caught').length).toBeGreaterThan(mutants.length / 2)
      expect(survivors(mutants, outcomes)).toEqual([])
    })

  it('have a sign, a factor, a term, an order and an axis that are wrong', () => {
    const changes = [...ruleMutants('vjp')(named('sub')), ...ruleMutants('vjp')(named('div'))].map((m) => m.change)
    const ofSum = ruleMutants('jvp')(named('sum')).map(({ change }) => change)

    expect(changes).toEqual(expect.arrayContaining(['result 1 negated', 'result 1 doubled', 'result 2 dropped']))
    expect(changes).toEqual(expect.arrayContaining(['results 1 and 2 exchanged', 'neg#1: negated']))
    expect(changes).toContainEqual(expect.stringMatching(/operands 1 and 2 exchanged/))
    expect(ofSum).toContainEqual(expect.stringMatching(/^sum#1: axes/))
  })

  it('survive where no law looks', () => {
    const [first] = ruleMutants('vjp')(named('mul'))

    expect(judgeRule(() => ({}))(first as Mutant)).toEqual({ _tag: 'Survived' })
  })

  it('are set aside where they compute the same', () => {
    const swapped = ruleMutants('vjp')(named('mul')).find(
      ({ change }) => change.endsWith('exchanged') && change.startsWith('mul')
    )

    expect(judgeRule(() => ({}))(swapped as Mutant)).toEqual({ _tag: 'Equivalent' })
  })

  it('change the derivative and nothing else', () => {
    const [{ broken, op }] = ruleMutants('vjp')(named('mul')) as [Mutant]
    const x = input('x', 'f32', [2])

    expect(apply(broken, [x, x]).shape).toEqual(apply(op, [x, x]).shape)
    expect({ ...broken, vjp: op.vjp }).toEqual(op)
  })
})

describe('changes of parameters', () => {
  it('differ in one place', () => {
    expect(variants({ axes: [0, 2] }).map(([, { axes }]) => axes)).toEqual([
      [2, 0],
      [1, 2],
      [-1, 2],
      [0, 3],
      [0, 1]
    ])
    expect(variants({ left: { over: [1] }, to: 'f32' }).map(([name]) => name)).toEqual([
      'left.over [0] + 1',
      'left.over [0] - 1'
    ])
  })
})

describe('changes of a text', () => {
  it('are one token each', () => {
    expect(textChanges('max(a - 1.0, (i + 2u))').map(([, text]) => text)).toEqual([
      'max(a + 1.0, (i + 2u))',
      'max(a - 1.0, (i - 2u))',
      'max(a - 1.0 * 2.0, (i + 2u))',
      'max(a - 1.0, (i + 3u))',
      'max( (i + 2u),a - 1.0)',
      'min(a - 1.0, (i + 2u))'
    ])
  })

  it('are none of a name', () => {
    expect(textChanges('h0_')).toEqual([])
  })
})

describe('mutants of lowerings to ONNX', () => {
  let device: Device
  beforeAll(async () => {
    device = await done(onnx({ optimization: 'disabled', threads: 1 }))
  })
  afterAll(() => done(device.dispose()))

  for (const name of ['sub', 'tanh', 'sum'])
    it(`of ${name} are caught by the agreement with the meaning`, async () => {
      const mutants = await loweringMutants('onnx', device)(named(name))
      const outcomes: Array<Outcome> = []
      for (const mutant of mutants) outcomes.push(await judgeLowering(device)(mutant))

      expect(await holds(named(name), device)).toBe(true)
      expect(tags(outcomes)).toContain('Caught')
      expect(survivors(mutants, outcomes)).toEqual([])
    })

  it('are refused where they are no programs', async () => {
    const wrong: Op = { ...named('sub'), onnx: (g) => () => g.node('NoSuchOperator', []) }

    expect(await judgeLowering(device)({ op: named('sub'), broken: wrong })).toMatchObject({ _tag: 'Refused' })
  })

  it('are set aside where they compute the same', async () => {
    expect(await judgeLowering(device)({ op: named('sub'), broken: named('sub') })).toEqual({ _tag: 'Equivalent' })
  })
})

const adapter = await software()

describe.skipIf(adapter === undefined)('mutants of lowerings to WGSL', () => {
  afterAll(() => done((adapter as Device).dispose()))

  for (const name of ['sub', 'relu'])
    it(`of ${name} are caught by the agreement with the meaning`, async () => {
      const mutants = await loweringMutants('wgsl', adapter as Device)(named(name))
      const outcomes: Array<Outcome> = []
      for (const mutant of mutants) outcomes.push(await judgeLowering(adapter as Device)(mutant))

      expect(tags(outcomes)).toContain('Caught')
      expect(survivors(mutants, outcomes)).toEqual([])
    })
})

describe('the name of a mutant', () => {
  it('says the operation, the rule and the change', () => {
    expect(nameOf({ op: { name: 'mul' }, rule: 'vjp', change: 'mul#1: negated' })).toBe('mul vjp, mul#1: negated')
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apply, input } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import type { Op } from '../../src/core/Op.ts'
import { ops } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { software } from '../device/software.ts'
import { done } from '../runtime/running.ts'
import { readJournal, remaining } from './journal.ts'
import { judgeRule, judgeTyping } from './judge.ts'
import { kernelCourt, openBench } from './kernel.ts'
import type { Judged, Mutant, Outcome } from './Mutant.ts'
import { variants } from './parameters.ts'
import { nameOf, refusalOf, report } from './report.ts'
import { ruleMutants } from './rules.ts'
import { holds, judgeLowering, loweringMutants } from './targets.ts'
import { typingMutants } from './typing.ts'
import { textChanges } from './wgsl.ts'

const named = (name: string): Op => ops[name] as Op

/** A few operations of every kind: the whole registry is what `npm run mutate` is for. */
const sample = ['div', 'sum', 'pad', 'softmax']

const tags = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> => outcomes.map(({ _tag }) => _tag)

const survivors = (mutants: ReadonlyArray<Mutant>, outcomes: ReadonlyArray<Outcome>): ReadonlyArray<string> =>
  mutants.filter((_, i) => outcomes[i]?._tag === 'Survived').map(({ change }) => change)

describe('mutants of rules', () => {
  for (const name of sample)
    it(`of ${name} are caught by the laws, or compute the same`, () => {
      const judged = (['vjp', 'jvp', 'batch'] as const).map((rule) => {
        const mutants = ruleMutants(rule)(named(name))
        return { mutants, outcomes: mutants.map(judgeRule(rule)) }
      })
      const mutants = judged.flatMap((of) => of.mutants)
      const outcomes = judged.flatMap((of) => of.outcomes)

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

    expect(judgeRule('vjp', () => ({}))(first as Mutant)).toEqual({ _tag: 'Survived' })
  })

  it('are set aside where they compute the same', () => {
    const swapped = ruleMutants('vjp')(named('mul')).find(
      ({ change }) => change.endsWith('exchanged') && change.startsWith('mul')
    )

    expect(judgeRule('vjp', () => ({}))(swapped as Mutant)).toEqual({ _tag: 'Equivalent' })
  })

  it('change the derivative and nothing else', () => {
    const [{ broken, op }] = ruleMutants('vjp')(named('mul')) as [Mutant]
    const x = input('x', 'f32', [2])

    expect(apply(broken, [x, x]).shape).toEqual(apply(op, [x, x]).shape)
    expect({ ...broken, vjp: op.vjp }).toEqual(op)
  })
})

describe('mutants of rules for rows', () => {
  it('have rows of one operand for all, in the wrong order, and along the wrong axis', () => {
    const changes = ruleMutants('batch')(named('sum')).map(({ change }) => change)

    expect(changes).toEqual(expect.arrayContaining(['the first row for all', 'rows in the opposite order']))
    expect(changes).toContainEqual(expect.stringMatching(/^sum#1: axes/))
  })

  it('are caught where an operation is constant between its steps', () => {
    const mutants = ruleMutants('batch')(named('floor'))

    expect(survivors(mutants, mutants.map(judgeRule('batch')))).toEqual([])
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

describe('what became of mutants', () => {
  const one = (change: string, outcome: Outcome): Judged => ({ op: 'mul', rule: 'onnx', change, outcome })
  const judged = [
    one('a', { _tag: 'Caught', law: 'agrees' }),
    one('b', { _tag: 'Survived' }),
    one('c', { _tag: 'Refused', why: 'Op (Add) [ShapeInferenceError] Incompatible dimensions' }),
    one('d', { _tag: 'Refused', why: 'it does not end' })
  ]

  it('is a table by rule, with what refused and with every survivor by name', () => {
    const lines = report(judged)

    expect(lines[1]?.split(/ +/)).toEqual(['onnx', '4', '1', '0', '2', '1', '50.0'])
    expect(lines).toContain('refused onnx: sizes 1, does not end 1')
    expect(lines).toContain('survived: mul onnx, b')
  })

  it('is refused for reasons that are told apart', () => {
    expect(refusalOf("Type Error: Type 'tensor(uint32)' of input parameter")).toBe('element types')
    expect(refusalOf('nothing that anyone knows')).toBe('something else')
  })

  it('is taken up from what was written, though the last line is half a line', () => {
    const lines = judged.map((entry) => JSON.stringify({ _tag: 'Judged', ...entry }))
    const text = [...lines, '{"_tag":"Finished","task":"vjp mul"}', '{"_tag":"Jud'].join('\n')
    const tasks = (['vjp', 'onnx'] as const).map((rule) => ({ op: 'mul', rule, without: [] }))

    expect(remaining(tasks, readJournal(text))).toEqual([{ op: 'mul', rule: 'onnx', without: ['a', 'b', 'c', 'd'] }])
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

  it('are caught in typing rules by what the laws say of types and by what the target infers', async () => {
    const mutants = ['neg', 'less', 'transpose'].flatMap((name) => typingMutants(named(name)))
    const outcomes: Array<Outcome> = []
    for (const mutant of mutants) outcomes.push(await judgeTyping(device)(mutant))

    expect(mutants.map(({ change }) => change)).toEqual(
      expect.arrayContaining(['f32 to i32', 'bool to f32', 'axes reversed', 'axis 0 dropped', 'axis 1 + 1'])
    )
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

const bench = await openBench('swiftshader')

describe.skipIf(E.isLeft(bench))('mutants of functions of WGSL', () => {
  it('are caught by the agreement with the meaning', async () => {
    if (E.isLeft(bench)) return
    const court = await kernelCourt(bench.right, 'annihilate')
    expect(court).toMatchObject({ _tag: 'Right' })
    if (E.isLeft(court)) return
    const outcomes: Array<Outcome> = []
    for (const change of court.right.changes) outcomes.push(await court.right.judge(change))

    expect(tags(outcomes)).toContain('Caught')
    expect(tags(outcomes)).not.toContain('Survived')
  })
})

describe('the name of a mutant', () => {
  it('says the operation, the rule and the change', () => {
    expect(nameOf({ op: 'mul', rule: 'vjp', change: 'mul#1: negated' })).toBe('mul vjp, mul#1: negated')
  })
})

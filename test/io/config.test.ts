import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import { E } from '../../src/core/fp.ts'
import { atLeast, count, finite, fraction, natural, notNegative, oneOf, positive } from '../../src/io/codecs.ts'
import { editDistance, load, parse, show, type Schema } from '../../src/io/config.ts'
import * as Fault from '../../src/io/ConfigFault.ts'

const codec = t.strict({
  name: t.string,
  device: oneOf('auto', 'webgpu', 'onnx'),
  train: t.intersection([
    t.strict({ steps: natural, lr: positive, batch: count }),
    t.partial({ warmup: fraction, note: t.union([t.string, t.null]) })
  ]),
  schedule: t.union([
    t.strict({ kind: t.literal('constant') }),
    t.strict({ kind: t.literal('cosine'), floor: t.number })
  ]),
  layers: t.readonlyArray(t.strict({ width: count })),
  tags: t.record(t.string, t.number)
})
type Config = t.TypeOf<typeof codec>

const defaults: Config = {
  name: 'run',
  device: 'auto',
  train: { steps: 100, lr: 1e-3, batch: 8 },
  schedule: { kind: 'constant' },
  layers: [{ width: 4 }],
  tags: {}
}
const schema: Schema<Config> = { codec, defaults }

const read = (text: string, ...overrides: ReadonlyArray<string>): E.Either<Fault.ConfigFaults, Config> =>
  parse(schema)({ file: 'config.yaml', text, overrides })

const sentences = (text: string, ...overrides: ReadonlyArray<string>): ReadonlyArray<string> => {
  const result = read(text, ...overrides)
  return E.isLeft(result) ? result.left.map(Fault.show) : []
}

const configs: fc.Arbitrary<Config> = fc.record({
  name: fc.string({ unit: 'grapheme' }),
  device: fc.constantFrom('auto', 'webgpu', 'onnx'),
  train: fc.record(
    {
      steps: fc.maxSafeNat(),
      lr: fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
      batch: fc.integer({ min: 1 }),
      warmup: fc.double({ min: 0, max: 1, noNaN: true }),
      note: fc.oneof(fc.string(), fc.constant(null))
    },
    { requiredKeys: ['steps', 'lr', 'batch'] }
  ),
  schedule: fc.oneof(
    fc.constant({ kind: 'constant' as const }),
    fc.record({ kind: fc.constant('cosine' as const), floor: fc.double({ noNaN: true, noDefaultInfinity: true }) })
  ),
  layers: fc.array(fc.record({ width: fc.integer({ min: 1 }) })),
  tags: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.integer())
})

describe('a configuration', () => {
  it('is read back from what is shown of it', () => {
    fc.assert(
      fc.property(configs, (config) => {
        expect(read(show(schema, config))).toEqual(E.right(config))
      })
    )
  })

  it('has its defaults where the file says nothing', () => {
    expect(read('')).toEqual(E.right(defaults))
    expect(read('train:\n')).toEqual(E.right(defaults))
    expect(read('train:\n  steps: 3\n')).toEqual(E.right({ ...defaults, train: { ...defaults.train, steps: 3 } }))
  })

  it('says where a wrong value stands, what was expected and what is there', () => {
    expect(sentences('name: x\ntrain:\n  lr: 1e-3\n  steps: many\n')).toEqual([
      'config.yaml:4:10: train.steps: expected a whole number that is not negative, got "many"'
    ])
    expect(sentences('device: cuda\n')).toEqual([
      'config.yaml:1:9: device: expected one of auto, webgpu, onnx, got "cuda"'
    ])
    expect(sentences('layers:\n  - width: 1\n  - width: -2\n')).toEqual([
      'config.yaml:3:12: layers.1.width: expected a whole number above 0, got -2'
    ])
    expect(sentences('train: 3\n')).toEqual(['config.yaml:1:8: train: expected a section, got 3'])
    expect(sentences('train: {warmup: 2}\n')).toEqual([
      'config.yaml:1:17: train.warmup: expected a number from 0 to 1, got 2'
    ])
    expect(sentences('train: {note: [1]}\n')).toEqual(['config.yaml:1:15: train.note: expected text or null, got [1]'])
  })

  it('reads the alternative of a union that its tag names', () => {
    expect(sentences('schedule:\n  kind: cosine\n  floor: low\n')).toEqual([
      'config.yaml:3:10: schedule.floor: expected a number, got "low"'
    ])
    expect(sentences('schedule:\n  kind: linear\n')).toEqual([
      'config.yaml:2:9: schedule.kind: expected one of constant, cosine, got "linear"'
    ])
    expect(sentences('schedule:\n  kind: cosine\n')).toEqual([
      'config.yaml:2:3: schedule.floor is missing; expected a number'
    ])
    expect(sentences('schedule:\n  kind: constant\n  floor: 1\n')).toEqual([
      'config.yaml:3:3: unknown key schedule.floor'
    ])
  })

  it('refuses unknown keys, and suggests a known one within two edits', () => {
    expect(sentences('train:\n  lrr: 3\n')).toEqual(['config.yaml:2:3: unknown key train.lrr; did you mean train.lr?'])
    expect(sentences('train:\n  setps: 3\n')).toEqual([
      'config.yaml:2:3: unknown key train.setps; did you mean train.steps?'
    ])
    expect(sentences('momentum: 3\n')).toEqual(['config.yaml:1:1: unknown key momentum'])
    expect(sentences('layers:\n  - width: 2\n    depth: 3\n')).toEqual(['config.yaml:3:5: unknown key layers.0.depth'])
    expect(sentences('tags: {anything: 3}\n')).toEqual([])
  })

  it('says which numbers a codec takes, for every number that it does not', () => {
    const codecs = { natural, finite, notNegative, from2: atLeast(2, 'at 1 nothing happens') }
    const numbers = {
      codec: t.strict(codecs),
      defaults: { natural: 0, finite: -1, notNegative: 0, from2: 2 }
    }
    const told = (text: string): unknown => {
      const result = parse(numbers)({ file: 'c.yaml', text, overrides: [] })
      return E.isLeft(result) ? result.left.map(Fault.show) : []
    }

    expect(told('')).toEqual([])
    expect(told('natural: -1\n')).toEqual([
      'c.yaml:1:10: natural: expected a whole number that is not negative, got -1'
    ])
    expect(told('finite: .inf\n')).toEqual(['c.yaml:1:9: finite: expected a finite number, got Infinity'])
    expect(told('finite: .nan\n')).toEqual(['c.yaml:1:9: finite: expected a finite number, got NaN'])
    expect(told('notNegative: -0.1\n')).toEqual([
      'c.yaml:1:14: notNegative: expected a number that is not negative, got -0.1'
    ])
    expect(told('notNegative: .inf\n')).toEqual([
      'c.yaml:1:14: notNegative: expected a number that is not negative, got Infinity'
    ])
    expect(told('from2: 1\n')).toEqual([
      'c.yaml:1:8: from2: expected a whole number of at least 2 (at 1 nothing happens), got 1'
    ])
  })

  it('tells all mistakes at once', () => {
    expect(sentences('nmae: x\ndevice: 3\ntrain:\n  steps: 1.5\n')).toEqual([
      'config.yaml:1:1: unknown key nmae; did you mean name?',
      'config.yaml:2:9: device: expected one of auto, webgpu, onnx, got 3',
      'config.yaml:4:10: train.steps: expected a whole number that is not negative, got 1.5'
    ])
  })

  it('takes overrides above the file, the last one first', () => {
    const result = read(
      'train:\n  steps: 3\n',
      'train.steps=4',
      'train.lr=1e-5',
      'train.steps=5',
      'layers=[{width: 2}]'
    )
    expect(result).toEqual(E.right({ ...defaults, train: { steps: 5, lr: 1e-5, batch: 8 }, layers: [{ width: 2 }] }))
  })

  it('names the override that a mistake comes from', () => {
    expect(sentences('', 'train.steps=many')).toEqual([
      '--set train.steps=many: train.steps: expected a whole number that is not negative, got "many"'
    ])
    expect(sentences('', 'train.lrr=1')).toEqual(['--set train.lrr=1: unknown key train.lrr; did you mean train.lr?'])
    expect(sentences('', 'train.steps')).toEqual(['--set train.steps: expected name=value, as in train.steps=100'])
    expect(sentences('', '=3')).toEqual(['--set =3: expected name=value, as in train.steps=100'])
    expect(sentences('', 'name=[')).toEqual(['--set name=[: the value is not YAML'])
  })

  it('says where YAML is broken', () => {
    expect(sentences('name: x\nname: y\n')).toEqual(['config.yaml:2:1: Map keys must be unique'])
    expect(sentences('train: {steps: 3\n')[0]).toMatch(/^config\.yaml:2:1: /)
    expect(sentences('- 1\n')).toEqual(['config.yaml:1:1: expected a section, got [1]'])
  })

  it('that cannot be read is a fault', async () => {
    const result = await load(schema)('/nowhere/config.yaml')()
    expect(E.isLeft(result) && result.left.map(Fault.show)).toEqual(['/nowhere/config.yaml: no such file or folder'])
  })
})

describe('the distance of two words', () => {
  const word = fc.string({ maxLength: 8 })

  it('is a metric', () => {
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c))
      })
    )
  })

  it('counts single edits', () => {
    expect(editDistance('kitten', 'sitting')).toBe(3)
    expect(editDistance('', 'abc')).toBe(3)
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isExpr } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { compile } from './compiler.ts'
import { built, namesIn } from './built.ts'
import { functions } from './calls.ts'
import * as mistakes from './mistakes.ts'

interface Mistake {
  readonly name: string
  /** Counted from 1, of the line that is wrong. */
  readonly line: number
  readonly sentence: string
  readonly call: string
}

const text = readFileSync(new URL('./mistakes.ts', import.meta.url), 'utf8')

const expected: ReadonlyArray<Mistake> = text.split('\n').flatMap((line, i, lines) => {
  const sentence = /^\/\/ @ts-expect-error (.*)$/.exec(line)?.[1]
  const call = /^\S.*(?:\n .*)*/.exec(lines.slice(i + 1).join('\n'))?.[0] ?? ''
  const name = /^export const (\w+)/.exec(call)?.[1]
  return sentence === undefined || name === undefined ? [] : [{ name, line: i + 2, sentence, call }]
})

/** The errors that the compiler finds when nothing is expected: a line number, and all that is said of it. */
const errors = new Map(
  compile(text.replaceAll('@ts-expect-error', 'expected:'))
    .split(/^text\.ts|^\S*text\.ts/m)
    .flatMap((message) => {
      const line = /^\((\d+),/.exec(message)?.[1]
      return line === undefined ? [] : [[Number(line), message] as const]
    })
)

/** Rules of shapes and element types speak for themselves; what is no tensor at all is the compiler's to say. */
const isOfRule = (sentence: string): boolean => /^\w+: /.test(sentence)

describe('the sentences of wrong calls', () => {
  it('are one for each mistake', () => {
    expect([...errors.keys()]).toEqual(expected.map(({ line }) => line))
  })

  for (const { line, sentence } of expected)
    it(`say "${sentence}"`, () => {
      expect(errors.get(line)).toContain(isOfRule(sentence) ? `"${sentence}"` : sentence)
    })

  it('begin with a function of the call', () => {
    const strange = expected.filter(
      ({ sentence, call }) => isOfRule(sentence) && !namesIn(call).includes(sentence.split(':')[0] ?? '')
    )

    expect(strange).toEqual([])
  })
})

describe('the sentences of built graphs', () => {
  const sizes = (sentence: string) => sentence.replaceAll('batch', '8').replaceAll('tokens', '4')

  for (const { name, sentence } of expected.filter((mistake) => isOfRule(mistake.sentence)))
    it(`are those of the types: ${sentence}`, () => {
      const built = (mistakes as Readonly<Record<string, unknown>>)[name]

      expect(isExpr(built) ? built.faults.map(show) : []).toEqual([sizes(sentence)])
    })
})

describe('what the types let pass', () => {
  for (const [call, { made, sentences }] of Object.entries(built))
    it(`is a sentence when it is built: ${call}`, () => {
      expect(made().faults.map(show)).toEqual(sentences)
    })
})

it('every public function has a wrong call', () => {
  const wrong = new Set([...expected.flatMap(({ call }) => namesIn(call)), ...Object.keys(built)])

  expect(functions.filter((name) => !wrong.has(name))).toEqual([])
})

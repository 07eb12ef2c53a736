import { describe, expect, it } from 'vitest'
import { indexArithmetic } from '../../../laws/indexArithmetic.ts'
import { indexArithmeticMutants } from '../../../laws/mutants/indexArithmetic.ts'
import * as Index from '../../../src/compile/wgsl/Index.ts'
import { covered, hold, reject } from '../../laws/hold.ts'

const ranges = new Map([
  ['i', 23],
  ['r', 6],
  ['e', 3]
])

const normal = (text: string): string => Index.print(Index.parse(text, ranges))

describe('index arithmetic', () => {
  hold(indexArithmetic(Index), 2000)
  reject(indexArithmeticMutants(Index), 1000)
  covered(indexArithmetic(Index), indexArithmeticMutants(Index))

  const cancelled: ReadonlyArray<readonly [string, string]> = [
    ['((i / 12u) * 12u + ((i / 4u) % 3u) * 4u + i % 4u)', 'i'],
    ['(((r * 4u + e) / 4u) * 8u + (r * 4u + e) % 4u)', '(r * 8u + e)'],
    ['((i * 12u + r) / 12u)', 'i'],
    ['((i * 12u + r) % 12u)', 'r'],
    ['((r * 4u + e) / 12u)', '(r / 3u)'],
    ['(i / 24u)', '0u'],
    ['(i % 24u)', 'i'],
    ['((5u - e) * 2u)', '(10u - e * 2u)'],
    ['(i * 0u + 3u)', '3u'],
    ['(4u * i)', '(i * 4u)'],
    ['((r * 4u + e * 3u) / 6u)', '((r * 4u + e * 3u) / 6u)'],
    ['min(i, 30u)', 'i'],
    ['min(i, 7u)', '(min(i, 7u))']
  ]
  for (const [text, expected] of cancelled)
    it(`turns ${text} into ${expected}`, () => {
      expect(normal(text)).toBe(expected)
    })

  it.each(['(i / r)', '(i % 0u)', '(i * r)', 'clamp(i, r, 3u)', 'f(x[i], vec2<u32>(r))'])(
    'sees nothing in %s but one number',
    (text) => {
      expect(normal(`(${text} + i + ${text})`)).toBe(`(${text} * 2u + i)`)
    }
  )

  it.each(['x[i]', 'vec2<u32>(i)', '-i', '(i + )', '(i', 'i + *'])('leaves %s, which is no index, as it is', (text) => {
    expect(normal(text)).toBe(`(${text})`)
  })

  it('prints what is subtracted after what is added', () => {
    expect(Index.print({ ...Index.parse('i', ranges), constant: -2 })).toBe('(i - 2u)')
  })
})

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
    ['((5u - e) * 2u)', '(10u - e * 2u)']
  ]
  for (const [text, normal] of cancelled)
    it(`turns ${text} into ${normal}`, () => {
      expect(Index.print(Index.parse(text, ranges))).toBe(normal)
    })
})

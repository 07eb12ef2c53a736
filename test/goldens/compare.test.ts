import { describe, expect, it } from 'vitest'
import { input } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import { floats, tensor } from '../../src/core/Tensor.ts'
import { scale } from '../../src/ops/api.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { onHost, tolerance, type Graph, type Procedure } from './case.ts'
import { compare, type Verdict } from './compare.ts'
import { load } from './load.ts'
import { execute } from './targets.ts'

const x = input('x', 'f32', [2])

const doubled = (factor: number, allowed: number): Graph => ({
  name: 'doubled',
  outputs: { y: scale(factor)(x) },
  inputs: new Map([['x', floats([2], [1, 3])]]),
  expected: new Map([['y', { tensor: floats([2], [2, 6]), tolerance: allowed }]])
})

const verdictOf = async (given: Graph | Procedure): Promise<Verdict> => {
  const verdict = await compare(execute(reference()))(given)()
  if (E.isLeft(verdict)) throw new Error(JSON.stringify(verdict.left))
  return verdict.right
}

describe('compare', () => {
  it('finds nothing wrong with what is met, and how near it came', async () => {
    const verdict = await verdictOf(doubled(2 + 2 ** -10, 6 * 2 ** -10))

    expect(verdict.failures).toEqual([])
    expect(verdict.worst).toBeCloseTo(0.5, 6)
    expect(verdict.compared).toBe(1)
  })

  it('names the tensor and the element that are beyond the tolerance', async () => {
    const { failures } = await verdictOf(doubled(2 + 2 ** -10, 2 ** -9))

    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatch(
      /^y: element 1 of \[2\]: 6\.0029296875 and 6 differ by 0\.0029296875, tolerance 0\.001953125$/
    )
  })

  it('allows no difference where the tolerance is 0', async () => {
    expect((await verdictOf(doubled(2, 0))).failures).toEqual([])
    expect((await verdictOf(doubled(2 + 2 ** -20, 0))).failures).toHaveLength(1)
  })

  it('misses a tensor that was not computed', async () => {
    const given = { ...doubled(2, 0), outputs: { z: scale(2)(x) } }

    expect((await verdictOf(given)).failures).toEqual(['y: was not computed'])
  })

  it('misses a tensor of another shape', async () => {
    const given = onHost('flat', () => new Map([['y', floats([2, 1], [2, 6])]]), doubled(2, 0).expected)

    expect((await verdictOf(given)).failures).toEqual(['y: shapes differ, [2,1] and [2]'])
  })

  it('does not accept a case that expects nothing', async () => {
    expect((await verdictOf({ ...doubled(2, 0), expected: new Map() })).failures).toHaveLength(1)
  })

  it('gives the fault of a program that cannot run', async () => {
    const result = await compare(execute(reference()))({ ...doubled(2, 0), inputs: new Map() })()

    expect(result).toEqual(E.left([{ _tag: 'UnboundInput', name: 'x' }]))
  })
})

describe('tolerance', () => {
  const single = tensor('f32', [2], Float32Array.of(1, -4))
  const double = tensor('f32', [2], Float64Array.of(1, -4))

  it('is what the manifest says, or follows from the error of the stored numbers', () => {
    expect(tolerance({ tol: 0.5, err64: 1, max_abs: 1 }, single)).toBe(0.5)
    expect(tolerance({ err64: 1e-6, max_abs: 1 }, single)).toBe(8e-6)
    expect(tolerance({ err64: 1e-9, max_abs: 2 }, single)).toBe(1e-5)
    expect(tolerance({ err64: 0, max_abs: 0 }, single)).toBe(0)
  })

  it('is by default that of how the numbers are stored', () => {
    expect(tolerance({}, tensor('i32', [2], Int32Array.of(1, -4)))).toBe(0)
    expect(tolerance({}, double)).toBe(4e-12)
    expect(tolerance({}, single)).toBe(2 ** -21)
  })
})

describe('load', () => {
  it('skips a set that is not known, by name', async () => {
    expect(await load('nothing')).toMatchObject([
      { cases: [{ name: 'nothing', skip: expect.stringMatching(/no set/) }] }
    ])
  })
})

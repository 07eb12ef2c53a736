import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dot, floats, type Tensor } from '../../src/core/Tensor.ts'
import { pairsOf, rotate, rotationOf, type Grid, type Rotation } from '../../src/nn/rope.ts'
import { embed } from '../../src/ops/api.ts'
import type { Real } from '../../src/nn/params.ts'
import { randoms, valueOf } from './values.ts'

const grid: Grid = [3, 2, 4]
const headDim = 12

/** One vector, put at every token, turned. */
const everywhere = (rotation: Rotation, seed: number): Tensor => {
  const one = randoms(seed, [headDim]).data
  const x = floats(
    [1, 24, 1, headDim],
    Array.from({ length: 24 * headDim }, (_, i) => one[i % headDim] ?? 0)
  )
  return valueOf(rotate(rotation)(embed(x) as Real))
}

const token = (x: Tensor, [f, h, w]: Grid): Tensor => {
  const at = (f * grid[1] + h) * grid[2] + w
  return floats([headDim], [...x.data.slice(at * headDim, (at + 1) * headDim)])
}

/** Products of queries and keys depend on the difference of their places alone. */
const relative = (rotation: Rotation): fc.IProperty<[number, number, number]> =>
  fc.property(fc.integer({ min: 0, max: 1 }), fc.constant(0), fc.integer({ min: 0, max: 2 }), (f, h, w) => {
    const q = everywhere(rotation, 1)
    const k = everywhere(rotation, 2)
    const here = dot(token(q, [0, 0, 0]), token(k, [1, 1, 1]))
    const there = dot(token(q, [f, h, w]), token(k, [f + 1, h + 1, w + 1]))
    return Math.abs(here - there) < 1e-12
  })

describe('rotary positions', () => {
  it('split the pairs of a head over frames, rows and columns, frames taking the rest', () => {
    expect([12, 32, 128].map(pairsOf)).toEqual([
      [2, 2, 2],
      [6, 5, 5],
      [22, 21, 21]
    ])
  })

  it('make products depend on differences of places alone', () => {
    fc.assert(relative(rotationOf(headDim, [grid], 24)))
  })

  it('would not, if cosines and sines disagreed about the grid', () => {
    const { cos } = rotationOf(headDim, [grid], 24)
    const { sin } = rotationOf(headDim, [[3, 4, 2]], 24)

    expect(fc.check(relative({ cos, sin })).failed).toBe(true)
  })

  it('keep lengths', () => {
    const x = everywhere(rotationOf(headDim, [grid], 24), 5)
    const lengths = [token(x, [0, 0, 0]), token(x, [2, 1, 3]), token(x, [1, 0, 2])].map((v) => dot(v, v))

    lengths.forEach((length) => expect(length).toBeCloseTo(lengths[0] ?? NaN, 12))
  })

  it('do not turn what lies beyond a grid, each sample by its own', () => {
    const x = randoms(3, [2, 6, 1, headDim])
    const turned = valueOf(
      rotate(
        rotationOf(
          headDim,
          [
            [1, 2, 2],
            [1, 1, 2]
          ],
          6
        )
      )(embed(x) as Real)
    )
    const beyond = (sample: number, first: number) =>
      [(sample * 6 + first) * headDim, (sample + 1) * 6 * headDim] as const

    for (const [from, to] of [beyond(0, 4), beyond(1, 2)])
      expect([...turned.data.slice(from, to)]).toEqual([...x.data.slice(from, to)])
    expect([...turned.data.slice(headDim, 2 * headDim)]).not.toEqual([...x.data.slice(headDim, 2 * headDim)])
  })
})

/** Calls that once gave other numbers than anyone could mean, or other numbers on every target: each is a sentence. */
import { describe, expect, it } from 'vitest'
import { grad, gradOf } from '../../src/autodiff/grad.ts'
import { hessianVectorProduct } from '../../src/autodiff/jacobian.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { program } from '../../src/compile/Program.ts'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import * as f from '../../src/ops/api.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { floats, tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { upload } from '../../src/runtime/steps.ts'

const x = f.input('x', 'f32', [4, 3])
const integers = f.input('i', 'i32', [4])
const params = { x: x as Expr<'f32'> }

const sentences = (y: Expr): ReadonlyArray<string> => {
  const found = program({ y })
  return E.isLeft(found) ? found.left.map(show) : []
}

const refused: Readonly<Record<string, readonly [call: () => Expr, says: string | RegExp]>> = {
  'a size that would be a fraction': [
    () => f.reshape([5, -1])(x),
    'reshape: [5,2.4] is no shape; sizes are whole numbers, 0 at least'
  ],
  'an input of no shape': [
    () => f.input('y', 'f32', [2.5, -1]),
    "input 'y': [2.5,-1] is no shape; sizes are whole numbers, 0 at least"
  ],
  'a constant of too few numbers': [() => f.constant([2, 2], [1, 2, 3]), 'constant: 3 elements do not fill [2,2]'],
  'a constant of too many': [() => f.constant([2], [1, 2, 3]), 'constant: 3 elements do not fill [2]'],
  'half an integer': [() => f.embed(tensor('i32', [2], Float64Array.of(1, 0.5))), 'constant: 0.5 is no i32'],
  'integers by halves': [() => f.scale(0.5)(integers), /^(constant: 0\.5 is no i32|scale: .+)$/],
  'the mean of integers': [() => f.mean('all')(integers as Expr), /^(constant: 0\.25 is no i32|mean: .+)$/],
  'a condition of numbers': [() => f.where(x as never, x, x), 'where: needs a bool, got f32'],
  'more of the largest than there are': [
    () => f.topK(4, 1)(x).values,
    'topK: 4 elements along axis 1 are not in [4,3]'
  ],
  'their places': [() => f.topK(5, 0)(x).indices, 'topK: 5 elements along axis 0 are not in [4,3]'],
  'the gradient of many numbers': [
    () => grad((p: typeof params) => p.x)(params).x,
    'grad: needs one number to differentiate, got [4,3]; take its sum or mean'
  ],
  'the gradient of an integer': [
    () => gradOf(f.sum('all')(f.cast('i32')(x)))({ x }).x,
    'grad: needs a float to differentiate, got i32'
  ],
  'a cotangent of another shape than its value': [
    () => vjp([f.neg(x)], [x])([f.fill(1, [])])[0],
    'vjp: shapes differ, [] and [4,3]'
  ],
  'a tangent of another shape than its operand': [
    () => jvp([f.neg(x)], [x])([f.fill(1, [3])])[0],
    'jvp: shapes differ, [3] and [4,3]'
  ],
  'the curvature of many numbers': [
    () => hessianVectorProduct((p: typeof params) => f.square(p.x))(params, params).x,
    'grad: needs one number to differentiate, got [4,3]; take its sum or mean'
  ]
}

describe('it is refused', () => {
  for (const [what, [call, says]] of Object.entries(refused))
    it(`${what}: ${says}`, () => {
      const [said, ...more] = sentences(call())

      expect(more).toEqual([])
      if (typeof says === 'string') expect(said).toBe(says)
      else expect(said).toMatch(says)
    })

  it('where elements do not fill the shape that they came with', async () => {
    const short = new Map([['x', floats([4, 3], [1, 2])]])
    const says = [{ _tag: 'Invalid', op: "input 'x'", why: '2 elements do not fill [4,3]' }]

    expect(evaluate(short)([x])).toEqual(E.left(says))
    expect(await upload(reference(), short)()).toEqual(E.left(says))
  })

  it('not: the largest of all, and the gradient of a narrow number', () => {
    const half = f.input('h', 'f16', [3])

    expect(sentences(f.topK(3, 1)(x).values)).toEqual([])
    expect(sentences(gradOf(f.sum('all')(half))({ half }).half)).toEqual([])
    expect(sentences(f.scale(2)(integers))).toEqual([])
  })
})

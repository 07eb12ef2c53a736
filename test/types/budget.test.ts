import { describe, expect, it } from 'vitest'
import * as api from '../../src/ops/api.ts'
import { calls, functions } from './calls.ts'
import { costs } from './counting.ts'

const budget = 80

const ofApi = functions.filter((name) => name in api)

const imports = [
  `import { ${ofApi.join(', ')} } from '../../src/ops/api.ts'`,
  "import type { Expr } from '../../src/ops/api.ts'",
  "import type { Sym } from '../../src/core/Shape.ts'",
  "import { floats } from '../../src/core/Tensor.ts'",
  "import { checkpoint } from '../../src/autodiff/checkpoint.ts'",
  "import { customJvp, customVjp } from '../../src/autodiff/custom.ts'",
  "import { differenceAt, finiteDifference, modeOf } from '../../src/autodiff/finiteDifference.ts'",
  "import { grad, gradOf, pullback, valueAndGrad } from '../../src/autodiff/grad.ts'",
  "import { hessian, hessianVectorProduct, jacobian } from '../../src/autodiff/jacobian.ts'",
  "import { jvp } from '../../src/autodiff/jvp.ts'",
  "import { iterate, scan } from '../../src/autodiff/scan.ts'",
  "import { vjp } from '../../src/autodiff/vjp.ts'",
  "import { vmap } from '../../src/autodiff/vmap.ts'"
].join('\n')

/** Broadcasting of every kind, of sizes and of names. */
const stretching: Readonly<Record<string, string>> = {
  'add stretches the last axis': 'x: f32[8,A,B], y: f32[8,A,1] => add(x, y)',
  'add stretches an axis within': 'x: f32[8,A,B], y: f32[8,1,B] => add(x, y)',
  'add stretches the first axes': 'x: f32[8,A,B], y: f32[1,1,B] => add(x, y)',
  'add stretches a column of fewer axes': 'x: f32[8,A,B], y: f32[A,1] => add(x, y)',
  'add stretches an axis within fewer': 'x: f32[8,4,A,B], y: f32[4,1,B] => add(x, y)',
  'add stretches names': 'x: f32[Sym<`a${A}`>,8,B], y: f32[Sym<`a${A}`>,1,B] => add(x, y)',
  'add stretches a number': 'x: f32[8,A,B], y: f32[] => add(x, y)',
  'add stretches both of rank 2': 'x: f32[A,1], y: f32[1,B] => add(x, y)',
  'add stretches names of rank 2': 'x: f32[Sym<`a${A}`>,1], y: f32[1,Sym<`b${B}`>] => add(x, y)',
  'add takes one shape of rank 4': 'x: f32[8,4,A,B], y: f32[8,4,A,B] => add(x, y)',
  'where stretches both': 'c: bool[A,1], x: f32[A,1], y: f32[1,B] => where(c, x, y)'
}

/** What costs more than the budget, and how much: the README's limits name these kinds. */
const beyond: Readonly<Record<string, readonly [call: string, most: number]>> = {
  'both stretch at rank 3': ['x: f32[8,1,A], y: f32[1,B,1] => add(x, y)', 83],
  'names that both stretch at rank 3': ['x: f32[Sym<`a${A}`>,1,C], y: f32[1,Sym<`b${B}`>,1] => add(x, y)', 83],
  'both stretch at rank 4': ['x: f32[8,1,A,1], y: f32[1,B,1,C] => add(x, y)', 93],
  'one stretches at rank 4': ['x: f32[8,4,A,B], y: f32[8,1,1,B] => add(x, y)', 86],
  'one stretches at rank 5': ['x: f32[8,4,A,B,C], y: f32[4,1,1,C] => add(x, y)', 86],
  'both stretch at ranks 3 and 2': ['x: f32[8,A,1], y: f32[1,B] => add(x, y)', 97],
  'both stretch at ranks 4 and 3': ['x: f32[8,1,A,1], y: f32[C,1,B] => add(x, y)', 110],
  'both stretch at ranks 4 and 1': ['x: f32[A,8,B,1], y: f32[C] => add(x, y)', 143],
  'both stretch at ranks 5 and 3': ['x: f32[A,C,1,8,1], y: f32[8,1,B] => add(x, y)', 221],
  'the smaller first, of as many axes': ['y: f32[1,A,1], x: f32[8,A,B] => add(y, x)', 82],
  'the smaller first': ['y: f32[B], x: f32[8,A,B] => add(y, x)', 95],
  'the smaller first, with an axis of 1': ['y: f32[A,1], x: f32[8,A,B] => add(y, x)', 100],
  'einsum of three that share three names': [
    "x: f32[A,B], y: f32[B,C], z: f32[C,A] => einsum('i j, j k, k i -> i')(x, y, z)",
    82
  ]
}

/** Axes in the midst of a shape, and several of them. */
const places: Readonly<Record<string, string>> = {
  'sum over two axes': 'x: f32[8,A,B] => sum([0, 1])(x)',
  'sum over three axes, kept': "x: f32[8,A,B,C] => sum([1, 2, 3], 'kept')(x)",
  'sum over the last two axes': 'x: f32[8,A,B,C] => sum([-2, -1])(x)',
  'take along axis 1': 'x: f32[8,A,B], i: i32[C] => take(1)(x, i)',
  'stack of three along axis 1': 'x: f32[A,B], y: f32[A,B] => stack(1)([x, y, x])',
  'concat of four along the last': 'x: f32[8,A], y: f32[8,B] => concat(-1)([x, y, x, y])',
  'expandDims at the end': 'x: f32[8,A,B] => expandDims(3)(x)'
}

const chains: Readonly<Record<string, string>> = {
  'einsum of three': "x: f32[A,B], y: f32[B,C], z: f32[C,8] => einsum('i j, j k, k l -> i l')(x, y, z)",
  'einsum of three by letters': "x: f32[A,B], y: f32[C,B], z: f32[C,8] => einsum('ij,kj,kl->il')(x, y, z)"
}

it('every public function has a call that is counted', () => {
  expect(Object.keys(calls).sort()).toEqual([...functions].sort())
})

describe(`a call costs at most ${budget} type instantiations`, () => {
  const found = costs({ ...calls, ...stretching, ...places, ...chains }, imports)

  for (const [name, { instantiations, errors }] of found)
    it(name, () => {
      expect(errors).toEqual([])
      expect(instantiations).toBeLessThanOrEqual(budget)
    })
})

describe('beyond the budget, and no further', () => {
  const calls = Object.fromEntries(Object.entries(beyond).map(([name, [call]]) => [name, call]))
  const found = costs(calls, imports)

  for (const [name, [, most]] of Object.entries(beyond))
    it(name, () => {
      expect(found.get(name)?.errors).toEqual([])
      expect(found.get(name)?.instantiations).toBeGreaterThan(budget)
      expect(found.get(name)?.instantiations).toBeLessThanOrEqual(most)
    })
})

it('a call that costs more is noticed', () => {
  const joined = "type Joined<T> = T extends readonly [infer H extends number, ...infer R] ? `${H} ${Joined<R>}` : ''"
  const call = 'x: f32[8,A,B,C,A,B,C,A,B,C] => 0 as unknown as Joined<(typeof x)["shape"]>'

  expect(costs({ call }, `${imports}\n${joined}`).get('call')?.instantiations).toBeGreaterThan(budget)
})
